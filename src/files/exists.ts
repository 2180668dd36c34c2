import type { CallOptions, Store } from '../contracts/index.ts'
import { folderPrefix } from './paths.ts'

/**
 * Whether there is an object of this key, or a folder: anything below `path/`. `''`, the top, exists when the store
 * holds anything.
 *
 * Not guaranteed: that it is still so when you act on it. Where that matters, use `ifNoneMatch` or `ifMatch`.
 *
 * Errors: `invalid-key`, `aborted`, and the store's.
 */
export async function exists(
  store: Store,
  path: string,
  options: CallOptions = {},
): Promise<boolean> {
  if (path !== '' && (await store.head(path, options))) return true
  const prefix = folderPrefix(path)
  for await (const _ of store.list({ ...options, prefix, delimiter: '/' })) return true
  return false
}
