import type { CallOptions, ObjectInfo, Prefix, Store } from '../contracts/index.ts'
import { folderPrefix } from './paths.ts'

export interface ListFilesOptions extends CallOptions {
  /** Everything below, at any depth, and no folders. Default: the folder's own files and folders. */
  readonly recursive?: boolean | undefined
}

/**
 * What lies in a folder: files, and the folders directly in it, in the order of their keys. `''` is the top. A folder
 * that holds nothing does not exist, and is empty.
 *
 * An object whose key is the folder's own, ending in the slash, as some tools leave it to mark a folder, is left out.
 *
 * Errors: `invalid-key`, `aborted`, and the store's.
 */
export async function* list(
  store: Store,
  folder = '',
  { recursive = false, signal }: ListFilesOptions = {},
): AsyncGenerator<ObjectInfo | Prefix, void, undefined> {
  const prefix = folderPrefix(folder)
  const delimiter = recursive ? undefined : '/'
  for await (const entry of store.list({ prefix, delimiter, signal })) {
    if (entry.kind === 'prefix' || entry.key !== prefix) yield entry
  }
}

/** The same as an array: for folders that are known to fit into memory. */
export async function listAll(
  store: Store,
  folder = '',
  options: ListFilesOptions = {},
): Promise<readonly (ObjectInfo | Prefix)[]> {
  const entries: (ObjectInfo | Prefix)[] = []
  for await (const entry of list(store, folder, options)) entries.push(entry)
  return entries
}
