import type { MultipartLimits, Part } from '../../contracts/index.ts'
import { fromUtf8 } from '../../core/bytes.ts'
import { isSluiceError } from '../../core/errors.ts'
import { readObjectHeaders } from '../../s3/metadata.ts'
import { bareEtag } from '../../s3/response.ts'
import { parseXml, type XmlPart } from '../../s3/xml.ts'
import { countOf, pageSize } from './list.ts'
import { conditionsOf, minding } from './objects.ts'
import type { OpenUpload, Operation } from './operation.ts'
import { Refusal, xmlResponse } from './refusal.ts'

const MAX_BODY_BYTES = 16 * 1024 * 1024

export async function createUpload(operation: Operation): Promise<Response> {
  const { store, bucket, key, headers, signal, uploads } = operation
  limitsOf(operation)
  const upload = await store.createMultipart?.(key, { ...readObjectHeaders(headers), signal })
  if (!upload) throw noMultipart()
  uploads.set(idOf(bucket, upload.uploadId), { upload, parts: new Map() })
  return xmlResponse('InitiateMultipartUploadResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', upload.uploadId],
  ])
}

export async function putPart(operation: Operation): Promise<Response> {
  const { maxPartBytes } = limitsOf(operation)
  const partNumber = partNumberOf(operation)
  uploadOf(operation)
  const part = await storePart(operation, partNumber, await operation.body(maxPartBytes))
  return new Response(null, { headers: { etag: `"${part.etag}"` } })
}

/** Puts bytes that have been checked into the upload of the operation. */
export async function storePart(
  operation: Operation,
  partNumber: number,
  body: Uint8Array<ArrayBuffer>,
): Promise<Part> {
  const { upload, parts } = uploadOf(operation)
  const part = await orNoSuchUpload(() =>
    upload.putPart(partNumber, body, { signal: operation.signal }),
  )
  parts.set(partNumber, { ...part, receivedMs: Date.now() })
  return part
}

export async function completeUpload(operation: Operation): Promise<Response> {
  const { bucket, key, uploads, signal } = operation
  const limits = limitsOf(operation)
  const open = uploadOf(operation)
  const listed = readParts(fromUtf8(await operation.body(MAX_BODY_BYTES)))
  const parts = checkParts(open, listed, limits)
  const conditions = conditionsOf(operation.headers)
  const { etag } = await minding(operation, conditions, () =>
    orNoSuchUpload(() => open.upload.complete(parts, { ...conditions, signal })),
  )
  uploads.delete(idOf(bucket, open.upload.uploadId))
  return xmlResponse('CompleteMultipartUploadResult', [
    ['Location', `/${bucket}/${key}`],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', `"${etag}"`],
  ])
}

export async function abortUpload(operation: Operation): Promise<Response> {
  const { upload } = uploadOf(operation)
  await upload.abort({ signal: operation.signal })
  operation.uploads.delete(idOf(operation.bucket, upload.uploadId))
  return new Response(null, { status: 204 })
}

export async function listParts(operation: Operation): Promise<Response> {
  const { bucket, key, query } = operation
  const { upload, parts } = uploadOf(operation)
  const page = pageSize(query, 'max-parts')
  const marker = countOf(query, 'part-number-marker', 0)
  const all = [...parts.values()]
    .filter((part) => part.partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber)
  const shown = all.slice(0, page)
  const truncated = shown.length < all.length
  return xmlResponse('ListPartsResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', upload.uploadId],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', truncated ? (shown.at(-1)?.partNumber ?? marker) : undefined],
    ['MaxParts', page],
    ['IsTruncated', truncated],
    ...shown.map(
      ({ partNumber, etag, sizeBytes, receivedMs }): XmlPart => [
        'Part',
        [
          ['PartNumber', partNumber],
          ['LastModified', new Date(receivedMs).toISOString()],
          ['ETag', `"${etag}"`],
          ['Size', sizeBytes],
        ],
      ],
    ),
  ])
}

export function partNumberOf(operation: Operation): number {
  const { maxParts } = limitsOf(operation)
  const text = operation.query.get('partNumber') ?? ''
  const partNumber = Number(text)
  if (!/^\d{1,9}$/.test(text) || partNumber < 1 || partNumber > maxParts) {
    throw new Refusal('InvalidArgument', `Part number must be an integer between 1 and ${maxParts}`)
  }
  return partNumber
}

export function limitsOf({ store }: Operation): MultipartLimits {
  if (!store.capabilities.multipart) throw noMultipart()
  return store.capabilities.multipart
}

function noMultipart(): Refusal {
  return new Refusal('NotImplemented', 'The store behind this gateway has no multipart uploads')
}

function uploadOf({ uploads, bucket, key, query }: Operation): OpenUpload {
  const open = uploads.get(idOf(bucket, query.get('uploadId') ?? ''))
  if (open?.upload.key !== key) throw noSuchUpload()
  return open
}

function idOf(bucket: string, uploadId: string): string {
  return `${bucket}/${uploadId}`
}

function noSuchUpload(): Refusal {
  return new Refusal(
    'NoSuchUpload',
    'The specified upload does not exist, or was aborted or completed.',
  )
}

/** What a store means by `not-found` here is the upload. */
async function orNoSuchUpload<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw isSluiceError(error, 'not-found') ? noSuchUpload() : error
  }
}

type ListedPart = Pick<Part, 'partNumber' | 'etag'>

function readParts(text: string): readonly ListedPart[] {
  const root = parseXml(text)
  const elements = root?.name === 'CompleteMultipartUpload' ? root.children('Part') : []
  const parts = elements.map((part) => ({
    partNumber: Number(part.text('PartNumber')),
    etag: bareEtag(part.text('ETag') ?? ''),
  }))
  if (parts.length === 0 || !parts.every((part) => part.partNumber >= 1 && part.etag)) {
    throw new Refusal('MalformedXML', 'A CompleteMultipartUpload document with parts is needed')
  }
  return parts
}

function checkParts(
  { parts }: OpenUpload,
  listed: readonly ListedPart[],
  { minPartBytes }: MultipartLimits,
): readonly Part[] {
  for (const [index, { partNumber }] of listed.entries()) {
    if (partNumber <= (listed[index - 1]?.partNumber ?? 0)) {
      throw new Refusal('InvalidPartOrder', 'The parts must be listed in ascending order')
    }
  }
  const received = listed.map(({ partNumber, etag }) => {
    const part = parts.get(partNumber)
    if (part?.etag === etag) return part
    throw new Refusal('InvalidPart', `Part ${partNumber} was not uploaded, or with another ETag`)
  })
  const small = received.slice(0, -1).find((part) => part.sizeBytes < minPartBytes)
  if (!small) return received
  throw new Refusal(
    'EntityTooSmall',
    `Part ${small.partNumber} is smaller than ${minPartBytes} bytes`,
  )
}
