import type { Bytes } from 'sluice'
import { getObject, headObject, type S3Client, type S3ClientOptions } from 'sluice/s3'
import { listUploads } from 'sluice/s3/janitor'
import { concatBytes } from '../../../src/core/bytes.ts'
import { check, checkBytes, checkEqual } from '../../../src/testing/check.ts'

export { check, checkBytes, checkEqual, checkRejects } from '../../../src/testing/check.ts'
export { pattern } from '../../../src/testing/store-cases/tools.ts'

/** One case of the client suite. Its bucket is empty and its own. */
export interface ClientCase {
  readonly name: string
  /** What it is about: where the provider's capabilities or the server's profile lack that, the case must end in `not-supported`. */
  readonly needs?: Feature
  run(world: ClientWorld): Promise<void>
}

export type Feature = Capability | ServerFeature
export type Capability = keyof S3Client['provider']['capabilities']
/** What no store asks about, so that there is no capability of it. */
export type ServerFeature =
  | 'bucket CORS'
  | 'lifecycle'
  | 'lifecycle of uploads'
  | 'tags'
  | 'classes'

export interface ClientWorld {
  /** Of the bucket, with waits between attempts that are next to none. */
  readonly options: S3ClientOptions
  client(options?: Partial<S3ClientOptions>): S3Client
  /** A client of the same bucket, and answers to it that are cut on their way, in this order. */
  cutting(...cuts: readonly Cut[]): Promise<S3Client>
}

/** What becomes of the answer to the next such request. The server has done what was asked by then. */
export interface Cut {
  readonly method: string
  /** Some of the request's query, such as `uploadId=`. */
  readonly query?: string | undefined
  /** How many bytes of the body arrive; without it not even the headers do. */
  readonly keepBytes?: number | undefined
  /** Whether the body is sent in chunks, so that nothing tells its length. */
  readonly chunked?: boolean | undefined
  /** How many answers are cut so. Default 1. */
  readonly times?: number | undefined
}

export type Fetch = NonNullable<S3ClientOptions['fetch']>

export const PART_BYTES: number = 5 * 1024 ** 2

/** A way to the server that must not be taken. */
export const noFetch: Fetch = (url, { method }) => {
  throw new Error(`${method} ${new URL(url).pathname} was sent`)
}

/** A way to the server that notes what is sent, as `PUT partNumber`: the method and the first word of the query. */
export function noting(sent: string[]): Fetch {
  return (url, init) => {
    const [name = ''] = new URL(url).searchParams.keys()
    sent.push(`${init.method} ${name}`.trim())
    return fetch(url, init)
  }
}

/** The same bytes with one of them changed. */
export function flipped(bytes: Bytes): Bytes {
  const other = bytes.slice()
  const at = bytes.byteLength >> 1
  other[at] = (bytes[at] ?? 0) ^ 1
  return other
}

/** By its reader: not every runtime's `Response` rejects with the stream's own error. */
export async function bytesOf(body: ReadableStream<Bytes> | undefined): Promise<Bytes> {
  const chunks: Bytes[] = []
  const reader = body?.getReader()
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) return concatBytes(chunks)
    chunks.push(value)
  }
}

/** The object is there, whole, with these bytes. */
export async function checkKept(client: S3Client, key: string, expected: Bytes): Promise<void> {
  const found = await getObject(client, key)
  check(found, `there is no ${JSON.stringify(key)}`)
  checkEqual(found.info.sizeBytes, expected.byteLength, `the size of ${JSON.stringify(key)}`)
  checkBytes(await bytesOf(found.body), expected, `the bytes of ${JSON.stringify(key)}`)
}

/** Neither an object nor an open upload is there. */
export async function checkNothing(client: S3Client, key: string): Promise<void> {
  checkEqual(await headObject(client, key), undefined, `the object ${JSON.stringify(key)}`)
  await checkNoUpload(client, key)
}

/** By the very key, by which MinIO finds them too. */
export async function checkNoUpload(client: S3Client, key: string): Promise<void> {
  const { capabilities } = client.provider
  const provider = { ...client.provider, capabilities: { ...capabilities, listUploads: true } }
  for await (const { uploadId } of listUploads({ ...client, provider }, key)) {
    check(false, `an upload of ${JSON.stringify(key)} is open: ${uploadId}`)
  }
}
