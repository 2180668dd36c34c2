import type { ObjectHeaders, ObjectInfo, WriteConditions } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/hash.ts'
import {
  ABSENT,
  errnoOf,
  type FileHandleLike,
  type FsRoom,
  privatePath,
  type StatsLike,
  unless,
} from './fs-like.ts'
import { otherPathOfSegment, pathOfSegment } from './names.ts'
import {
  type Found,
  findObject,
  makeFolderOf,
  makePieces,
  removeEmptyFolders,
  statOf,
} from './tree.ts'

/**
 * How an object is more than its file.
 *
 * A file's **version** is its inode, time and size: it is the ETag. Headers and metadata lie in a file of their own, in
 * `.sluice/headers`, whose name holds the key's hash and the version's time and size. It is written first; the rename
 * that makes the data visible then makes both visible in one step, and a reader never pairs one version's bytes with
 * another's headers. So that no two versions of a key have the same time, times are set by us, at random within the
 * millisecond, and the file of headers is created exclusively.
 */
export function etagOf({ mtimeNs, ino, size }: StatsLike): string {
  return [mtimeNs, ino, size].map((number) => number.toString(36)).join('-')
}

export function infoOf(key: string, stats: StatsLike, headers: ObjectHeaders): ObjectInfo {
  return Object.freeze({
    ...headers,
    kind: 'object',
    key,
    etag: etagOf(stats),
    sizeBytes: Number(stats.size),
    lastModified: new Date(Number(stats.mtimeNs / 1_000_000n)),
  })
}

/** The object as it is now, its headers being those of this very version. */
export async function readObject(
  room: FsRoom,
  key: string,
): Promise<(Found & { readonly headers: ObjectHeaders }) | undefined> {
  for (;;) {
    const found = await findObject(room, key)
    if (!found) return undefined
    const text = await unless(
      ABSENT,
      room.fs.readFile(await headersPath(room, key, found.stats), 'utf8'),
    )
    if (text !== undefined) return { ...found, headers: JSON.parse(text).headers }
    // No headers: either it has none, or it has just been replaced and they went with it.
    const again = await findObject(room, key)
    if (again && etagOf(again.stats) === etagOf(found.stats)) return { ...found, headers: {} }
  }
}

async function headersPath(
  room: FsRoom,
  key: string,
  { mtimeNs, size }: StatsLike,
): Promise<string> {
  const hash = await sha256Hex(utf8(key))
  const version = `${mtimeNs.toString(36)}-${size.toString(36)}`
  return privatePath(room, 'headers', hash.slice(0, 2), `${hash.slice(2)}-${version}.json`)
}

/** A version that is on disk, whole and durable, and not visible yet. */
export interface Staged {
  readonly key: string
  readonly path: string
  readonly stats: StatsLike
  readonly headersPath: string | undefined
}

/** Writes a version beside the tree. `fill` writes its bytes. */
export async function stage(
  room: FsRoom,
  key: string,
  headers: ObjectHeaders,
  fill: (file: FileHandleLike) => Promise<void>,
): Promise<Staged> {
  const path = privatePath(room, 'tmp', crypto.randomUUID())
  const file = await create(room, path)
  try {
    await fill(file)
    const hasHeaders = Object.keys(headers).length > 0
    for (;;) {
      const seconds = (Date.now() + Math.random()) / 1000
      await file.utimes(seconds, seconds)
      const stats = await file.stat({ bigint: true })
      if (!hasHeaders) {
        await file.sync()
        return { key, path, stats, headersPath: undefined }
      }
      const sidecar = await headersPath(room, key, stats)
      if (!(await writeNew(room, sidecar, JSON.stringify({ key, headers })))) continue
      await syncFolder(room, folderOf(sidecar))
      await file.sync()
      return { key, path, stats, headersPath: sidecar }
    }
  } catch (error) {
    await remove(room, path)
    throw error
  } finally {
    await file.close()
  }
}

export async function discard(room: FsRoom, { path, headersPath }: Staged): Promise<void> {
  await remove(room, path)
  if (headersPath !== undefined) await remove(room, headersPath)
}

/** Makes a staged version the object, if the conditions hold at that moment. Otherwise nothing of it is left. */
export async function commit(
  room: FsRoom,
  staged: Staged,
  conditions: WriteConditions,
): Promise<void> {
  const { key } = staged
  const { ifMatch } = conditions
  let placed: { readonly target: string; readonly replaced: Found | undefined }
  try {
    if (ifMatch === undefined) placed = await place(room, staged, conditions)
    else {
      requireConditions(key, await findObject(room, key), conditions)
      placed = await claim(room, key, ifMatch, () => place(room, staged, conditions))
    }
  } catch (error) {
    await discard(room, staged)
    throw error
  }
  const { target, replaced } = placed
  if (conditions.ifNoneMatch !== undefined) await remove(room, staged.path)
  if (replaced) await remove(room, await headersPath(room, key, replaced.stats))
  await syncFolder(room, folderOf(target))
}

