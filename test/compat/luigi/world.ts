import { S3Client } from '../../../src/compat/luigi/index.ts'
import type { Bytes, Store } from '../../../src/contracts/index.ts'

/** An empty store behind a bucket's name. */
export interface World {
  readonly store: Store
  readonly client: S3Client
}

export const BUCKET = 's3://mybucket'

export async function worldOf(create: () => Promise<Store>): Promise<World> {
  const store = await create()
  return { store, client: new S3Client({ buckets: { mybucket: store } }) }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Every key of the store. */
export async function keysOf(store: Store): Promise<string[]> {
  const entries = await all(store.list())
  return entries.flatMap((entry) => (entry.kind === 'object' ? [entry.key] : []))
}

/** The uploads that were begun and neither completed nor aborted. */
export async function uploadsOf(store: Store): Promise<string[]> {
  if (!store.listMultipart) return []
  const uploads = await all(store.listMultipart(''))
  return uploads.map(({ key }) => key)
}

export function pattern(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).map((_, i) => (i * 31 + (i >> 8)) & 0xff)
}

export function cut(bytes: Bytes, size: number): Bytes[] {
  const pieces: Bytes[] = []
  for (let at = 0; at < bytes.byteLength; at += size) pieces.push(bytes.slice(at, at + size))
  return pieces
}

export async function* chunksOf(chunks: readonly Bytes[]): AsyncGenerator<Bytes> {
  yield* chunks
}
