import type { ListOptions, ObjectInfo, Prefix } from '../../contracts/index.ts'
import { throwIfAborted } from '../../core/errors.ts'
import { checkKey, compareKeys } from '../../core/keys.ts'
import { ABSENT, type FsRoom, unless } from './fs-like.ts'
import { continues, segmentOfPath } from './names.ts'
import { infoOf } from './objects.ts'
import { type Folder, statOf } from './tree.ts'

/** What is below a folder of keys, as `Store.list` orders and folds it. `base` is the folder's key. */
export async function* walk(
  room: FsRoom,
  folder: Folder,
  base: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo | Prefix> {
  const { prefix = '', startAfter = '', delimiter, signal } = options
  for (const entry of await entriesOf(room, folder, base)) {
    throwIfAborted(signal)
    const { key } = entry
    const isBehind = compareKeys(key, startAfter) > 0
    if (!entry.folder) {
      if (!isBehind || !key.startsWith(prefix)) continue
      const stats = await statOf(room, entry.path)
      if (stats?.isFile()) yield infoOf(key, stats, {})
      continue
    }
    if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue
    const isFolded = delimiter !== undefined && delimiter !== '' && key.length > prefix.length
    if (!isBehind && (isFolded || !startAfter.startsWith(key))) continue
    const below = walk(room, entry.folder, key, options)
    if (!isFolded) yield* below
    // A folder may be empty, or hold nothing that is asked for; then it is no prefix of any key.
    else if (!(await below.next()).done) yield Object.freeze({ kind: 'prefix', prefix: key })
  }
}

/** One entry of a folder of keys: an object, or a folder below. */
interface Entry {
  /** The object's key, or the folder's, which ends in a slash. */
  readonly key: string
  readonly folder: Folder | undefined
  readonly path: string
}

/** What lies directly in a folder, in the order of the keys. `base` is the folder's own key: empty, or ending in `/`. */
async function entriesOf(room: FsRoom, folder: Folder, base: string): Promise<readonly Entry[]> {
  const entries = new Map<string, Entry>()
  for (const parent of folder) {
    for await (const { names, isFolder } of readNames(room, parent, [])) {
      const segment = segmentOfPath(names)
      if (segment === undefined) continue
      const key = isFolder ? `${base}${segment}/` : base + segment
      if (!isValid(key)) continue
      const path = `${parent}/${names.join('/')}`
      const known = entries.get(key)
      if (known?.folder) entries.set(key, { ...known, folder: [...known.folder, path] })
      else entries.set(key, { key, path, folder: isFolder ? [path] : undefined })
    }
  }
  return [...entries.values()].sort((a, b) => compareKeys(a.key, b.key))
}

async function* readNames(
  room: FsRoom,
  parent: string,
  before: readonly string[],
): AsyncGenerator<{ readonly names: readonly string[]; readonly isFolder: boolean }> {
  const path = [parent, ...before].join('/')
  const dirents = await unless(ABSENT, room.fs.readdir(path, { withFileTypes: true }))
  for (const dirent of dirents ?? []) {
    const names = [...before, dirent.name]
    const isFolder = dirent.isDirectory()
    if (isFolder && continues(dirent.name)) yield* readNames(room, parent, names)
    else if (isFolder || dirent.isFile()) yield { names, isFolder }
  }
}

/** A file that something else put there may have a name that no key can have. */
function isValid(key: string): boolean {
  try {
    checkKey(key)
    return true
  } catch {
    return false
  }
}