/** Throws `precondition-failed`. */
export function requireConditions(
  key: string,
  found: Found | undefined,
  { ifNoneMatch, ifMatch }: WriteConditions,
): void {
  if (ifNoneMatch !== undefined && found) {
    throw new SluiceError('precondition-failed', `"${key}" exists already`, { key })
  }
  if (ifMatch !== undefined && (!found || etagOf(found.stats) !== ifMatch)) {
    const now = found ? 'is another version' : 'does not exist'
    throw new SluiceError('precondition-failed', `"${key}" ${now}`, { key })
  }
}

async function place(
  room: FsRoom,
  { key, path }: Staged,
  conditions: WriteConditions,
): Promise<{ readonly target: string; readonly replaced: Found | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const replaced = await findObject(room, key)
    requireConditions(key, replaced, conditions)
    try {
      const target = replaced?.path ?? (await freePath(room, key))
      // link(2) is what decides between two processes: it never replaces.
      if (conditions.ifNoneMatch !== undefined) await room.fs.link(path, target)
      else await room.fs.rename(path, target)
      return { target, replaced }
    } catch (error) {
      // Somebody was faster: the folder is gone, or the name has become a folder's, or an object's.
      if (attempt === MAX_ATTEMPTS || !RACES.includes(errnoOf(error) ?? '')) throw error
    }
  }
}

const MAX_ATTEMPTS = 100
const RACES: readonly string[] = ['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENOTEMPTY']

/** Where a new object goes: under its plain name, or under the other one where a folder or a link has that. */
async function freePath(room: FsRoom, key: string): Promise<string> {
  const folder = await makeFolderOf(room, key)
  const segment = key.slice(key.lastIndexOf('/') + 1)
  const plain = pathOfSegment(segment)
  await makePieces(room, folder, plain)
  const there = await statOf(room, `${folder}/${plain.join('/')}`)
  const names = there && !there.isFile() ? otherPathOfSegment(segment) : plain
  return `${folder}/${names.join('/')}`
}

/** Removes the object and what is kept beside it. */
export async function removeObject(room: FsRoom, key: string): Promise<void> {
  for (;;) {
    const found = await findObject(room, key)
    if (!found) return
    await remove(room, found.path)
    await remove(room, await headersPath(room, key, found.stats))
    await removeEmptyFolders(room, found.path)
  }
}

/** Long after a writer that only had to rename a file must have done so. */
const CLAIM_MS = 10_000

/**
 * Lets one process at a time replace this version: whoever creates the claim. POSIX has no rename that compares. The
 * claim of a process that died goes stale, and the next one is numbered, so that of those who wait one gets it.
 */
async function claim<T>(
  room: FsRoom,
  key: string,
  etag: string,
  run: () => Promise<T>,
): Promise<T> {
  const name = `${await sha256Hex(utf8(key))}-${etag}`
  for (let number = 0; ; number++) {
    const path = privatePath(room, 'claims', `${name}-${number}`)
    if (await writeNew(room, path, '')) {
      try {
        return await run()
      } finally {
        for (let mine = number; mine >= 0; mine--) {
          await remove(room, privatePath(room, 'claims', `${name}-${mine}`))
        }
      }
    }
    const stats = await statOf(room, path)
    if (stats && Date.now() - Number(stats.mtimeNs / 1_000_000n) > CLAIM_MS) continue
    throw new SluiceError('conflict', `"${key}" is being replaced by another writer`, { key })
  }
}

/** A new file in the store's own folder. */
export async function create(room: FsRoom, path: string): Promise<FileHandleLike> {
  try {
    return await room.fs.open(path, 'wx')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    await room.fs.mkdir(folderOf(path), { recursive: true })
    return room.fs.open(path, 'wx')
  }
}

/** `false` when the file exists. */
export async function writeNew(room: FsRoom, path: string, text: string): Promise<boolean> {
  const file = await unless(['EEXIST'], create(room, path))
  if (!file) return false
  try {
    await writeAt(file, utf8(text), 0)
    await file.sync()
  } finally {
    await file.close()
  }
  return true
}

export async function writeAt(
  file: FileHandleLike,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const left = bytes.byteLength - at
    at += (await file.write(bytes, at, left, position + at)).bytesWritten
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

async function remove(room: FsRoom, path: string): Promise<void> {
  await unless(ABSENT, room.fs.unlink(path))
}

/** Makes a rename outlive a loss of power. Where folders cannot be opened (Windows), the system sees to it. */
async function syncFolder(room: FsRoom, path: string): Promise<void> {
  const folder = await unless(['EISDIR', 'EPERM', 'EACCES', ...ABSENT], room.fs.open(path, 'r'))
  if (!folder) return
  try {
    await unless(['EINVAL', 'EPERM'], folder.sync())
  } finally {
    await folder.close()
  }
}
