import type { ObjectFacts, PendingFile, StoredFile, UploadProgress } from '../../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { retry } from '../../core/retry.ts'
import { isFile } from '../file-metadata.ts'
import { begunOf, canResume } from './kept-upload.ts'
import type { Publication } from './publication.ts'
import { writeObject } from './write-object.ts'

/** After these an upload is not gone on with. After all others it stays open, and the log remembers it. */
const FINAL: ReadonlySet<string> = new Set([
  // Answered by a store that has it completed already, or has somebody else's object.
  'precondition-failed',
  // It expired, or was completed, or aborted by others.
  'not-found',
  // S3 asks for a new upload then: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
  'conflict',
  'not-supported',
  'invalid-options',
  'invalid-record',
  'too-large',
])

/**
 * Brings a sealed file to the store under its key, once, however often this is called and whoever crashed before: the key and
 * the range were fixed when it was sealed, the object is only created, never replaced, and its metadata says whose it is.
 *
 * What needs several parts goes on where an earlier attempt was, in another process too: parts that had arrived are not sent again. The
 * rows are in the log until the file is committed, so an upload that cannot be gone on with is ended, and another one begun. Only a file that was begun
 * before it was sealed has no other: of rows that it has taken before, the log has none.
 *
 * Where the store takes no conditions at all, the same key is written again with the same records instead.
 *
 * Errors: `fenced` when the key is somebody else's object, or the log is; else the store's.
 */
export async function publish(file: PendingFile, to: Publication): Promise<StoredFile> {
  let known = file.upload
  const publication: Publication = {
    ...to,
    onUpload(upload) {
      known = upload
      to.onUpload(upload)
    },
  }
  const begun = begunOf(known) !== undefined
  if (known && !begun && !canResume(file, known, to.store, to.upload.partBytes)) {
    await endUpload(file, known, publication)
  }
  for (;;) {
    const earlier = known
    try {
      const { etag, bytes } = await writeObject(file, earlier, publication)
      return storedFile(file, { etag, bytes })
    } catch (error) {
      if (!isSluiceError(error) || !FINAL.has(error.code)) throw error
      const refused = error.code === 'precondition-failed'
      // An earlier attempt of ours may have won although we never heard of it.
      const found =
        refused || (known && error.code === 'not-found')
          ? await to.store.head(file.key, { signal: to.signal })
          : undefined
      if (known && !begun) await endUpload(file, known, publication)
      if (found && isFile(found, file)) {
        return storedFile(file, { etag: found.etag, bytes: found.sizeBytes })
      }
      if (refused) {
        throw new SluiceError(
          'fenced',
          `"${file.key}" exists and is not this sink's file; another writer uses the same stream and shard`,
          { key: file.key, cause: error },
        )
      }
      // What it has taken is nowhere else: there is no beginning anew.
      if (begun || !earlier) throw error
    }
  }
}

/**
 * Ends an upload that is not gone on with, and forgets it, with the records that nobody else has. The log is asked first: one that its next owner
 * goes on with is not this sink's to abort.
 */
export async function endUpload(
  file: PendingFile,
  upload: UploadProgress,
  to: Pick<Publication, 'store' | 'session' | 'signal' | 'clock' | 'onUpload' | 'onUploadLeft'>,
): Promise<void> {
  const { store, session, signal, clock } = to
  const { token } = upload
  const begun = begunOf(upload) !== undefined
  await session.progress(file.id, upload)
  if (begun) {
    const found = await store.head(file.key, { signal })
    // It may have been completed, and nobody heard of it: whoever goes on with the upload will find that out again.
    if (found && isFile(found, file)) return
    // First: the log's next owner would go on with an upload that is gone, and for what it has taken there is no other.
    await session.begun?.giveUp(file.id)
  }
  const abort = async (): Promise<void> => {
    if (!store.resumeMultipart) throw new SluiceError('not-supported', 'It cannot be aborted')
    await store.resumeMultipart(token).abort({ signal })
  }
  try {
    await (begun ? retry(abort, { clock, signal }) : abort())
  } catch (error) {
    throwIfAborted(signal)
    // Of one that was given up, the log can be asked no more.
    if (!begun && isSluiceError(error) && error.retryable) throw error
    // Who may not abort may still publish: the janitor, or the bucket's lifecycle rule, is left to clean up.
    to.onUploadLeft(token)
  }
  if (!begun) await session.progress(file.id, undefined)
  to.onUpload(undefined)
}

/** The file, and what the store says of its object. */
export function storedFile(
  file: PendingFile,
  { etag, bytes }: ObjectFacts = file.stored as ObjectFacts,
): StoredFile {
  const { id, lane, begin, end, key, reason, openedAtMs, sealedAtMs, run } = file
  const decided = { id, lane, begin, end, key, reason, openedAtMs, sealedAtMs }
  return { ...decided, ...(run !== undefined && { run }), etag, bytes }
}
