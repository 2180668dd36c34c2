import type { PutResult } from '../contracts/index.ts'
import type { UploadTarget } from '../core/object-upload.ts'
import { type PutBody, type PutBodyOptions, putBody } from '../core/put-body.ts'
import type { S3Client } from './client.ts'
import { createUpload, resumeUpload } from './multipart.ts'
import { putObject } from './objects.ts'
import type { S3StorageOptions } from './put-options.ts'

export interface S3PutOptions
  extends Omit<PutBodyOptions, 'onUpload' | 'clock'>,
    S3StorageOptions {}

export interface S3PutResult extends PutResult {
  readonly key: string
  /** The object's size. */
  readonly bytes: number
  /** The most bytes of parts that were held in memory at once; 0 for bytes and Blobs, which are not copied. */
  readonly peakBytes: number
}

/**
 * Writes one object from whatever there is: bytes, a Blob or File, text, a `ReadableStream`, or any iterable of chunks. One PutObject when
 * it fits into one part, else a multipart upload; a source is read up to one part before that is decided.
 *
 * ```ts
 * await put(client, 'backups/today.tar', stream, { contentType: 'application/x-tar' })
 * ```
 *
 * Guaranteed: the object is whole or as it was; at most `(concurrency + 1) * partBytes` of a source are held, or two parts
 * where those have grown larger (the provider's `equalParts: false`), apart from the chunk that it gave last, and nothing
 * of bytes and Blobs; the source is cancelled on every exit but its end; a failure, or `signal`, stops the parts in flight
 * and aborts the upload (if even that fails, the error names its `uploadId`), also while the source is silent.
 *
 * The content type is a Blob's own if none is given, and else `application/octet-stream`.
 *
 * With `resumable()` of `sluice/s3/resumable` the upload outlives a failure, and can be gone on with.
 *
 * Not guaranteed: that bytes which are changed before it has resolved arrive as they were.
 *
 * Errors: those of `putObject` and the multipart calls; `aborted` with the source's error as its cause; `too-large` and
 * `invalid-options` before anything is sent where the size or the options cannot be met; `invalid-options` for other many
 * bytes than `sizeBytes` and for a chunk that is no `Uint8Array`.
 */
export async function put(
  client: S3Client,
  key: string,
  body: PutBody,
  options: S3PutOptions = {},
): Promise<S3PutResult> {
  // Beyond what the writer of any store knows of.
  const { storageClass, serverSideEncryption, tags } = options
  const storage = { storageClass, serverSideEncryption, tags }
  const target: UploadTarget = {
    capabilities: client.provider.capabilities,
    put: (to, whole, more) => putObject(client, to, whole, { ...more, ...storage }),
    createMultipart: (to, more) => createUpload(client, to, { ...more, ...storage }),
    resumeMultipart: resumeUpload.bind(undefined, client),
  }
  const contentType =
    options.contentType ?? (body instanceof Blob && body.type ? body.type : undefined)
  return putBody(target, key, body, { ...options, contentType, clock: client.clock })
}
