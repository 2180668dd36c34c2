import type { MultipartToken, MultipartUpload, Part } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'

/** A part that has arrived. */
export interface CheckpointPart extends Part {
  /** SHA-256 of its bytes in hex. */
  readonly checksum?: string | undefined
}

/** What is needed to go on with an upload, in another process too. Plain JSON, without secrets. */
export interface UploadCheckpoint extends MultipartToken {
  /** Of the first part. */
  readonly partBytes: number
  /** Of the whole object, where it was known. */
  readonly sizeBytes?: number | undefined
  /** Ascending by number, maybe with holes. */
  readonly parts: readonly CheckpointPart[]
}

/**
 * The parts of a token by number, each of them found on the server as it is in the token.
 *
 * Errors: `not-found` when the upload is gone; `conflict` when a part is another one; `invalid-options` for a token of another
 * key or none at all; `not-supported` where parts cannot be listed.
 */
export async function keptParts(
  token: UploadCheckpoint,
  upload: MultipartUpload,
  signal: AbortSignal,
): Promise<Map<number, CheckpointPart>> {
  const { key, uploadId } = upload
  if (!upload.listParts) {
    throw new SluiceError('not-supported', `This store cannot list the parts of "${key}"`, { key })
  }
  const listed = new Map<number, Part>()
  for await (const part of upload.listParts({ signal })) listed.set(part.partNumber, part)
  const kept = new Map<number, CheckpointPart>()
  for (const part of token.parts) {
    const { partNumber, etag, sizeBytes } = part
    const found = listed.get(partNumber)
    if (found?.etag !== etag || found.sizeBytes !== sizeBytes) {
      throw new SluiceError(
        'conflict',
        `Part ${partNumber} of "${key}" is not the one that was sent: somebody else writes into the upload ${uploadId}`,
        { key, uploadId, retryable: false },
      )
    }
    kept.set(partNumber, part)
  }
  return kept
}

/** Throws `invalid-options` for what is no token for this key and size. It comes from wherever it was kept. */
export function checkCheckpoint(
  token: UploadCheckpoint,
  key: string,
  sizeBytes: number | undefined,
): void {
  const { uploadId, parts } = token
  const sizes = token.sizeBytes === undefined || sizeBytes === undefined
  if (token.key === key && typeof uploadId === 'string' && uploadId && Array.isArray(parts)) {
    if (sizes || token.sizeBytes === sizeBytes) return
    throw otherSource(key, uploadId, `has ${sizeBytes} bytes, not ${token.sizeBytes}`)
  }
  throw new SluiceError('invalid-options', `This is no token to resume an upload of "${key}" by`, {
    key,
  })
}

/** The upload was begun with other bytes. */
export function otherSource(key: string, uploadId: string, what: string): SluiceError {
  return new SluiceError(
    'invalid-options',
    `The source of "${key}" ${what}: it is not the one that the upload ${uploadId} was begun with`,
    { key, uploadId },
  )
}
