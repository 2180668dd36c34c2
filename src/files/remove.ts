import type { CallOptions, DeleteResult, Store } from '../contracts/index.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'
import { folderPrefix } from './paths.ts'

export interface RemoveOptions extends CallOptions {
  /** Also everything below `path/`. Default: only the object itself. */
  readonly recursive?: boolean | undefined
}

const BATCH_KEYS = 1000
/** So many keys an error names; it counts the others. */
const NAMED_KEYS = 10

/**
 * Deletes an object, or with `recursive` a folder and all that is in it. Absent ones count as deleted. Answers how many
 * keys were deleted.
 *
 * Not guaranteed: that a folder goes as a whole. Keys that cannot be deleted do not keep the others: in the end the call rejects with the
 * error of the one that failed, or of the first of several, whose message counts them and names ten. What is written meanwhile may stay.
 *
 * Errors: `invalid-key`, also for `''`, since nobody means the whole store by accident; and the store's.
 */
export async function remove(
  store: Store,
  path: string,
  { recursive = false, signal }: RemoveOptions = {},
): Promise<number> {
  let deleted = 0
  let failedKeys = 0
  const named: DeleteResult['failed'][number][] = []

  async function removeKeys(keys: readonly string[]): Promise<void> {
    const result = await store.delete(keys, { signal })
    deleted += result.deleted
    failedKeys += result.failed.length
    named.push(...result.failed.slice(0, NAMED_KEYS - named.length))
  }

  await removeKeys([path])
  if (recursive) {
    let batch: string[] = []
    for await (const entry of store.list({ prefix: folderPrefix(path), signal })) {
      if (entry.kind === 'object') batch.push(entry.key)
      if (batch.length < BATCH_KEYS) continue
      await removeKeys(batch)
      batch = []
    }
    await removeKeys(batch)
  }
  const [first] = named
  if (!first) return deleted
  if (failedKeys === 1) throw first.error
  const names = named.map(({ key }) => JSON.stringify(key)).join(', ')
  const message = `${failedKeys} keys could not be deleted, among them ${names}`
  const { code } = asSluiceError(first.error, 'unavailable', message)
  throw new SluiceError(code, message, { key: first.key, cause: first.error })
}
