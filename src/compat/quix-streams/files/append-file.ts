import type { ObjectInfo, Store } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { type FileMarks, idOf, metadataOf } from './file-marks.ts'
import { type EncodedFile, putFile } from './put-file.ts'

/** S3 copies parts of 5 MiB and more; a smaller file is read, with one request instead of three. */
const READ_BYTES = 5 * 1024 * 1024
/** Where the store puts nothing together, a file that has become so large is left, and the next one begun. */
const MAX_READ_BYTES = 64 * 1024 * 1024

/** Whether more may be put behind this file. */
export function isAppendable(store: Store, { sizeBytes }: ObjectInfo): boolean {
  return composes(store) || sizeBytes < MAX_READ_BYTES
}

/**
 * Puts a file behind another one, which is replaced as a whole, and only if it is still as it was seen: `conflict` otherwise. Where the store can,
 * it copies the old bytes itself.
 */
export async function appendFile(
  store: Store,
  last: ObjectInfo,
  added: Blob,
  marks: FileMarks,
): Promise<void> {
  const { key, sizeBytes, etag } = last
  if (sizeBytes < READ_BYTES || !composes(store)) {
    const old = await store.get(key, { ifMatch: etag })
    if (!old) throw changed(key)
    const body = new Blob([await old.bytes(), added], { type: added.type })
    if (await putFile(store, { ...marks, key, body }, { ifMatch: etag })) throw changed(key)
    return
  }
  const piece: EncodedFile = {
    ...marks,
    key: `${key.slice(0, key.lastIndexOf('/') + 1)}append-${marks.id}`,
    body: added,
  }
  await putFile(store, piece, {})
  try {
    const sources = [{ key, ifMatch: etag }, { key: piece.key }]
    const metadata = metadataOf(marks)
    await store.compose?.(sources, key, { contentType: added.type, metadata, ifMatch: etag })
  } catch (error) {
    const found = await store.head(key)
    if (found && idOf(found) === marks.id) return
    throw found?.etag === etag ? error : changed(key, error)
  } finally {
    await store.delete(piece.key)
  }
}

function composes({ compose, capabilities }: Store): boolean {
  return compose !== undefined && capabilities.compose && capabilities.conditionalComplete
}

function changed(key: string, cause?: unknown): SluiceError {
  return new SluiceError('conflict', `"${key}" changed while it was appended to`, { key, cause })
}
