import { Hono } from 'hono'
import type { FileInfo, Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type Access, type Authorize, allows, authenticate, demand } from './access.ts'
import { behind } from './behind.ts'
import { download, type FileLinks, fileLinks, filePath, keyOf } from './files.ts'
import { problemResponse } from './problem.ts'
import { producerOf } from './producer.ts'
import { readBody } from './read-body.ts'
import { readerOf, readRecords } from './read-records.ts'
import { type IngestTarget, isRefusedWrite } from './target.ts'

/** A stream that the app takes records for. */
export interface IngestStream {
  /** What its files are, for whoever asks for the list of streams: `parquet`, `jsonl.gz`. */
  readonly format: string
  readonly target: IngestTarget
}

export interface IngestOptions {
  /** By name. A name is also the first segment of the keys of its files. */
  readonly streams: Readonly<Record<string, IngestStream>>
  /** Who may do what. There is no default. See `tokenAuthorizer`. */
  readonly authorize: Authorize
  /** Where the files are downloaded from. Without it there are no downloads. */
  readonly store?: Store | undefined
  /** With it, receipts link to their files for an hour, for tokens that may read. Random, 32 characters or more. */
  readonly linkSecret?: string | undefined
  /** The size of one request, unpacked; it may hold one value for each 16 bytes of that. Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Default 100,000. */
  readonly maxRecords?: number | undefined
  /** Told of each failure that is the server's own, to log it. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Request in, response out: `export default ingestApp(…)` is a server wherever `fetch` handlers are. */
export interface IngestApp {
  fetch(request: Request): Promise<Response>
}

const MAX_WAIT_MS = 30_000

/** A value takes about 40 bytes of memory, however short its text: so rows take no more than a few times their request. */
const VALUE_BYTES = 16

/**
 * Takes records over HTTP. Needs nothing of the platform: runs in Workers, Node, Deno and Bun.
 *
 * - `GET /v1/streams`: the streams that the token may write
 * - `POST /v1/streams/:stream/records`: NDJSON, a JSON array or CSV, plain or gzip. `200` with a verdict on every record
 *   when the request was logged; with a `4xx` nothing of it was kept. `Producer-Id`, `Producer-Epoch` and `Producer-Seq`
 *   make it repeatable
 * - `POST /v1/streams/:stream/flush?wait=ms`: cuts the open files; answers when they are visible, or, with a `wait` of 30 s
 *   at most, that they are `pending`
 * - `GET /v1/streams/:stream/receipts/:id?wait=ms`: what is visible of an answer's receipt; `wait` is 30 s at most
 * - `GET /v1/streams/:stream/status`: what is not visible yet, and of each open file why; to a token that may read the stream
 * - `GET /v1/files/:key`: a file, to a token that may read its stream, or by a link out of a receipt
 *
 * Errors are RFC 9457 problems with a `code` of `ErrorCode`. No token or signature is in any of them. Whatever fails behind the
 * app (target, store, `authorize`) is a `5xx` and told to `onError`; the outcome of the request is unknown then, and one with
 * a producer is sent again as it was.
 */
export function ingestApp(options: IngestOptions): IngestApp {
  const { streams, authorize, store, onError } = options
  const { maxBodyBytes = 16 * 1024 * 1024, maxRecords = 100_000 } = options
  const links = options.linkSecret === undefined ? undefined : fileLinks(options.linkSecret)
  const app = new Hono<{ Variables: { access: Access } }>()

  const streamOf = (name: string): IngestTarget => {
    const stream = Object.hasOwn(streams, name) ? streams[name] : undefined
    if (!stream) throw new SluiceError('not-found', `There is no stream "${name.slice(0, 200)}"`)
    return stream.target
  }

  app.onError((error) => {
    const response = problemResponse(error)
    if (response.status >= 500) onError?.(error)
    return response
  })
  app.notFound((context) =>
    problemResponse(
      new SluiceError('not-found', `There is no ${context.req.method} ${context.req.path} here`),
    ),
  )

  app.use('/v1/*', async (context, next) => {
    // A signed link is its own permission; the route checks it.
    const signed =
      context.req.path.startsWith('/v1/files/') && links?.isSigned(new URL(context.req.url))
    if (!signed) {
      context.set('access', await authenticate(context.req.header('authorization'), authorize))
    }
    await next()
  })

  app.get('/v1/streams', (context) => {
    const access = context.get('access')
    const mine = Object.entries(streams)
      .filter(([name]) => allows(access, name, 'write'))
      .map(([name, { format }]) => ({ name, format }))
    return context.json({ streams: mine })
  })

  app.post('/v1/streams/:stream/records', async (context) => {
    const name = context.req.param('stream')
    const target = streamOf(name)
    demand(context.get('access'), name, 'write')
    const producer = producerOf(context.req.raw.headers)
    const reader = readerOf(context.req.raw.headers.get('content-type'))
    const body = readBody(context.req.raw, maxBodyBytes)
    const records = await readRecords(reader, body, {
      maxRecords,
      maxValues: Math.floor(maxBodyBytes / VALUE_BYTES),
    })
    return context.json(await behind(() => target.write({ ...records, producer }), isRefusedWrite))
  })

  app.post('/v1/streams/:stream/flush', async (context) => {
    const name = context.req.param('stream')
    const target = streamOf(name)
    const access = context.get('access')
    demand(access, name, 'write')
    const wait = context.req.query('wait')
    const waitMs = wait === undefined ? undefined : waitOf(wait)
    const files = await behind(() => target.flush(waitMs))
    return context.json({
      state: files ? 'committed' : 'pending',
      files: await withUrls(files ?? [], allows(access, name, 'read'), links),
    })
  })

  app.get('/v1/streams/:stream/receipts/:id', async (context) => {
    const name = context.req.param('stream')
    const target = streamOf(name)
    const access = context.get('access')
    demand(access, name, 'write', 'read')
    const waitMs = waitOf(context.req.query('wait') ?? '0')
    const progress = await behind(() => target.receipt(context.req.param('id'), waitMs))
    if (!progress) throw new SluiceError('not-found', 'There is no such receipt')
    const { state, records, files } = progress
    return context.json({
      state,
      records,
      files: await withUrls(files, allows(access, name, 'read'), links),
    })
  })

  app.get('/v1/streams/:stream/status', async (context) => {
    const name = context.req.param('stream')
    const target = streamOf(name)
    demand(context.get('access'), name, 'read')
    return context.json(await behind(() => target.status()))
  })

  app.get('/v1/files/*', async (context) => {
    const url = new URL(context.req.url)
    const key = keyOf(url)
    if (links?.isSigned(url)) await links.verify(url, key, Date.now())
    else {
      // The first segment of a key is the name of its stream.
      const name = key.slice(0, Math.max(0, key.indexOf('/')))
      streamOf(name)
      demand(context.get('access'), name, 'read')
    }
    if (!store) throw new SluiceError('not-found', 'This server gives out no files')
    return download(store, key, context.req.raw)
  })

  return { fetch: async (request) => app.fetch(request) }
}

/** Files as the app tells of them. A link opens a file, so only who may read the stream gets one. */
async function withUrls(
  files: readonly FileInfo[],
  mayRead: boolean,
  links: FileLinks | undefined,
): Promise<readonly (FileInfo & { readonly url: string })[]> {
  const nowMs = Date.now()
  return Promise.all(
    files.map(async (file) => ({
      ...file,
      url: mayRead && links ? await links.sign(file.key, nowMs) : filePath(file.key),
    })),
  )
}

function waitOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_WAIT_MS) return Number(text)
  throw new SluiceError(
    'invalid-options',
    `"wait" is a number of milliseconds, ${MAX_WAIT_MS} at most`,
  )
}
