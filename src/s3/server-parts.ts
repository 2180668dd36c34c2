import type {
  CallOptions,
  MultipartUpload,
  ObjectInfo,
  Part,
  PutResult,
  WriteConditions,
} from '../contracts/index.ts'
import { anySignal, isSluiceError, SluiceError } from '../core/errors.ts'
import { limiter } from '../core/limiter.ts'
import { nothingOpen, stillOpen } from '../core/still-open.ts'
import type { S3Client } from './client.ts'
import { xmlEtag } from './response.ts'

/** Makes one part of an upload. */
export type MakePart = (
  upload: MultipartUpload,
  partNumber: number,
  signal: AbortSignal,
) => Promise<Part>

/** The range of one UploadPartCopy: far below S3's 5 GiB, and 10,000 of them above the largest object. */
export const COPY_PART_BYTES: number = 1024 ** 3

/** One UploadPartCopy can take the server a minute; more at once would only wait there. */
const AT_ONCE = 8

/** All of the jobs, several at once. The first failure stops the others, and is heard of when they have settled. */
export async function together<T>(
  jobs: readonly ((signal: AbortSignal) => Promise<T>)[],
  caller: AbortSignal | undefined,
): Promise<T[]> {
  const stop = new AbortController()
  const signal = anySignal(stop.signal, caller)
  const limit = limiter(AT_ONCE)
  const running = jobs.map((job) =>
    limit(() => job(signal), signal).catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  try {
    return await Promise.all(running)
  } finally {
    await Promise.allSettled(running)
  }
}

/** An upload out of these parts. When one fails the upload is aborted; where even that fails, the error names its `uploadId`. */
export async function completeWith(
  upload: MultipartUpload,
  parts: readonly MakePart[],
  options: WriteConditions & CallOptions,
): Promise<PutResult> {
  try {
    const making = parts.map(
      (make, index) => (signal: AbortSignal) => make(upload, index + 1, signal),
    )
    return await upload.complete(await together(making, options.signal), options)
  } catch (error) {
    // Without the caller's signal, which may be the reason.
    await upload.abort().catch((leak: unknown) => {
      throw stillOpen(error, leak)
    })
    throw nothingOpen(error)
  }
}

/** `[start, end)` of the version of a source that was seen, in the bucket of `holder`, as a part: UploadPartCopy. */
export function copiedPart(
  client: S3Client,
  source: ObjectInfo,
  start = 0,
  end: number = source.sizeBytes,
  holder: S3Client = client,
): MakePart {
  return async ({ key, uploadId }, partNumber, signal) => {
    try {
      const etag = await client.send({
        operation: 'UploadPartCopy',
        method: 'PUT',
        key,
        query: { partNumber, uploadId },
        headers: {
          'x-amz-copy-source': holder.copySource(source.key),
          // AWS takes a range of an object of more than 5 MB alone.
          'x-amz-copy-source-range':
            end - start < source.sizeBytes ? `bytes=${start}-${end - 1}` : undefined,
          // All parts of one version, the one whose size was asked.
          'x-amz-copy-source-if-match': `"${source.etag}"`,
        },
        signal,
        read: (response, context) => xmlEtag(response, context, 'CopyPartResult'),
      })
      return { partNumber, etag, sizeBytes: end - start }
    } catch (error) {
      // Onto itself it is what the caller demanded, or as good as that.
      const isItself = holder.bucket === client.bucket && key === source.key
      const meanwhile = isSluiceError(error, 'precondition-failed') && !isItself
      throw meanwhile ? replaced(source, error) : error
    }
  }
}

/** It is not the caller's condition, on the object to be written, that failed. */
export function replaced({ key }: ObjectInfo, cause: SluiceError): SluiceError {
  const message = `"${key}" was replaced while it was copied`
  return new SluiceError('conflict', message, { ...cause, key, retryable: true, cause })
}

export function noSource(key: string, cause?: SluiceError): SluiceError {
  return new SluiceError('not-found', `There is no "${key}" to copy`, { ...cause, key, cause })
}
