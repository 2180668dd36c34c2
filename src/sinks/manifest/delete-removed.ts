import type { CallOptions, Clock, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { entryKey } from './keys.ts'
import { openExistingManifest } from './open-manifest.ts'

export interface DeleteRemovedOptions extends CallOptions {
  readonly store: Store
  readonly stream: string
  /**
   * How long a reader may go on with a list of files that it was given: longer than the longest query, and than whatever keeps such
   * lists. Default a day.
   */
  readonly graceMs?: number | undefined
  readonly clock?: Clock | undefined
}

export interface DeletedFiles {
  readonly deleted: number
  /** Removed too lately. */
  readonly kept: number
  /** Not deleted, and tried again by the next call. */
  readonly failed: readonly { readonly key: string; readonly error: Error }[]
}

const DAY_MS = 24 * 3_600_000

/** No shard has a space in it. */
const WRITER = 'sluice delete'

/**
 * Deletes the objects of files that the manifest has not named for `graceMs`, by the store's own clock: the times at which it took the
 * entry that removed them, and one that this call writes. A file that is named is never deleted, whatever it was before. Orphans, which
 * no entry ever named, are left alone.
 *
 * Errors: `invalid-options`, `not-found` for a stream without a manifest, and those of `openManifest`; what a single object is refused for is in the answer.
 */
export async function deleteRemoved(options: DeleteRemovedOptions): Promise<DeletedFiles> {
  const { store, stream, graceMs = DAY_MS, clock, signal } = options
  if (!(graceMs >= 0)) throw new SluiceError('invalid-options', 'graceMs must be 0 or more')
  const log = await openExistingManifest({ store, stream, writer: WRITER, clock, signal })
  const { version, removed } = log.manifest
  const nowMs = await takenMs(store, stream, version, signal)
  const times = new Map<number, number>()
  const due: string[] = []
  for (const { key, version: removedBy } of removed) {
    let removedMs = times.get(removedBy)
    if (removedMs === undefined) {
      removedMs = await takenMs(store, stream, removedBy, signal)
      times.set(removedBy, removedMs)
    }
    if (nowMs - removedMs >= graceMs) due.push(key)
  }
  const { failed } = await store.delete(due, { signal })
  const left = new Set(failed.map(({ key }) => key))
  const forget = due.filter((key) => !left.has(key))
  await log.change(() => (forget.length > 0 ? { add: [], remove: [], forget } : undefined))
  return { deleted: forget.length, kept: removed.length - due.length, failed }
}

/** When the store took an entry. */
async function takenMs(
  store: Store,
  stream: string,
  number: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const key = entryKey(stream, number)
  const found = await store.head(key, { signal })
  const ms = found?.lastModified.getTime() ?? Number.NaN
  if (Number.isFinite(ms)) return ms
  throw new SluiceError('protocol', `The store does not say when it took "${key}"`, { key })
}
