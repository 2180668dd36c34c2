import type { Bytes, MultipartLimits, Part } from '../../contracts/index.ts'
import { fromBase64, fromUtf8, toBase64 } from '../../core/bytes.ts'
import { type CrcName, combineCrcs, crc } from '../../core/crc.ts'
import { isSluiceError } from '../../core/errors.ts'
import { bareEtag } from '../../s3/response.ts'
import { parseXml, type XmlPart } from '../../s3/xml.ts'
import { conditionsOf, minding } from './conditions.ts'
import { CHECKSUMS, type ChecksumName, PREFIX } from './digests.ts'
import { countOf, pageSize } from './list.ts'
import type { OpenUpload, Operation } from './operation.ts'
import { storedHeaders } from './put-object.ts'
import { Refusal, xmlResponse } from './refusal.ts'

/** 10,000 parts with their ETags and checksums. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

export async function createUpload(operation: Operation): Promise<Response> {
  const { store, bucket, key, headers, signal, uploads } = operation
  limitsOf(operation)
  const upload = await store.createMultipart?.(key, { ...storedHeaders(headers), signal })
  if (!upload) throw noMultipart()
  uploads.set(upload.uploadId, { upload, parts: new Map() })
  return xmlResponse('InitiateMultipartUploadResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', upload.uploadId],
  ])
}

export async function putPart(operation: Operation): Promise<Response> {
  const { maxPartBytes } = limitsOf(operation)
  const partNumber = partNumberOf(operation)
  const open = uploadOf(operation)
  const { payload } = operation
  const etag = await storePart(operation, open, partNumber, await payload.bytes(maxPartBytes))
  return new Response(null, { headers: { etag: `"${etag}"`, ...payload.checksums() } })
}

/** Puts bytes that have been checked into an upload, and gives the part's ETag. */
export async function storePart(
  { signal, payload, clock }: Operation,
  { upload, parts }: OpenUpload,
  partNumber: number,
  body: Bytes,
): Promise<string> {
  const part = await orNoSuchUpload(() => upload.putPart(partNumber, body, { signal }))
  parts.set(partNumber, { ...part, receivedMs: clock.now(), checksums: payload.checksums() })
  return tagOf(part)
}

/**
 * The ETag that a client sees has the part's size in it: a completion needs it, and may come to another handler than the
 * part did, in a Worker or after a restart, which knows only what the client tells.
 */
function tagOf({ etag, sizeBytes }: Part): string {
  return `${etag}.${sizeBytes}`
}

function partOf({ partNumber, tag }: ListedPart): Part | undefined {
  const [, etag, size] = /^(.+)\.(\d{1,15})$/.exec(tag) ?? []
  return etag === undefined ? undefined : { partNumber, etag, sizeBytes: Number(size) }
}

export async function completeUpload(operation: Operation): Promise<Response> {
  const { bucket, key, headers, payload, uploads, signal } = operation
  const limits = limitsOf(operation)
  const open = uploadOf(operation)
  const listed = readParts(fromUtf8(await payload.bytes(MAX_BODY_BYTES)))
  const parts = checkParts(open, listed, limits)
  checkSize(headers, parts)
  checkWhole(headers, open, parts)
  const conditions = conditionsOf(headers)
  const { etag } = await minding(operation, conditions, () =>
    orNoSuchUpload(async () => {
      try {
        return await open.upload.complete(parts, { ...conditions, signal })
      } catch (error) {
        if (isSluiceError(error, 'invalid-options')) throw new Refusal('InvalidPart', error.message)
        throw error
      }
    }),
  )
  uploads.delete(open.upload.uploadId)
  return xmlResponse('CompleteMultipartUploadResult', [
    ['Location', `/${bucket}/${key}`],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', `"${etag}"`],
  ])
}

export async function abortUpload(operation: Operation): Promise<Response> {
  const { upload } = uploadOf(operation)
  await checkOpen(operation)
  await upload.abort({ signal: operation.signal })
  operation.uploads.delete(upload.uploadId)
  return new Response(null, { status: 204 })
}

export async function listParts(operation: Operation): Promise<Response> {
  const { bucket, key, query } = operation
  const { upload, parts } = await openParts(operation)
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
    ['StorageClass', 'STANDARD'],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', truncated ? (shown.at(-1)?.partNumber ?? marker) : undefined],
    ['MaxParts', page],
    ['IsTruncated', truncated],
    ...shown.map(
      (part): XmlPart => [
        'Part',
        [
          ['PartNumber', part.partNumber],
          ['LastModified', part.receivedMs && new Date(part.receivedMs).toISOString()],
          ['ETag', `"${tagOf(part)}"`],
          ['Size', part.sizeBytes],
          ...CHECKSUMS.map((name) => [elementOf(name), part.checksums[PREFIX + name]] as const),
        ],
      ],
    ),
  ])
}

