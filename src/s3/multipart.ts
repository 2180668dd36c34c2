import type {
  Bytes,
  CallOptions,
  MultipartToken,
  MultipartUpload,
  Part,
  PutResult,
  WriteConditions,
} from '../contracts/index.ts'
import { utf8 } from '../core/bytes.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import type { S3Checksum, S3Client } from './client.ts'
import { protocolError } from './errors.ts'
import { listParts } from './list-parts.ts'
import { newNonce, objectHeaders } from './metadata.ts'
import {
  checkBody,
  checkConditional,
  conditionHeaders,
  headObject,
  ifWritten,
  isAbsent,
  mindAbsent,
} from './objects.ts'
import type { S3UploadOptions } from './put-options.ts'
import { drain, etagOf, readXml, xmlEtag } from './response.ts'
import { writeXml } from './xml.ts'

/**
 * Opens an upload. When the answer is lost the upload stays open unseen; `listUploads` of `sluice/s3/janitor` finds it. The object gets a
 * nonce in its metadata (`sluice-write`), by which its completion is told from another writer's.
 */
export function createUpload(
  client: S3Client,
  key: string,
  options: S3UploadOptions = {},
): Promise<MultipartUpload> {
  return beginUpload(client, key, options, client.checksum)
}

/** The same for parts that the server copies, which must have no checksum: MinIO and versitygw know none of those. */
export async function beginUpload(
  client: S3Client,
  key: string,
  options: S3UploadOptions,
  checksum?: S3Checksum,
): Promise<MultipartUpload> {
  const nonce = newNonce()
  const uploadId = await client.send({
    operation: 'CreateMultipartUpload',
    method: 'POST',
    key,
    query: { uploads: '' },
    headers: { ...objectHeaders(options, nonce), ...checksum?.uploadHeaders },
    signal: options.signal,
    async read(response, context) {
      const root = await readXml(response, context, 'InitiateMultipartUploadResult')
      const id = root.text('UploadId')
      if (!id) throw protocolError(response, context, 'was answered without an UploadId')
      return id
    },
  })
  return openUpload(client, { key, uploadId, checksum: checksum?.name }, nonce)
}

/**
 * The upload of another process. Sends nothing.
 *
 * Errors: `invalid-options` for a token without an `uploadId`.
 */
export function resumeUpload(client: S3Client, token: MultipartToken): MultipartUpload {
  // Without it a part would replace the object, and an abort would delete it.
  if (!token.uploadId) {
    const { key } = token
    throw new SluiceError('invalid-options', `The token of "${key}" names no upload`, { key })
  }
  return openUpload(client, token, undefined)
}

function openUpload(
  client: S3Client,
  { key, uploadId, checksum }: MultipartToken,
  nonce: string | undefined,
): MultipartUpload {
  return {
    key,
    uploadId,
    putPart: (partNumber, body, options = {}) =>
      putPart(client, { key, uploadId, checksum }, partNumber, body, options),
    complete: (parts, options = {}) =>
      completeUpload(client, { key, uploadId, checksum }, parts, options, nonce),
    abort: (options = {}) => abortUpload(client, { key, uploadId }, options),
    listParts: (options = {}) => listParts(client, { key, uploadId }, options),
    toJSON: () => ({ key, uploadId, checksum }),
  }
}

async function putPart(
  client: S3Client,
  token: MultipartToken,
  partNumber: number,
  body: Bytes | Blob,
  options: CallOptions,
): Promise<Part> {
  const { key, uploadId } = token
  checkBody(key, body)
  const sizeBytes = body instanceof Blob ? body.size : body.byteLength
  const checksum = checksumOf(client, token)
  const sum = await checksum?.of(body)
  const summed = sum && { checksum: sum }
  const { etag, hidden } = await client.send({
    operation: 'UploadPart',
    method: 'PUT',
    key,
    query: { partNumber, uploadId },
    // Else a Blob would bring the type of its own.
    headers: { 'content-type': 'application/octet-stream', ...(sum && checksum?.headers(sum)) },
    body,
    signal: options.signal,
    async read(response, context): Promise<{ etag?: string; hidden?: unknown }> {
      await drain(response, context)
      try {
        return { etag: etagOf(response, context) }
      } catch (hidden) {
        return { hidden }
      }
    },
  })
  if (etag) return { partNumber, etag, sizeBytes, ...summed }
  // A page sees the header only if the bucket's CORS rule exposes it, and any document.
  try {
    // MinIO lists nothing behind a part that is not there (yet): then from the first one.
    for (const page of [{ after: partNumber - 1, pageParts: 1 }, {}]) {
      for await (const part of listParts(client, token, options, page)) {
        if (part.partNumber === partNumber && part.sizeBytes === sizeBytes)
          return { ...part, ...summed }
        if (part.partNumber >= partNumber) break
      }
    }
  } catch (error) {
    // Whoever may not list its parts is told what to do about the header.
    const { code, retryable } = error as SluiceError
    if (retryable || code === 'not-found' || options.signal?.aborted) throw error
  }
  throw hidden
}

