import type { CopyOptions, PutResult, Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { copy } from './copy.ts'
import { remove } from './remove.ts'

/**
 * Copies one object, then deletes the first. Onto itself, it does nothing.
 *
 * Not guaranteed: atomicity. For a while both exist; when the deletion fails, both stay, and the call rejects. What
 * somebody else writes to `from` in between is deleted with it.
 *
 * Errors: those of `copy`, and the deletion's.
 */
export async function move(
  store: Store,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<PutResult> {
  const { signal } = options
  if (from === to) {
    const found = await store.head(from, { signal })
    if (found) return { etag: found.etag }
    throw new SluiceError('not-found', `There is no object "${from}" to move`, { key: from })
  }
  const copied = await copy(store, from, to, options)
  await remove(store, from, { signal })
  return copied
}
