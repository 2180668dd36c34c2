import type {
  Bytes,
  CallOptions,
  MultipartLimits,
  MultipartToken,
  ObjectHeaders,
  Part,
  UploadInfo,
} from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { compareKeys } from '../../core/keys.ts'
import { checkParts } from '../check-options.ts'
import { copyFile, writeBody } from './bodies.ts'
import {
  ABSENT,
  errnoOf,
  type FileHandleLike,
  type FsRoom,
  privatePath,
  unless,
} from './fs-like.ts'
import { etagOf, writeNew } from './objects.ts'
import { statOf } from './tree.ts'

/** An upload is a folder: `upload.json`, and a file for each part that came, `<number>-<etag>`, with `.tmp` behind it until it is whole. */
interface UploadFile {
  readonly key: string
  readonly headers: ObjectHeaders
  readonly initiatedMs: number
}

const UPLOAD_ID = /^[0-9a-f-]{36}$/
const DESCRIPTION = 'upload.json'

export async function openUpload(
  room: FsRoom,
  key: string,
  headers: ObjectHeaders,
): Promise<MultipartToken> {
  const uploadId = crypto.randomUUID()
  const description: UploadFile = { key, headers, initiatedMs: Date.now() }
  const draft = privatePath(room, 'tmp', uploadId)
  try {
    await writeNew(room, `${draft}/${DESCRIPTION}`, JSON.stringify(description))
    await room.fs.mkdir(privatePath(room, 'uploads'), { recursive: true })
    // In one step, so that no upload is ever seen without its description.
    await room.fs.rename(draft, uploadPath(room, uploadId))
  } catch (error) {
    await room.fs.rm(draft, { recursive: true, force: true })
    throw error
  }
  return { key, uploadId }
}

/** Throws `not-found` when the upload was completed or aborted, or never was, or is another key's. */
export async function readUpload(
  room: FsRoom,
  { key, uploadId }: MultipartToken,
): Promise<UploadFile> {
  const upload = await readDescription(room, uploadId)
  if (upload === DAMAGED) {
    throw new SluiceError(
      'protocol',
      `The upload ${uploadId} of "${key}" has lost its description: abort it and begin again`,
      { key, uploadId },
    )
  }
  if (upload?.key === key) return upload
  throw new SluiceError('not-found', `The upload of "${key}" was completed or aborted`, {
    key,
    uploadId,
  })
}

/** Something else has cut or changed the file: what is in it describes no upload. */
const DAMAGED = 'damaged'

async function readDescription(
  room: FsRoom,
  uploadId: string,
): Promise<UploadFile | typeof DAMAGED | undefined> {
  // A token comes from outside: its id must not become a path of its own.
  if (!UPLOAD_ID.test(uploadId)) return undefined
  const path = uploadPath(room, uploadId, DESCRIPTION)
  const text = await unless(ABSENT, room.fs.readFile(path, 'utf8'))
  if (text === undefined) return undefined
  try {
    const description: UploadFile = JSON.parse(text)
    return typeof description.key === 'string' ? description : DAMAGED
  } catch {
    return DAMAGED
  }
}

export async function writePart(
  room: FsRoom,
  token: MultipartToken,
  partNumber: number,
  body: Bytes | Blob,
  { signal }: CallOptions,
): Promise<Part> {
  await readUpload(room, token)
  const etag = orderedId()
  const path = uploadPath(room, token.uploadId, `${partNumber}-${etag}`)
  const draft = `${path}.tmp`
  try {
    const file = await room.fs.open(draft, 'wx')
    try {
      const sizeBytes = await writeBody(file, body, signal)
      await file.sync()
      await room.fs.rename(draft, path)
      return Object.freeze({ partNumber, etag, sizeBytes })
    } finally {
      await file.close()
    }
  } catch (error) {
    // The folder went with its upload a moment ago.
    if (errnoOf(error) === 'ENOENT') await readUpload(room, token)
    throw error
  }
}

/**
 * Writes the listed parts one after the other. Their files are looked at: a caller's `sizeBytes` is not believed. One
 * file is open at a time, since there may be more parts than a process may have open files, and it is copied only if it
 * still is the one that was looked at.
 */
