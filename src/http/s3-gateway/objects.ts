import type { GetOptions, GetResult, ObjectInfo, Store } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { encodeMetadata } from '../../s3/metadata.ts'
import { bareEtag } from '../../s3/response.ts'
import { CONDITIONS, checkConditions, hasConditions, noSuchKey } from './conditions.ts'
import type { Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

/** Parameters by which a reader has headers of his own in the answer. */
export const OVERRIDES: readonly string[] = [
  ...['response-cache-control', 'response-content-disposition', 'response-content-encoding'],
  ...['response-content-language', 'response-content-type', 'response-expires'],
]

export async function headObject(operation: Operation): Promise<Response> {
  const { store, key, headers, signal } = operation
  const info = await store.head(key, { signal })
  if (!info) throw noSuchKey()
  if (checkConditions(headers, info) === 304) return notModified(operation, info)
  return answer(operation, info, rangeOf(headers, info), null)
}

export async function getObject(operation: Operation): Promise<Response> {
  const { store, key, headers, signal } = operation
  if (!headers.has('range') && !hasConditions(headers)) {
    const found = await store.get(key, { signal })
    if (!found) throw noSuchKey()
    return answer(operation, found, undefined, found.body)
  }
  const atOnce = await getRange(operation)
  if (atOnce) return atOnce
  const info = await store.head(key, { signal })
  if (!info) throw noSuchKey()
  if (checkConditions(headers, info) === 304) return notModified(operation, info)
  const range = rangeOf(headers, info)
  const found = await getVersion(store, info, range, signal)
  return answer(operation, found, range, found.body)
}

/**
 * A range from a known place, of any version or of one: what readers of large objects ask for again and again, and a store says
 * in one look. `undefined` where it takes another look to tell what is wrong.
 */
async function getRange(operation: Operation): Promise<Response | undefined> {
  const { store, key, headers, signal } = operation
  const [, first, last = ''] =
    /^bytes=(\d{1,15})-(\d{0,15})$/.exec(headers.get('range') ?? '') ?? []
  const [, ifMatch] = /^"([^"]+)"$/.exec(headers.get('if-match') ?? '') ?? []
  const others = CONDITIONS.some((name) => name !== 'if-match' && headers.has(name))
  if (first === undefined || others || headers.has('if-range')) return undefined
  if (headers.has('if-match') && ifMatch === undefined) return undefined
  const start = Number(first)
  const end = last === '' ? undefined : Number(last) + 1
  if (end !== undefined && end <= start) return undefined
  try {
    const found = await store.get(key, { range: { start, end }, ifMatch, signal })
    if (!found) throw noSuchKey()
    const { sizeBytes } = found
    return answer(
      operation,
      found,
      { start, end: Math.min(end ?? sizeBytes, sizeBytes) },
      found.body,
    )
  } catch (error) {
    // Another version, or a place behind the end.
    if (isSluiceError(error, 'precondition-failed') || isSluiceError(error, 'invalid-options'))
      return undefined
    throw error
  }
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

export async function deleteObject({ store, key, headers, signal }: Operation): Promise<Response> {
  if (hasConditions(headers)) {
    throw new Refusal('NotImplemented', 'A deletion takes no conditions here')
  }
  const { failed } = await store.delete(key, { signal })
  if (failed[0]) throw failed[0].error
  return new Response(null, { status: 204 })
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

/** One range of bytes; anything else that RFC 9110 allows in a Range is passed over, as it says. */
function rangeOf(headers: Headers, { sizeBytes, etag }: ObjectInfo): ByteRange | undefined {
  const match = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(headers.get('range') ?? '')
  const ifRange = headers.get('if-range')
  if (!match || (ifRange !== null && bareEtag(ifRange) !== etag)) return undefined
  const [, first, last, suffix] = match
  const start = suffix === undefined ? Number(first) : Math.max(0, sizeBytes - Number(suffix))
  const end = last ? Math.min(Number(last) + 1, sizeBytes) : sizeBytes
  if (start < end) return { start, end }
  throw new Refusal('InvalidRange', 'The requested range is not satisfiable', [
    ['ActualObjectSize', sizeBytes],
  ])
}

function notModified({ query }: Operation, info: ObjectInfo): Response {
  const headers = headersOf(info, query)
  headers.delete('content-length')
  return new Response(null, { status: 304, headers })
}

function answer(
  { query }: Operation,
  info: ObjectInfo,
  range: ByteRange | undefined,
  body: ReadableStream | null,
): Response {
  const headers = headersOf(info, query)
  if (range) {
    headers.set('content-length', String(range.end - range.start))
    headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${info.sizeBytes}`)
  }
  return new Response(body, { status: range ? 206 : 200, headers })
}

function headersOf(info: ObjectInfo, query: ReadonlyMap<string, string>): Headers {
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
  for (const name of OVERRIDES) {
    const value = query.get(name)
    if (value === undefined) continue
    if (!ASCII.test(value)) {
      throw new Refusal('InvalidArgument', `${name} must be printable ASCII`)
    }
    headers.set(name.slice('response-'.length), value)
  }
  return headers
}

const ASCII = /^[\u0020-\u007e]*$/

function ascii(value: string): string {
  return ASCII.test(value) ? value : encodeMetadata(value)
}
