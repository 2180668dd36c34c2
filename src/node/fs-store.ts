import * as fs from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Store } from '../contracts/index.ts'
import { fsStore as fsStoreOver } from '../stores/fs.ts'

/**
 * A local folder as a store, over `node:fs`: in Node, Bun and Deno. The folder is made by the first put.
 *
 * @param root A path, relative to the working directory, or a `file:` URL.
 * @see `sluice/stores/fs` for what it guarantees and what not.
 */
export function fsStore(root: string | URL): Store {
  return fsStoreOver(typeof root === 'string' ? root : fileURLToPath(root), { fs })
}