export async function joinParts(
  room: FsRoom,
  token: MultipartToken,
  parts: readonly Part[],
  limits: MultipartLimits,
  target: FileHandleLike,
  { signal }: CallOptions,
): Promise<void> {
  const files: (Part & { readonly path: string; readonly version: string })[] = []
  for (const { partNumber, etag } of parts) {
    const path = uploadPath(room, token.uploadId, `${Number(partNumber)}-${etag}`)
    const stats = UPLOAD_ID.test(etag) ? await statOf(room, path) : undefined
    if (!stats?.isFile()) throw await withoutPart(room, token, partNumber)
    const sizeBytes = Number(stats.size)
    files.push({ partNumber, etag, sizeBytes, path, version: etagOf(stats) })
  }
  checkParts(token.key, files, limits)
  let position = 0
  for (const { partNumber, path, version } of files) {
    const file = await unless(ABSENT, room.fs.open(path, 'r'))
    if (!file) throw await withoutPart(room, token, partNumber)
    try {
      const isSame = etagOf(await file.stat({ bigint: true })) === version
      if (!isSame) throw await withoutPart(room, token, partNumber)
      position = await copyFile(file, target, position, signal)
    } finally {
      await file.close()
    }
  }
}

const PART_FILE = /^(\d+)-([0-9a-f-]{36})$/

let lastMs = 0
let sequence = 0

/** As unlike any other as a UUID, and sorted as made: the time of a file is the same for all of some milliseconds. */
function orderedId(): string {
  const ms = Math.max(Date.now(), lastMs)
  sequence = ms === lastMs ? sequence + 1 : 0
  lastMs = ms
  const time = ms.toString(16).padStart(12, '0')
  return `${time}-${sequence.toString(16).padStart(8, '0')}-${crypto.randomUUID().slice(-14)}`
}

/** Of a part that was replaced, the file that was begun last. */
export async function listParts(room: FsRoom, token: MultipartToken): Promise<readonly Part[]> {
  await readUpload(room, token)
  const folder = uploadPath(room, token.uploadId)
  const newest = new Map<number, Part>()
  for (const { name } of (await unless(ABSENT, room.fs.readdir(folder, { withFileTypes: true }))) ??
    []) {
    const [, number, etag] = PART_FILE.exec(name) ?? []
    const stats = etag && (await statOf(room, `${folder}/${name}`))
    if (!stats) continue
    const partNumber = Number(number)
    if ((newest.get(partNumber)?.etag ?? '') > etag) continue
    newest.set(partNumber, Object.freeze({ partNumber, etag, sizeBytes: Number(stats.size) }))
  }
  return [...newest.values()].sort((a, b) => a.partNumber - b.partNumber)
}

/** Why a part is not there: its upload has gone, or it never came. */
async function withoutPart(
  room: FsRoom,
  token: MultipartToken,
  partNumber: number,
): Promise<SluiceError> {
  const { key } = await readUpload(room, token)
  const message = `"${key}": part ${partNumber} was not received with this ETag`
  return new SluiceError('invalid-options', message, { key, uploadId: token.uploadId })
}

/** Idempotent. Another key's upload is none of this token's and stays. */
export async function removeUpload(room: FsRoom, { key, uploadId }: MultipartToken): Promise<void> {
  if (!UPLOAD_ID.test(uploadId)) return
  const upload = await readDescription(room, uploadId)
  if (upload !== undefined && upload !== DAMAGED && upload.key !== key) return
  await room.fs.rm(uploadPath(room, uploadId), { recursive: true, force: true })
}

/** A damaged upload is left out: nobody can tell its key. */
export async function listUploads(room: FsRoom, prefix: string): Promise<readonly UploadInfo[]> {
  const folder = privatePath(room, 'uploads')
  const found: UploadInfo[] = []
  for (const { name } of (await unless(ABSENT, room.fs.readdir(folder, { withFileTypes: true }))) ??
    []) {
    const upload = await readDescription(room, name)
    if (upload === undefined || upload === DAMAGED || !upload.key.startsWith(prefix)) continue
    const initiated = new Date(upload.initiatedMs)
    found.push(Object.freeze({ key: upload.key, uploadId: name, initiated }))
  }
  return found.sort((a, b) => compareKeys(a.key, b.key))
}

function uploadPath(room: FsRoom, uploadId: string, ...names: readonly string[]): string {
  return privatePath(room, 'uploads', uploadId, ...names)
}
