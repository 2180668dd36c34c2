import type { MultipartToken, ObjectInfo, Prefix, UploadInfo } from '../../contracts/index.ts'
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from '../../core/bytes.ts'
import { compareKeys } from '../../core/keys.ts'
import { encodeKey } from '../../s3/endpoint.ts'
import type { XmlPart } from '../../s3/xml.ts'
import { OWNER } from './buckets.ts'
import type { Operation } from './operation.ts'
import { Refusal, xmlResponse } from './refusal.ts'

const MAX_PAGE = 1000

type Entry = ObjectInfo | Prefix

/** ListObjectsV2. */
export async function listObjects(operation: Operation): Promise<Response> {
  const { query } = operation
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === undefined ? undefined : readToken(token)
  const page = await readPage(operation, after ?? { name: startAfter ?? '', seen: false })
  return listing(operation, page, query.get('fetch-owner') === 'true', [
    ['KeyCount', page.entries.length],
    ['StartAfter', startAfter === undefined ? undefined : namer(query)(startAfter)],
    ['ContinuationToken', token],
    ['NextContinuationToken', page.last && writeToken(page.last)],
  ])
}

/**
 * The first version of the listing, whose page begins behind a name. S3 says where to go on only where there is a delimiter
 * (else it is the last key); here it is always said.
 */
export async function listObjectsV1(operation: Operation): Promise<Response> {
  const marker = operation.query.get('marker') ?? ''
  const page = await readPage(operation, { name: marker, seen: true })
  const name = namer(operation.query)
  return listing(operation, page, true, [
    ['Marker', name(marker)],
    ['NextMarker', page.last && name(nameOf(page.last))],
  ])
}

interface Page {
  readonly entries: readonly Entry[]
  /** The last entry, if there are more behind it. */
  readonly last: Entry | undefined
}

/** Where a page begins. `seen` when the name may be that of a prefix, whose keys have all been told by it. */
interface Place {
  readonly name: string
  readonly seen: boolean
}

async function readPage({ store, query, signal }: Operation, after: Place): Promise<Page> {
  const size = pageSize(query, 'max-keys')
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') || undefined
  const startAfter = after.name || undefined
  const entries: Entry[] = []
  if (size === 0) return { entries, last: undefined }
  for await (const entry of store.list({ prefix, delimiter, startAfter, signal })) {
    // A store begins again within the prefix that the last page ended with.
    if (after.seen && entry.kind === 'prefix' && entry.prefix === after.name) continue
    if (entries.length === size) return { entries, last: entries.at(-1) }
    entries.push(entry)
  }
  return { entries, last: undefined }
}

function listing(
  { bucket, query }: Operation,
  { entries, last }: Page,
  withOwner: boolean,
  parts: readonly XmlPart[],
): Response {
  const name = namer(query)
  const delimiter = query.get('delimiter')
  return xmlResponse('ListBucketResult', [
    ['Name', bucket],
    ['Prefix', name(query.get('prefix') ?? '')],
    ['Delimiter', delimiter && name(delimiter)],
    ['MaxKeys', pageSize(query, 'max-keys')],
    ['EncodingType', query.get('encoding-type')],
    ['IsTruncated', last !== undefined],
    ...parts,
    ...entries.map((entry) => entryPart(entry, name, withOwner)),
  ])
}

function nameOf(entry: Entry): string {
  return entry.kind === 'object' ? entry.key : entry.prefix
}

function entryPart(entry: Entry, name: (text: string) => string, withOwner: boolean): XmlPart {
  if (entry.kind === 'prefix') return ['CommonPrefixes', [['Prefix', name(entry.prefix)]]]
  return [
    'Contents',
    [
      ['Key', name(entry.key)],
      ['LastModified', entry.lastModified.toISOString()],
      ['ETag', `"${entry.etag}"`],
      ['Size', entry.sizeBytes],
      ['StorageClass', 'STANDARD'],
      ['Owner', withOwner ? OWNER : undefined],
    ],
  ]
}

export async function listUploads({ store, bucket, query, signal }: Operation): Promise<Response> {
  if (!store.listMultipart) {
    throw new Refusal('NotImplemented', 'The store behind this gateway cannot list its uploads')
  }
  const size = pageSize(query, 'max-uploads')
  const name = namer(query)
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const all: UploadInfo[] = []
  for await (const upload of store.listMultipart(prefix, { signal })) all.push(upload)
  // By key, and within one key in the order of their ids: the markers may name an upload that has ended since.
  const order = (a: MultipartToken, b: MultipartToken): number =>
    compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId)
  const behind = all.sort(order).filter((upload) => {
    if (keyMarker === '') return true
    // Without an id the marker stands behind all uploads of its key.
    if (idMarker === '') return compareKeys(upload.key, keyMarker) > 0
    return order(upload, { key: keyMarker, uploadId: idMarker }) > 0
  })
  const uploads = behind.slice(0, size)
  const last = uploads.length < behind.length ? uploads.at(-1) : undefined
  return xmlResponse('ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ['Prefix', name(prefix)],
    ['KeyMarker', name(keyMarker)],
    ['UploadIdMarker', idMarker],
    ['MaxUploads', size],
    ['EncodingType', query.get('encoding-type')],
    ['NextKeyMarker', last && name(last.key)],
    ['NextUploadIdMarker', last?.uploadId],
    ['IsTruncated', last !== undefined],
    ...uploads.map(
      ({ key, uploadId, initiated }): XmlPart => [
        'Upload',
        [
          ['Key', name(key)],
          ['UploadId', uploadId],
          ['Owner', OWNER],
          ['StorageClass', 'STANDARD'],
          ['Initiated', initiated.toISOString()],
        ],
      ],
    ),
  ])
}

export function pageSize(query: ReadonlyMap<string, string>, parameter: string): number {
  return Math.min(countOf(query, parameter, MAX_PAGE), MAX_PAGE)
}

export function countOf(
  query: ReadonlyMap<string, string>,
  parameter: string,
  fallback: number,
): number {
  const text = query.get(parameter) ?? String(fallback)
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Refusal('InvalidArgument', `Argument ${parameter} must be an integer of 0 or more`)
}

/** How names are written: as they are, or as a form would encode them. */
function namer(query: ReadonlyMap<string, string>): (name: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined) return (name) => name
  if (type !== 'url')
    throw new Refusal('InvalidArgument', 'Invalid Encoding Method specified in Request')
  return (name) => encodeKey(name).replaceAll('%20', '+')
}

function writeToken(last: Entry): string {
  const name = last.kind === 'object' ? `o${last.key}` : `p${last.prefix}`
  return toBase64Url(utf8(name))
}

function readToken(token: string): Place {
  const bytes = fromBase64Url(token)
  const text = bytes && fromUtf8Strict(bytes)
  if (!text || !/^[op]./su.test(text)) {
    throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect')
  }
  return { name: text.slice(1), seen: text.startsWith('p') }
}
