import type { CallOptions, ObjectInfo, Store } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { folderPrefix } from '../../files/paths.ts'
import { folderMarker, folderName } from './s3-path.ts'

/** Strictly between, by the store's clock. */
export interface S3TimeRange {
  readonly startTime?: Date | undefined
  readonly endTime?: Date | undefined
}

export interface FolderListing extends S3TimeRange, CallOptions {}

/**
 * Whether the bucket answers. Who may list only some prefixes of it is refused here, and a bucket that refuses is one that exists.
 */
export async function bucketExists(store: Store, options: CallOptions): Promise<boolean> {
  try {
    for await (const _ of store.list({ delimiter: '/', signal: options.signal })) break
    return true
  } catch (error) {
    if (isSluiceError(error, 'permission-denied')) return true
    if (isSluiceError(error, 'not-found')) return false
    throw error
  }
}

/** Whether anything is below the folder, or marks it. Nothing of the bucket but its own prefix is asked for. */
export async function folderExists(
  store: Store,
  key: string,
  { signal }: CallOptions,
): Promise<boolean> {
  const prefix = folderPrefix(key)
  for await (const _ of store.list({ prefix, delimiter: '/', signal })) return true
  if (folderName(key) === '') return false
  return (await store.head(folderMarker(key), { signal })) !== undefined
}

/** All objects below, the folder's own marker included, in the order of their keys. `''` is the bucket. */
export async function* filesBelow(
  store: Store,
  key: string,
  { startTime, endTime, signal }: FolderListing,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const afterMs = timeOf('startTime', startTime) ?? Number.NEGATIVE_INFINITY
  const beforeMs = timeOf('endTime', endTime) ?? Number.POSITIVE_INFINITY
  for await (const entry of store.list({ prefix: folderPrefix(key), signal })) {
    if (entry.kind === 'prefix') continue
    const atMs = entry.lastModified.getTime()
    if (afterMs < atMs && atMs < beforeMs) yield entry
  }
}

function timeOf(name: string, time: Date | undefined): number | undefined {
  if (time === undefined) return undefined
  const ms = time instanceof Date ? time.getTime() : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new SluiceError('invalid-options', `${name} is no valid Date`)
}
