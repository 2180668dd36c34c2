import { ABSENT, type FsRoom, type StatsLike, unless } from './fs-like.ts'
import { otherPathOfSegment, pathOfSegment } from './names.ts'

/** A regular file that is an object. */
export interface Found {
  readonly path: string
  readonly stats: StatsLike
}

/**
 * A folder of keys. It is one folder on disk, or two: `a` and `a%` both hold what is below `a/` when an object `a` was
 * in the way for a while.
 */
export type Folder = readonly string[]

/** Never through a symbolic link: what is behind one does not exist for the store. */
export async function findObject(room: FsRoom, key: string): Promise<Found | undefined> {
  const segments = key.split('/')
  const last = segments.pop() ?? ''
  let folder: Folder = [room.root]
  for (const segment of segments) folder = await subfolder(room, folder, segment)
  for (const found of await both(room, folder, last)) if (found.stats.isFile()) return found
  return undefined
}

/** The folder on disk that is to receive a new object under this key. Made when it is missing. */
export async function makeFolderOf(room: FsRoom, key: string): Promise<string> {
  let path = room.root
  await room.fs.mkdir(path, { recursive: true })
  for (const segment of key.split('/').slice(0, -1)) path = await makeSubfolder(room, path, segment)
  return path
}

async function makeSubfolder(room: FsRoom, parent: string, segment: string): Promise<string> {
  const [there] = await subfolder(room, [parent], segment)
  if (there !== undefined) return there
  const plain = `${parent}/${pathOfSegment(segment).join('/')}`
  const other = `${parent}/${otherPathOfSegment(segment).join('/')}`
  await makePieces(room, parent, pathOfSegment(segment))
  await unless(['EEXIST'], room.fs.mkdir(plain))
  if (!(await statOf(room, plain))?.isDirectory()) await unless(['EEXIST'], room.fs.mkdir(other))
  // Asked again: of two who met here, one may have made the other folder, and both must use the same.
  const [made] = await subfolder(room, [parent], segment)
  if (made !== undefined) return made
  throw Object.assign(new Error(`${plain} was removed as soon as it was made`), { code: 'ENOENT' })
}

/** The folders above the last piece of a long name. */
export async function makePieces(
  room: FsRoom,
  parent: string,
  pieces: readonly string[],
): Promise<void> {
  let path = parent
  for (const piece of pieces.slice(0, -1)) {
    path += `/${piece}`
    await unless(['EEXIST'], room.fs.mkdir(path))
  }
}

/** Removes the folders that a deleted object leaves empty. Somebody may be about to use one; they make it again. */
export async function removeEmptyFolders(room: FsRoom, path: string): Promise<void> {
  let folder = path.slice(0, path.lastIndexOf('/'))
  while (folder.length > room.root.length) {
    try {
      await room.fs.rmdir(folder)
    } catch {
      return
    }
    folder = folder.slice(0, folder.lastIndexOf('/'))
  }
}

export async function statOf(room: FsRoom, path: string): Promise<StatsLike | undefined> {
  return unless([...ABSENT, 'ENAMETOOLONG'], room.fs.lstat(path, { bigint: true }))
}

async function subfolder(room: FsRoom, folder: Folder, segment: string): Promise<Folder> {
  const found = await both(room, folder, segment)
  return found.filter(({ stats }) => stats.isDirectory()).map(({ path }) => path)
}

/**
 * What lies under either name of a segment. The other name goes first: it is only given when the plain one is taken,
 * and whoever finds it must keep to it after the plain one has become free.
 */
async function both(room: FsRoom, folder: Folder, segment: string): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const parent of folder) {
    for (const names of [otherPathOfSegment(segment), pathOfSegment(segment)]) {
      const one = await statWithin(room, parent, names)
      if (one) found.push(one)
    }
  }
  return found
}

async function statWithin(
  room: FsRoom,
  parent: string,
  names: readonly string[],
): Promise<Found | undefined> {
  let path = parent
  for (const [index, name] of names.entries()) {
    path += `/${name}`
    const stats = await statOf(room, path)
    if (!stats) return undefined
    if (index === names.length - 1) return { path, stats }
    if (!stats.isDirectory()) return undefined
  }
  return undefined
}
