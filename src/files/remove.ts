import type { CallOptions, Store } from '../contracts/index.ts'
import { folderPrefix } from './paths.ts'

export interface RemoveOptions extends CallOptions {
  /** Also everything below `path/`. Default: only the object itself. */
  readonly recursive?: boolean | undefined
}

const BATCH_KEYS = 1000

/**
 * Deletes an object, or with `recursive` a folder and all that is in it. Absent ones count as deleted. Answers how many
 * keys were deleted.
 *
 * Not guaranteed: that a folder goes as a whole. When a deletion fails, the call rejects with the first error, and what
 * came before it is gone; call again. What is written meanwhile may stay.
 *
 * Errors: `invalid-key`, also for `''`, since nobody means the whole store by accident; and the store's.
 */
export async function remove(
  store: Store,
  path: string,
  { recursive = false, signal }: RemoveOptions = {},
): Promise<number> {
  let removed = await removeKeys(store, [path], signal)
  if (!recursive) return removed
  let batch: string[] = []
  for await (const entry of store.list({ prefix: folderPrefix(path), signal })) {
    if (entry.kind === 'object') batch.push(entry.key)
    if (batch.length < BATCH_KEYS) continue
    removed += await removeKeys(store, batch, signal)
    batch = []
  }
  return removed + (await removeKeys(store, batch, signal))
}

async function removeKeys(
  store: Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { deleted, failed } = await store.delete(keys, { signal })
  const [first] = failed
  if (first) throw first.error
  return deleted
}