/** With its parts: those of an upload that was not created through this gateway are its store's to tell. */
async function openParts(operation: Operation): Promise<OpenUpload> {
  const { uploads, signal } = operation
  const open = uploadOf(operation)
  const { upload, parts } = open
  if (uploads.has(upload.uploadId)) return open
  await checkOpen(operation)
  if (!upload.listParts) {
    throw new Refusal(
      'NotImplemented',
      'This upload was not created through this gateway, and its store cannot tell the parts',
    )
  }
  await orNoSuchUpload(async () => {
    for await (const part of upload.listParts?.({ signal }) ?? []) {
      parts.set(part.partNumber, { ...part, receivedMs: undefined, checksums: {} })
    }
  })
  return open
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

/** An upload that was not created through this gateway is taken at the client's word; the store knows if it is one. */
export function uploadOf({ store, uploads, key, query }: Operation): OpenUpload {
  const uploadId = query.get('uploadId') ?? ''
  const known = uploads.get(uploadId)
  if (known?.upload.key === key) return known
  const upload = known || !uploadId ? undefined : store.resumeMultipart?.({ key, uploadId })
  if (upload) return { upload, parts: new Map() }
  throw noSuchUpload()
}

/** Throws `NoSuchUpload` where the store can tell. Aborting twice is a success for it, and none for S3. */
async function checkOpen({ store, uploads, key, query, signal }: Operation): Promise<void> {
  const uploadId = query.get('uploadId') ?? ''
  if (uploads.has(uploadId) || !store.listMultipart) return
  for await (const upload of store.listMultipart(key, { signal })) {
    if (upload.key === key && upload.uploadId === uploadId) return
  }
  throw noSuchUpload()
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

interface ListedPart {
  readonly partNumber: number
  readonly tag: string
  readonly checksums: Readonly<Record<string, string | undefined>>
}

function readParts(text: string): readonly ListedPart[] {
  const root = parseXml(text)
  const elements = root?.name === 'CompleteMultipartUpload' ? root.children('Part') : []
  const parts = elements.map((part) => ({
    partNumber: Number(part.text('PartNumber')),
    tag: bareEtag(part.text('ETag') ?? ''),
    checksums: Object.fromEntries(
      CHECKSUMS.map((name) => [PREFIX + name, part.text(elementOf(name))]),
    ),
  }))
  if (parts.length === 0 || !parts.every((part) => part.partNumber >= 1 && part.tag)) {
    throw new Refusal('MalformedXML', 'A CompleteMultipartUpload document with parts is needed')
  }
  return parts
}

/** `ChecksumCRC32`, as the documents of S3 call what is `x-amz-checksum-crc32` in a header. */
function elementOf(name: ChecksumName): string {
  return `Checksum${name.toUpperCase()}`
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
  const received = listed.map((listing) => {
    const { partNumber, checksums } = listing
    const part = partOf(listing)
    const known = parts.get(partNumber)
    const same = Object.entries(checksums).every(
      ([name, value]) => value === undefined || (known?.checksums[name] ?? value) === value,
    )
    if (part && same && (!known || known.etag === part.etag)) return part
    throw new Refusal('InvalidPart', `Part ${partNumber} was not uploaded, or is another one`)
  })
  const small = received.slice(0, -1).find((part) => part.sizeBytes < minPartBytes)
  if (!small) return received
  throw new Refusal(
    'EntityTooSmall',
    `Part ${small.partNumber} is smaller than ${minPartBytes} bytes`,
  )
}

/** Of the whole object, which nobody here has seen, and which those of its parts tell. */
function checkWhole(headers: Headers, { parts: known }: OpenUpload, parts: readonly Part[]): void {
  for (const name of CHECKSUMS) {
    const header = PREFIX + name
    const given = headers.get(header)
    if (given === null) continue
    const found = parts.map(({ partNumber }) =>
      fromBase64(known.get(partNumber)?.checksums[header] ?? ''),
    )
    const combinable = headers.get(`${PREFIX}type`) === 'FULL_OBJECT' && name.startsWith('crc')
    if (!combinable || !found.every((digest) => digest?.byteLength)) {
      throw new Refusal('NotImplemented', `A ${header} of the whole object cannot be checked here`)
    }
    let whole = crc(name as CrcName).digest()
    for (const [index, { sizeBytes }] of parts.entries()) {
      whole = combineCrcs(name as CrcName, whole, found[index] as Bytes, sizeBytes)
    }
    if (toBase64(whole) === given) continue
    throw new Refusal('BadDigest', `The ${name.toUpperCase()} of the parts together is another one`)
  }
}

function checkSize(headers: Headers, parts: readonly Part[]): void {
  const expected = headers.get('x-amz-mp-object-size')
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  if (expected === null || expected === String(sizeBytes)) return
  throw new Refusal('InvalidRequest', `The parts have ${sizeBytes} bytes, not x-amz-mp-object-size`)
}