/** The client's, if the upload was created with it: S3 refuses parts with another. */
function checksumOf({ checksum }: S3Client, upload: MultipartToken): S3Checksum | undefined {
  return checksum?.name === upload.checksum ? checksum : undefined
}

/**
 * Completing again what was completed is a success on AWS, and NoSuchUpload or a failed condition elsewhere: after an
 * answer was lost, the object itself is asked.
 */
async function completeUpload(
  client: S3Client,
  token: MultipartToken,
  parts: readonly Part[],
  options: WriteConditions & CallOptions,
  nonce: string | undefined,
): Promise<PutResult> {
  const { key, uploadId } = token
  checkConditional(client, key, options, 'conditionalComplete')
  const sums = checksumOf(client, token)?.completion(parts)
  const listed = parts.map(
    (part) =>
      [
        'Part',
        [
          ['PartNumber', part.partNumber],
          ['ETag', `"${part.etag}"`],
          ...(sums ? [sums.partXml(part)] : []),
        ],
      ] as const,
  )
  return mindAbsent(options, key, () =>
    client.send({
      operation: 'CompleteMultipartUpload',
      method: 'POST',
      key,
      query: { uploadId },
      headers: {
        'content-type': 'application/xml',
        ...conditionHeaders(options),
        ...sums?.headers,
      },
      body: utf8(writeXml('CompleteMultipartUpload', listed)),
      signBody: true,
      signal: options.signal,
      read: async (response, context) => ({
        etag: await xmlEtag(response, context, 'CompleteMultipartUploadResult'),
      }),
      async recover(error, outcomeUnknown) {
        // By its status: the document that names NoSuchUpload may have been cut off.
        const gone = isSluiceError(error, 'not-found')
        if (!gone && !isSluiceError(error, 'precondition-failed')) return undefined
        if (nonce) return ifWritten(client, key, nonce, options.signal)
        // Begun by another process, whose nonce nobody knows. A size proves nothing against another writer, so it
        // counts only where none was in the way, and an answer of ours was lost.
        return gone && outcomeUnknown ? ifAlike(client, key, parts, options.signal) : undefined
      },
    }),
  )
}

/** The object under the key if it has this upload's size and, where its ETag tells, number of parts. */
async function ifAlike(
  client: S3Client,
  key: string,
  parts: readonly Part[],
  signal: AbortSignal | undefined,
): Promise<PutResult | undefined> {
  const found = await headObject(client, key, { signal })
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  if (found?.sizeBytes !== sizeBytes || !found.etag.endsWith(`-${parts.length}`)) return undefined
  return { etag: found.etag }
}

const ABORT_ROUNDS = 4
const ABORT_PAUSE_MS = 500

/**
 * A part that was on its way when its upload was aborted may be stored after that, and then the upload stays open with it:
 * so the server is asked whether it is gone, and else to abort again.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
async function abortUpload(
  client: S3Client,
  { key, uploadId }: MultipartToken,
  { signal }: CallOptions,
): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      await client.send({
        operation: 'AbortMultipartUpload',
        method: 'DELETE',
        key,
        query: { uploadId },
        signal,
        read: drain,
      })
    } catch (error) {
      if (isAbsent(error)) return
      throw error
    }
    try {
      await listParts(client, { key, uploadId }, { signal }).next()
    } catch (error) {
      // A server that refuses to tell was asked to abort, and has agreed.
      if (!signal?.aborted && isSluiceError(error) && !error.retryable) return
      throw error
    }
    if (round === ABORT_ROUNDS) {
      throw new SluiceError('conflict', `"${key}" gets parts after its abort: abort again`, {
        key,
        uploadId,
      })
    }
    await client.clock.sleep(ABORT_PAUSE_MS, signal)
  }
}
