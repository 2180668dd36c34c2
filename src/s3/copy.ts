import type {
  CopyOptions,
  MultipartUpload,
  ObjectInfo,
  Part,
  PutResult,
} from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import type { S3Call, S3Client } from './client.ts'
import { protocolError } from './errors.ts'
import { createUpload } from './multipart.ts'
import { hasCondition, headObject, putObject } from './objects.ts'
import { bareEtag, readXml } from './response.ts'

/** The range of one UploadPartCopy: far below S3's 5 GiB, and 10,000 of them above the largest object. */
const COPY_PART_BYTES = 1024 ** 3

/**
 * Copies within the bucket, on the server, headers and metadata included.
 *
 * With a condition it copies into a multipart upload and makes its completion conditional: most servers ignore a
 * condition on CopyObject itself. `not-found` when the source is absent.
 */
export async function copyObject(
  client: S3Client,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<PutResult> {
  checkKey(from)
  checkKey(to)
  if (hasCondition(options)) return copyInParts(client, from, to, options)
  try {
    const etag = await client.send({
      operation: 'CopyObject',
      method: 'PUT',
      key: to,
      headers: { 'x-amz-copy-source': client.copySource(from) },
      signal: options.signal,
      read: async (response, context) => copyEtag(response, context, 'CopyObjectResult'),
    })
    return { etag }
  } catch (error) {
    const absent = isSluiceError(error, 'not-found') && error.serverCode !== 'NoSuchBucket'
    throw absent ? noSource(from, error) : error
  }
}

async function copyInParts(
  client: S3Client,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<PutResult> {
  const { signal } = options
  const source = await headObject(client, from, { signal })
  if (!source) throw noSource(from)
  // A part of no bytes has no range.
  if (source.sizeBytes === 0) return putObject(client, to, EMPTY, { ...source, ...options })
  const upload = await createUpload(client, to, { ...source, signal })
  try {
    const parts: Part[] = []
    for (let start = 0; start < source.sizeBytes; start += COPY_PART_BYTES) {
      const end = Math.min(start + COPY_PART_BYTES, source.sizeBytes)
      parts.push(await copyPart(client, source, upload, parts.length + 1, start, end, signal))
    }
    return await upload.complete(parts, options)
  } catch (error) {
    // Without the caller's signal, which may be the reason. A failure here is the lesser news.
    await upload.abort().catch(() => {})
    throw error
  }
}

function noSource(key: string, cause?: SluiceError): SluiceError {
  return new SluiceError('not-found', `There is no "${key}" to copy`, { ...cause, key, cause })
}

async function copyPart(
  client: S3Client,
  source: ObjectInfo,
  { key, uploadId }: MultipartUpload,
  partNumber: number,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const call: S3Call<string> = {
    operation: 'UploadPartCopy',
    method: 'PUT',
    key,
    query: { partNumber, uploadId },
    headers: {
      'x-amz-copy-source': client.copySource(source.key),
      'x-amz-copy-source-range': `bytes=${start}-${end - 1}`,
      // All parts of one version, the one whose size was asked.
      'x-amz-copy-source-if-match': `"${source.etag}"`,
    },
    signal,
    read: async (response, context) => copyEtag(response, context, 'CopyPartResult'),
  }
  try {
    return { partNumber, etag: await client.send(call), sizeBytes: end - start }
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
    // It is not the caller's condition, on the object to be written, that failed.
    throw new SluiceError('conflict', `"${source.key}" was replaced while it was copied`, {
      ...error,
      key: source.key,
      retryable: true,
      cause: error,
    })
  }
}

async function copyEtag(
  ...[response, context, rootName]: Parameters<typeof readXml>
): Promise<string> {
  const etag = bareEtag((await readXml(response, context, rootName)).text('ETag') ?? '')
  if (!etag) throw protocolError(response, context, 'was answered without an ETag')
  return etag
}
