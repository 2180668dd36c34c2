import type {
  GetResult,
  ObjectHeaders,
  ObjectInfo,
  PutResult,
  Store,
} from '../../contracts/index.ts'
import { iterate } from '../../core/reading.ts'
import {
  checkConditions,
  conditionsOf,
  hasConditions,
  minding,
  noSuchKey,
  unmet,
} from './conditions.ts'
import { limitsOf, partNumberOf, storePart, uploadOf } from './multipart.ts'
import type { Operation } from './operation.ts'
import { storedHeaders, writeObject } from './put-object.ts'
import { Refusal, xmlResponse } from './refusal.ts'
import { decode } from './target.ts'

interface Source {
  readonly store: Store
  readonly key: string
  /** The version that the conditions were held against. */
  readonly ifMatch: string | undefined
}

export async function copyObject(operation: Operation): Promise<Response> {
  const { store, key, headers, signal } = operation
  const conditions = conditionsOf(headers)
  const replace = replacesMetadata(headers)
  const source = await sourceOf(operation)
  if (source.store === store && source.key === key && !replace) {
    throw new Refusal('InvalidRequest', 'An object is copied to itself only to change its metadata')
  }
  const { etag } = await minding(operation, conditions, async (): Promise<PutResult> => {
    if (store.copy && source.store === store && !replace && source.ifMatch === undefined) {
      return store.copy(source.key, key, { ...conditions, signal })
    }
    const found = await readSource(operation, source)
    const kept = headersOf(replace ? storedHeaders(headers) : found)
    const options = { ...kept, ...conditions, signal }
    return writeObject(store, key, iterate(found.body), found.sizeBytes, options)
  })
  return copyResult('CopyObjectResult', etag)
}

export async function copyPart(operation: Operation): Promise<Response> {
  const { maxPartBytes } = limitsOf(operation)
  const partNumber = partNumberOf(operation)
  const upload = uploadOf(operation)
  const range = rangeOf(operation.headers)
  const found = await readSource(operation, await sourceOf(operation), range)
  if ((range ? range.end - range.start : found.sizeBytes) > maxPartBytes) {
    await found.body.cancel()
    throw new Refusal(
      'EntityTooLarge',
      'What is to be copied is larger than a part may be: give a smaller range',
    )
  }
  const etag = await storePart(operation, upload, partNumber, await found.bytes())
  return copyResult('CopyPartResult', etag)
}

function headersOf(info: ObjectHeaders): ObjectHeaders {
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = info
  return { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
}

function copyResult(root: string, etag: string): Response {
  return xmlResponse(root, [
    ['LastModified', new Date().toISOString()],
    ['ETag', `"${etag}"`],
  ])
}

function replacesMetadata(headers: Headers): boolean {
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY'
  if (directive === 'COPY' || directive === 'REPLACE') return directive === 'REPLACE'
  throw new Refusal('InvalidArgument', 'Unknown metadata directive: COPY or REPLACE')
}

const PREFIX = 'x-amz-copy-source-'

async function sourceOf({ headers, storeOf, signal }: Operation): Promise<Source> {
  const text = (headers.get('x-amz-copy-source') ?? '').replace(/^\//, '')
  if (/[?&]versionId=/.test(text)) throw new Refusal('NotImplemented', 'There are no versions here')
  const path = decode(text)
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) {
    throw new Refusal('InvalidArgument', 'Copy Source must mention the source bucket and key')
  }
  const store = storeOf(path.slice(0, slash))
  const key = path.slice(slash + 1)
  if (!hasConditions(headers, PREFIX)) return { store, key, ifMatch: undefined }
  const info = await store.head(key, { signal })
  if (!info) throw noSuchKey()
  return { store, key, ifMatch: checkedSource(headers, info) }
}

/** A copy knows no 304: a source that has not changed is a condition that failed. */
function checkedSource(headers: Headers, info: ObjectInfo): string {
  if (checkConditions(headers, info, PREFIX) === 304) throw unmet()
  return info.etag
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

function rangeOf(headers: Headers): ByteRange | undefined {
  const text = headers.get('x-amz-copy-source-range')
  if (text === null) return undefined
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text)
  const [start, last] = [Number(match?.[1]), Number(match?.[2])]
  if (!(start <= last)) {
    throw new Refusal('InvalidArgument', 'The x-amz-copy-source-range must be bytes=first-last')
  }
  return { start, end: last + 1 }
}

async function readSource(
  { signal }: Operation,
  { store, key, ifMatch }: Source,
  range?: ByteRange,
): Promise<GetResult> {
  const found = await store.get(key, { range, ifMatch, signal })
  if (!found) throw noSuchKey()
  if (range && range.end > found.sizeBytes) {
    await found.body.cancel()
    throw new Refusal(
      'InvalidArgument',
      `Range specified is not valid for source object of size: ${found.sizeBytes}`,
    )
  }
  return found
}
