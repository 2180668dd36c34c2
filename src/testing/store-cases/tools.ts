import type { Bytes, ListOptions, ObjectInfo, Prefix, Store } from '../../contracts/index.ts'
import { limiter } from '../../core/limiter.ts'
import { check, checkBytes, checkEqual } from '../check.ts'

/** One case of the store suite. It gets an empty store. */
export interface StoreCase {
  readonly name: string
  run(store: Store, bounds: { readonly maxKeyBytes: number }): Promise<void>
}

/** Bytes that repeat nowhere near, so that a swapped, shifted or doubled piece shows. The seed makes another sequence. */
export function pattern(sizeBytes: number, seed = 1): Bytes {
  const bytes = new Uint8Array(sizeBytes)
  let state = (seed * 0x9e3779b1) >>> 0 || 1
  for (let i = 0; i < sizeBytes; i++) {
    // xorshift32: all that is asked of it is that it is fast and does not repeat.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** What the listing yields, in its order: keys, and prefixes. */
export async function listed(store: Store, options?: ListOptions): Promise<readonly string[]> {
  const names: string[] = []
  for await (const entry of store.list(options)) names.push(nameOf(entry))
  return names
}

export function nameOf(entry: ObjectInfo | Prefix): string {
  return entry.kind === 'prefix' ? entry.prefix : entry.key
}

/** The object is there, whole, with these bytes. */
export async function checkObject(store: Store, key: string, expected: Bytes): Promise<void> {
  const found = await store.get(key)
  check(found, `get(${JSON.stringify(key)}) found nothing`)
  checkEqual(found.key, key, 'the key of what get() found')
  checkEqual(found.sizeBytes, expected.byteLength, `the size of ${JSON.stringify(key)}`)
  checkBytes(await found.bytes(), expected, `the bytes of ${JSON.stringify(key)}`)
}

/** No verb sees the key. */
export async function checkAbsent(store: Store, key: string, why: string): Promise<void> {
  const head = await store.head(key)
  check(head === undefined, `${why}: head(${JSON.stringify(key)}) found something`)
  const found = await store.get(key)
  await found?.body.cancel()
  check(found === undefined, `${why}: get(${JSON.stringify(key)}) found something`)
  const keys = await listed(store, { prefix: key })
  check(!keys.includes(key), `${why}: the listing shows ${JSON.stringify(key)}`)
}

/** S3 refuses whoever is further off, so no store that works is. */
const MAX_SKEW_MS = 15 * 60 * 1000

/** A time that the store gave to what was made a moment ago. */
export function checkRecent(time: Date, what: string): void {
  const skewMs = Math.abs(Date.now() - time.getTime())
  check(skewMs <= MAX_SKEW_MS, `${what} is ${time}, which is not now`)
}

/** Many objects of a few bytes. */
export async function putAll(store: Store, keys: Iterable<string>): Promise<void> {
  const limit = limiter(16)
  await Promise.all([...keys].map((key) => limit(() => store.put(key, pattern(3)))))
}
