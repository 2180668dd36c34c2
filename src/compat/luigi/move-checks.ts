import type { CallOptions, ObjectInfo, Store } from '../../contracts/index.ts'
import { toHex, utf8 } from '../../core/bytes.ts'
import { crc } from '../../core/crc.ts'
import { SluiceError } from '../../core/errors.ts'
import { folderPrefix } from '../../files/paths.ts'
import { filesBelow } from './folders.ts'
import { folderMarker } from './s3-path.ts'

interface MovePlace {
  readonly store: Store
  /** `''` is the bucket. */
  readonly key: string
}

/**
 * Refuses a move whose removal would take the copy: one to the source's own marker, and one onto itself under another name, as two buckets of a client may be one
 * place. `invalid-options`.
 */
export async function checkApart(
  from: MovePlace,
  to: MovePlace,
  options: CallOptions,
): Promise<void> {
  const within = from.store === to.store
  if (within && to.key === folderMarker(from.key)) {
    const message = `"${to.key}" is the marker of the folder "${from.key}", and is removed with it`
    throw new SluiceError('invalid-options', message, { key: to.key })
  }
  if (within) return
  const { signal } = options
  const [first, target] = (await firstFile(from, to, options)) ?? []
  const there = target === undefined ? undefined : await to.store.head(target, { signal })
  if (!first || !there || markOf({ ...there, key: first.key }) !== markOf(first)) return
  const message = `"${first.key}" and "${target}" of the other bucket are alike to the time of their writing, as one file under two names is: remove one of them`
  throw new SluiceError('invalid-options', message, { key: target })
}

/** A checksum of what a move removes: as long as it is the same, nothing was added or changed. */
export async function sourceMark({ store, key }: MovePlace, options: CallOptions): Promise<string> {
  const { signal } = options
  const checksum = crc('crc64nvme')
  const add = (file: ObjectInfo | undefined): void =>
    checksum.update(utf8(file ? markOf(file) : '-'))
  add(await store.head(key, { signal }))
  add(await store.head(folderMarker(key), { signal }))
  for await (const file of filesBelow(store, key, { signal })) add(file)
  return toHex(checksum.digest())
}

/** The first one that is copied, and its key then. */
async function firstFile(
  { store, key }: MovePlace,
  to: MovePlace,
  options: CallOptions,
): Promise<readonly [ObjectInfo, string] | undefined> {
  const { signal } = options
  const object = key.endsWith('/') ? undefined : await store.head(key, { signal })
  if (object) return [object, to.key]
  const prefix = folderPrefix(key)
  for await (const file of filesBelow(store, key, { signal })) {
    if (file.key === prefix) continue
    // A listing may tell the time more exactly.
    const found = await store.head(file.key, { signal })
    return found && [found, folderPrefix(to.key) + file.key.slice(prefix.length)]
  }
  return undefined
}

function markOf({ key, etag, sizeBytes, lastModified }: ObjectInfo): string {
  return `${JSON.stringify([key, etag, sizeBytes, lastModified.getTime()])}\n`
}
