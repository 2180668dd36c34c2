import { env } from 'cloudflare:workers'
import { parquetReadObjects } from 'hyparquet'
import type { Row } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { sha256Hex } from '../../src/core/hash.ts'
import type { IngestEnvironment } from '../../src/workers/ingest-worker.ts'
import worker, { type Shard } from '../../workers/ingest.ts'

declare global {
  namespace Cloudflare {
    /** What wrangler.toml binds. */
    interface Env {
      readonly BUCKET: R2Bucket
      readonly SHARD: DurableObjectNamespace<Shard>
      readonly STREAMS: unknown
    }
  }
}

export const TOKEN = 'the-token-of-these-tests'

const rules = [{ sha256: await sha256Hex(utf8(TOKEN)), streams: ['*'], scopes: ['write', 'read'] }]

/** The Worker's environment, with the secrets that wrangler.toml does not hold. */
export const environment: IngestEnvironment = {
  ...env,
  TOKENS: JSON.stringify(rules),
  LINK_SECRET: 'a secret of at least 32 characters',
}

export interface Answer {
  readonly accepted: number
  readonly rejected: readonly { readonly index: number; readonly code: string }[]
  readonly duplicate: boolean
  readonly receipt: { readonly id: string }
}

export interface Progress {
  readonly state: string
  readonly records: number
  readonly files: readonly {
    readonly key: string
    readonly url: string
    readonly records: number
  }[]
}

export function send(
  path: string,
  init: RequestInit = {},
  environ = environment,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`)
  return worker.fetch(new Request(`https://sluice.example${path}`, { ...init, headers }), environ)
}

export function post(
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return send(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  })
}

/** Writes records and expects them to be taken. */
export async function write(
  stream: string,
  rows: readonly Row[],
  headers?: Record<string, string>,
): Promise<Answer> {
  const body = rows.map((row) => JSON.stringify(row)).join('\n')
  const response = await post(`/v1/streams/${stream}/records`, body, headers)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}

export async function receipt(stream: string, { receipt }: Answer, waitMs = 0): Promise<Progress> {
  const response = await send(`/v1/streams/${stream}/receipts/${receipt.id}?wait=${waitMs}`)
  return (await response.json()) as Progress
}

export async function flush(stream: string): Promise<Progress> {
  const response = await send(`/v1/streams/${stream}/flush`, { method: 'POST' })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json()) as Progress
}

export function shardOf(stream: string): DurableObjectStub<Shard> {
  return env.SHARD.get(env.SHARD.idFromName(`${stream}/0`))
}

/** Every record in the stream's Parquet files, read from the bucket by another reader than ours. */
export async function parquetRows(stream: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const key of await keysOf(`${stream}/`)) {
    if (!key.endsWith('.parquet')) continue
    const file = await (await env.BUCKET.get(key))?.arrayBuffer()
    if (file) rows.push(...((await parquetReadObjects({ file })) as Row[]))
  }
  return rows
}

export async function keysOf(prefix: string): Promise<string[]> {
  return (await env.BUCKET.list({ prefix })).objects.map(({ key }) => key)
}

export async function textOf(key: string | undefined): Promise<string | undefined> {
  return key === undefined ? undefined : (await env.BUCKET.get(key))?.text()
}
