import type {
  GetOptions,
  GetResult,
  ObjectInfo,
  Store,
  WriteConditions,
} from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { encodeMetadata, readObjectHeaders } from '../../s3/metadata.ts'
import { bareEtag } from '../../s3/response.ts'
import type { Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

export async function putObject(operation: Operation): Promise<Response> {
  const { store, key, signal } = operation
  const body = await operation.body(store.capabilities.maxPutBytes)
  const conditions = conditionsOf(operation.headers)
  const { etag } = await minding(operation, conditions, () =>
    store.put(key, body, { ...readObjectHeaders(operation.headers), ...conditions, signal }),
  )
  return new Response(null, { headers: { etag: `"${etag}"` } })
}

export async function headObject({ store, key, headers, signal }: Operation): Promise<Response> {
  const info = await store.head(key, { signal })
  if (!info) throw noSuchKey()
  const status = checkConditions(headers, info)
  return new Response(null, { status, headers: headersOf(info) })
}

export async function getObject({ store, key, headers, signal }: Operation): Promise<Response> {
  const wanted = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(headers.get('range') ?? '')
  const conditional = CONDITIONS.some((name) => headers.has(name))
  if (!wanted && !conditional) {
    const found = await store.get(key, { signal })
    if (!found) throw noSuchKey()
    return new Response(found.body, { headers: headersOf(found) })
  }
  const info = await store.head(key, { signal })
  if (!info) throw noSuchKey()
  if (checkConditions(headers, info) === 304) {
    return new Response(null, { status: 304, headers: headersOf(info) })
  }
  const range = wanted ? rangeOf(wanted, info.sizeBytes) : undefined
  const found = await getVersion(store, info, range, signal)
  const answer = headersOf(found)
  if (!range) return new Response(found.body, { headers: answer })
  answer.set('content-length', String(range.end - range.start))
  answer.set('content-range', `bytes ${range.start}-${range.end - 1}/${info.sizeBytes}`)
  return new Response(found.body, { status: 206, headers: answer })
}

/** The version that was looked at. Another one is no failed condition of the client's: it may ask again. */
async function getVersion(
  store: Store,
  { key, etag }: ObjectInfo,
  range: GetOptions['range'],
  signal: AbortSignal,
): Promise<GetResult> {
  try {
    const found = await store.get(key, { range, ifMatch: etag, signal })
    if (found) return found
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
  }
  throw new Refusal('ServiceUnavailable', 'The object was replaced while it was read: try again')
}

export async function deleteObject({ store, key, signal }: Operation): Promise<Response> {
  const { failed } = await store.delete(key, { signal })
  if (failed[0]) throw failed[0].error
  return new Response(null, { status: 204 })
}

export function conditionsOf(headers: Headers): WriteConditions {
  const ifNoneMatch = headers.get('if-none-match') ?? undefined
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new Refusal('NotImplemented', 'A write takes If-None-Match with * only')
  }
  const ifMatch = headers.get('if-match')
  return { ifNoneMatch, ifMatch: ifMatch === null ? undefined : bareEtag(ifMatch) }
}

/** S3 tells a write with If-Match to an absent key from one to another version. */
export async function minding<T>(
  { store, key, signal }: Operation,
  { ifMatch }: WriteConditions,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const unmet = ifMatch !== undefined && isSluiceError(error, 'precondition-failed')
    if (unmet && !(await store.head(key, { signal }))) throw noSuchKey()
    throw error
  }
}

export function noSuchKey(): Refusal {
  return new Refusal('NoSuchKey', 'The specified key does not exist.')
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/** The status of a read, by RFC 9110 section 13.2.2. Throws `PreconditionFailed`. */
function checkConditions(headers: Headers, info: ObjectInfo): 200 | 304 {
  const ifMatch = headers.get('if-match')
  const ifNoneMatch = headers.get('if-none-match')
  const names = (list: string): boolean =>
    list.split(',').some((tag) => tag.trim() === '*' || bareEtag(tag.trim()) === info.etag)
  // HTTP dates have whole seconds.
  const changedMs = Math.floor(info.lastModified.getTime() / 1000) * 1000
  const unmodifiedMs = Date.parse(headers.get('if-unmodified-since') ?? '')
  const modifiedMs = Date.parse(headers.get('if-modified-since') ?? '')
  if (ifMatch === null ? changedMs > unmodifiedMs : !names(ifMatch)) {
    throw new Refusal('PreconditionFailed', 'At least one of the pre-conditions did not hold')
  }
  const same = ifNoneMatch === null ? changedMs <= modifiedMs : names(ifNoneMatch)
  return same ? 304 : 200
}

function rangeOf(match: RegExpExecArray, sizeBytes: number): { start: number; end: number } {
  const [, first, last, suffix] = match
  const start = suffix === undefined ? Number(first) : Math.max(0, sizeBytes - Number(suffix))
  const end = last ? Math.min(Number(last) + 1, sizeBytes) : sizeBytes
  if (start >= end) throw new Refusal('InvalidRange', 'The requested range is not satisfiable')
  return { start, end }
}

function headersOf(info: ObjectInfo): Headers {
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'content-length': String(info.sizeBytes),
    'content-type': ascii(info.contentType ?? 'binary/octet-stream'),
    etag: `"${info.etag}"`,
    'last-modified': info.lastModified.toUTCString(),
  })
  const { cacheControl, contentDisposition, contentEncoding } = info
  const optional = { cacheControl, contentDisposition, contentEncoding }
  for (const [name, value] of Object.entries(optional)) {
    if (value !== undefined) headers.set(name.replace(/[A-Z]/g, '-$&'), ascii(value))
  }
  for (const [name, value] of Object.entries(info.metadata ?? {})) {
    headers.set(`x-amz-meta-${name}`, encodeMetadata(value))
  }
  return headers
}

function ascii(value: string): string {
  return /^[\u0020-\u007e]*$/.test(value) ? value : encodeMetadata(value)
}
