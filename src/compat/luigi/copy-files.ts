import type { ObjectInfo, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { copy, copyThrough } from '../../files/copy.ts'
import { folderPrefix } from '../../files/paths.ts'
import { atOnce } from './at-once.ts'
import { type FolderListing, filesBelow, folderExists } from './folders.ts'

/** What was copied. */
export interface Copied {
  /** How many files. */
  readonly count: number
  /** How large they are together. */
  readonly bytes: number
}

export interface CopySource {
  readonly store: Store
  /** `''` is the bucket. */
  readonly key: string
}

export interface CopyTarget extends CopySource {
  /** The same store as objects are written to it. */
  readonly writing: Store
}

/** Objects that pass through this process: each holds up to two parts. */
const THROUGH_AT_ONCE = 4

/** One object, or all below a folder, or both where both are there. `S3Client.copy` says what it guarantees. */
export async function copyFiles(
  from: CopySource,
  to: CopyTarget,
  threads: number,
  options: FolderListing,
): Promise<Copied> {
  const { signal } = options
  const within = from.store === to.store
  const onServer = within && to.writing.copy !== undefined
  let count = 0
  let bytes = 0
  async function add({ key, sizeBytes }: ObjectInfo, target: string): Promise<void> {
    if (onServer) await copy(to.writing, key, target, { signal })
    else await copyThrough(from.store, key, to.writing, target, { signal, concurrency: 1 })
    count++
    bytes += sizeBytes
  }

  const isFolder = from.key === '' || from.key.endsWith('/')
  const object = isFolder ? undefined : await from.store.head(from.key, { signal })
  const below = await folderExists(from.store, from.key, { signal })
  if (!object && !below) {
    const message = `There is no object and no folder "${from.key}" to copy`
    throw new SluiceError('not-found', message, { key: from.key })
  }
  const prefix = folderPrefix(from.key)
  const target = folderPrefix(to.key)
  if (within && (from.key === to.key || (below && target.startsWith(prefix)))) {
    const message = `"${from.key}" cannot be copied onto or into itself, "${to.key}"`
    throw new SluiceError('invalid-options', message, { key: to.key })
  }
  if (object) await add(object, to.key)
  if (!below) return { count, bytes }
  await atOnce(
    onServer ? threads : Math.min(threads, THROUGH_AT_ONCE),
    filesBelow(from.store, from.key, options),
    async (file) => {
      const name = file.key.slice(prefix.length)
      // The folder's own marker: a folder of nothing has nothing to copy.
      if (name !== '') await add(file, target + name)
    },
  )
  return { count, bytes }
}
