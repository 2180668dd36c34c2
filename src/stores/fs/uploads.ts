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
import { writeNew } from './objects.ts'

/** An upload is a folder: `upload.json`, and a file for each part that came, `<number>-<etag>`. */
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
  await writeNew(room, uploadPath(room, uploadId, DESCRIPTION), JSON.stringify(description))
  return { key, uploadId }
}

/** Throws `not-found` when the upload was completed or aborted, or never was. */
export async function readUpload(
  room: FsRoom,
  { key, uploadId }: MultipartToken,
): Promise<UploadFile> {
  const upload = await readDescription(room, uploadId)
  if (upload?.key === key) return upload
  throw new SluiceError('not-found', `The upload of "${key}" was completed or aborted`, {
    key,
    uploadId,
  })
}

async function readDescription(room: FsRoom, uploadId: string): Promise<UploadFile | undefined> {
  // A token comes from outside: its id must not become a path of its own.
  if (!UPLOAD_ID.test(uploadId)) return undefined
  const path = uploadPath(room, uploadId, DESCRIPTION)
  const text = await unless(ABSENT, room.fs.readFile(path, 'utf8'))
  return text === undefined || text === '' ? undefined : JSON.parse(text)
}

export async function writePart(
  room: FsRoom,
  token: MultipartToken,
  partNumber: number,
  body: Bytes | Blob,
  { signal }: CallOptions,
): Promise<Part> {
  await readUpload(room, token)
  const etag = crypto.randomUUID()
  const path = uploadPath(room, token.uploadId, `${partNumber}-${etag}`)
  let file: FileHandleLike
  try {
    file = await room.fs.open(path, 'wx')
  } catch (error) {
    // The folder went with its upload a moment ago.
    if (errnoOf(error) === 'ENOENT') await readUpload(room, token)
    throw error
  }
  try {
    const sizeBytes = await writeBody(file, body, signal)
    await file.sync()
    return Object.freeze({ partNumber, etag, sizeBytes })
  } finally {
    await file.close()
  }
}

/** Writes the listed parts one after the other. Their files are looked at: a caller's `sizeBytes` is not believed. */
export async function joinParts(
  room: FsRoom,
  { key, uploadId }: MultipartToken,
  parts: readonly Part[],
  limits: MultipartLimits,
  target: FileHandleLike,
  { signal }: CallOptions,
): Promise<void> {
  const files: FileHandleLike[] = []
  try {
    const sized: Part[] = []
    for (const { partNumber, etag } of parts) {
      const name = UPLOAD_ID.test(etag) && `${Number(partNumber)}-${etag}`
      const file =
        name && (await unless(ABSENT, room.fs.open(uploadPath(room, uploadId, name), 'r')))
      if (!file) {
        throw new SluiceError(
          'invalid-options',
          `"${key}": part ${partNumber} was not received with this ETag`,
          { key, uploadId },
        )
      }
      files.push(file)
      sized.push({ partNumber, etag, sizeBytes: Number((await file.stat({ bigint: true })).size) })
    }
    checkParts(key, sized, limits)
    let position = 0
    for (const file of files) position = await copyFile(file, target, position, signal)
  } finally {
    for (const file of files) await file.close()
  }
}

/** Idempotent. */
export async function removeUpload(room: FsRoom, uploadId: string): Promise<void> {
  if (!UPLOAD_ID.test(uploadId)) return
  await room.fs.rm(uploadPath(room, uploadId), { recursive: true, force: true })
}

export async function listUploads(room: FsRoom, prefix: string): Promise<readonly UploadInfo[]> {
  const folder = privatePath(room, 'uploads')
  const found: UploadInfo[] = []
  for (const { name } of (await unless(ABSENT, room.fs.readdir(folder, { withFileTypes: true }))) ??
    []) {
    const upload = await readDescription(room, name)
    if (!upload?.key.startsWith(prefix)) continue
    const initiated = new Date(upload.initiatedMs)
    found.push(Object.freeze({ key: upload.key, uploadId: name, initiated }))
  }
  return found.sort((a, b) => compareKeys(a.key, b.key))
}

function uploadPath(room: FsRoom, uploadId: string, ...names: readonly string[]): string {
  return privatePath(room, 'uploads', uploadId, ...names)
}
