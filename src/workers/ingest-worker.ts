import { isSluiceError, SluiceError } from '../core/errors.ts'
import { tokenAuthorizer } from '../http/access.ts'
import { type IngestApp, ingestApp } from '../http/ingest-app.ts'
import { problemResponse } from '../http/problem.ts'
import { r2Store } from '../stores/r2.ts'
import { formatOf, linkSecretOf, parseStreams, parseTokens } from './environment.ts'
import { report } from './report.ts'
import type { ShardEnvironment } from './shard.ts'
import { type ShardNamespaceLike, shardTarget } from './shard-target.ts'

/** The bindings, variables and secrets of an ingest Worker. */
export interface IngestEnvironment extends ShardEnvironment {
  readonly SHARD: ShardNamespaceLike
  /** Secret. Without it every request is answered with 401. */
  readonly TOKENS?: string | undefined
  /** Secret. With it, receipts carry links that open their files for an hour without a token. */
  readonly LINK_SECRET?: string | undefined
}

/** A module Worker's handlers. */
export interface IngestWorker {
  fetch(request: Request, env: IngestEnvironment): Promise<Response>
}

/**
 * The whole ingest Worker: stateless in front (who, how much, what), and one Durable Object for each stream behind it,
 * which has the records on disk before it answers. See `ingestApp` for its routes and wrangler.toml for its bindings.
 */
export function ingestWorker(): IngestWorker {
  const apps = new WeakMap<IngestEnvironment, IngestApp>()
  return {
    async fetch(request, env) {
      let app = apps.get(env)
      try {
        app ??= appOf(env)
      } catch (error) {
        report(error)
        return problemResponse(misconfigured(error))
      }
      apps.set(env, app)
      return app.fetch(request)
    },
  }
}

/** Whatever is wrong with a configuration is nothing that the request could do better. */
function misconfigured(error: unknown): unknown {
  if (!isSluiceError(error)) return error
  return new SluiceError(error.code, error.message, { status: 500, cause: error })
}

function appOf(env: IngestEnvironment): IngestApp {
  const store = r2Store(env.BUCKET)
  const streams = Object.entries(parseStreams(env.STREAMS, store)).map(([name, config]) => [
    name,
    { format: formatOf(config).extension, target: shardTarget(env.SHARD, name) },
  ])
  return ingestApp({
    streams: Object.fromEntries(streams),
    authorize: tokenAuthorizer(parseTokens(env.TOKENS)),
    store,
    linkSecret: linkSecretOf(env.LINK_SECRET),
    onError: report,
  })
}
