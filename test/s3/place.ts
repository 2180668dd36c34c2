import type { Bytes, MultipartLimits, Store } from '../../src/contracts/index.ts'
import { concatBytes } from '../../src/core/bytes.ts'
import type { PutBody } from '../../src/core/put-body.ts'
import { toReadableStream } from '../../src/core/streams.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { GENERIC_PROVIDER, type S3Provider } from '../../src/s3/provider.ts'
import { memoryStore } from '../../src/stores/memory.ts'

export const PART = 16
export const LIMITS: MultipartLimits = {
  minPartBytes: PART,
  maxPartBytes: 64,
  maxParts: 10,
  equalParts: true,
}
export const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

export function provider(limits: Partial<MultipartLimits> = {}, capabilities = {}): S3Provider {
  const multipart = { ...LIMITS, ...limits }
  return {
    ...GENERIC_PROVIDER,
    capabilities: { ...GENERIC_PROVIDER.capabilities, multipart, ...capabilities },
  }
}

export interface Place {
  readonly client: S3Client
  readonly kept: Store
  /** The requests that were made, `PUT 2` for part 2. */
  readonly sent: string[]
  /** The bodies of requests that had one, as they were given to `fetch`. */
  readonly bodies: unknown[]
}

type Hook = (name: string, init: RequestInit) => Response | Promise<Response> | undefined

/** A client of a gateway in this process. `hook` may answer in its place. */
export function place(options: Partial<S3ClientOptions> = {}, hook: Hook = () => undefined): Place {
  const kept = memoryStore({ capabilities: { multipart: LIMITS } })
  const gateway = s3Gateway({ buckets: { bucket: kept }, credentials })
  const sent: string[] = []
  const bodies: unknown[] = []
  const client = s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    pathStyle: true,
    credentials,
    provider: provider(),
    retry: { attempts: 1 },
    async fetch(url, { signal, ...init }) {
      const { searchParams } = new URL(url)
      const name = `${init.method} ${searchParams.get('partNumber') ?? ''}`.trim()
      sent.push(name)
      if (init.body && searchParams.size !== 1) bodies.push(init.body)
      const instead = await hook(name, { signal: signal ?? null, ...init })
      if (instead) return instead
      const request = new Request(url, init)
      const body = init.body as Bytes | Blob | undefined
      const size = body instanceof Blob ? body.size : (body?.byteLength ?? 0)
      request.headers.set('content-length', String(size))
      return gateway(request)
    },
    ...options,
  })
  return { client, kept, sent, bodies }
}

export const bytes = (length: number, seed = 0): Bytes =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251)

/** In pieces of odd sizes. */
export function pieces(content: Bytes): Bytes[] {
  const all: Bytes[] = []
  for (let at = 0, n = 1; at < content.byteLength; at += n, n = (n * 5) % 23) {
    all.push(content.slice(at, at + n))
  }
  return all
}

async function* generated(content: Bytes): AsyncGenerator<Bytes> {
  for (const piece of pieces(content)) yield piece
}

export const KINDS: Readonly<Record<string, (content: Bytes) => PutBody>> = {
  bytes: (content) => content,
  'a view of bytes': (content) => concatBytes([bytes(3), content, bytes(3)]).subarray(3, -3),
  'a Blob': (content) => new Blob(pieces(content), { type: 'text/html' }),
  'a stream': (content) => toReadableStream(pieces(content)),
  'a byte stream': (content) => new Blob(pieces(content)).stream(),
  'an async iterable': generated,
  'an array of chunks': pieces,
}

export async function openUploads({ kept }: Place): Promise<readonly string[]> {
  const open = await Array.fromAsync(kept.listMultipart?.('') ?? [])
  return open.map(({ uploadId }) => uploadId)
}

export const content = async ({ kept }: Place): Promise<Bytes | undefined> =>
  (await kept.get('key'))?.bytes()
