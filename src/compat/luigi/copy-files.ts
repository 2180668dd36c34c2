import type { ObjectInfo, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { copy, copyThrough } from '../../files/copy.ts'
import { folderPrefix } from '../../files/paths.ts'
import { atOnce } from './at-once.ts'
import type { ServerCopy } from './connection.ts'
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
  /** Between the two, when they are two, and the server can. */
  readonly copyBetween: ServerCopy | undefined
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
  const serverCopy = within ? copyWithin(to.writing) : to.copyBetween
  let count = 0
  let bytes = 0
  async function add({ key, sizeBytes }: ObjectInfo, target: string): Promise<void> {
    if (serverCopy) await serverCopy(key, target, { signal })
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
  const isInto = from.key === to.key || target.startsWith(prefix)
  if (within && (isInto || (await meetsItself(from, target, signal)))) {
    const message = `"${from.key}" cannot be copied onto or into itself, "${to.key}"`
    throw new SluiceError('invalid-options', message, { key: to.key })
  }
  if (object) await add(object, to.key)
  if (!below) return { count, bytes }
  await atOnce(
    serverCopy ? threads : Math.min(threads, THROUGH_AT_ONCE),
    filesBelow(from.store, from.key, options),
    async (file) => {
      const name = file.key.slice(prefix.length)
      // The folder's own marker: a folder of nothing has nothing to copy.
      if (name !== '') await add(file, target + name)
    },
  )
  return { count, bytes }
}

/**
 * Whether a copy to a folder above would write below the source again, as `a/x/x/1` would become `a/x/1` in `a/`: it would be listed and copied once more,
 * and removed by a move.
 */
async function meetsItself(
  { store, key }: CopySource,
  target: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const prefix = folderPrefix(key)
  if (!prefix.startsWith(target)) return false
  return folderExists(store, prefix + prefix.slice(target.length), { signal })
}

function copyWithin(store: Store): ServerCopy | undefined {
  return store.copy && ((from, to, options) => copy(store, from, to, options))
}
