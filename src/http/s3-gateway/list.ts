import type { MultipartToken, ObjectInfo, Prefix, UploadInfo } from '../../contracts/index.ts'
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from '../../core/bytes.ts'
import { compareKeys } from '../../core/keys.ts'
import { encodeKey } from '../../s3/endpoint.ts'
import type { XmlPart } from '../../s3/xml.ts'
import type { Operation } from './operation.ts'
import { Refusal, xmlResponse } from './refusal.ts'

const MAX_PAGE = 1000

export async function listObjects({ store, bucket, query, signal }: Operation): Promise<Response> {
  const page = pageSize(query, 'max-keys')
  const name = namer(query)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') || undefined
  const token = query.get('continuation-token')
  const after = token === undefined ? undefined : readToken(token)
  const startAfter = after?.name ?? (query.get('start-after') || undefined)
  const entries: (ObjectInfo | Prefix)[] = []
  let truncated = false
  if (page > 0) {
    for await (const entry of store.list({ prefix, delimiter, startAfter, signal })) {
      // A store begins again within the prefix that the last page ended with.
      if (after?.kind === 'prefix' && entry.kind === 'prefix' && entry.prefix === after.name)
        continue
      truncated = entries.length === page
      if (truncated) break
      entries.push(entry)
    }
  }
  const last = entries.at(-1)
  return xmlResponse('ListBucketResult', [
    ['Name', bucket],
    ['Prefix', name(prefix)],
    ['Delimiter', delimiter && name(delimiter)],
    ['StartAfter', query.has('start-after') ? name(query.get('start-after') ?? '') : undefined],
    ['MaxKeys', page],
    ['KeyCount', entries.length],
    ['EncodingType', query.get('encoding-type')],
    ['ContinuationToken', token],
    ['NextContinuationToken', truncated && last ? writeToken(last) : undefined],
    ['IsTruncated', truncated],
    ...entries.map((entry) => entryPart(entry, name)),
  ])
}

function entryPart(entry: ObjectInfo | Prefix, name: (text: string) => string): XmlPart {
  if (entry.kind === 'prefix') return ['CommonPrefixes', [['Prefix', name(entry.prefix)]]]
  return [
    'Contents',
    [
      ['Key', name(entry.key)],
      ['LastModified', entry.lastModified.toISOString()],
      ['ETag', `"${entry.etag}"`],
      ['Size', entry.sizeBytes],
      ['StorageClass', 'STANDARD'],
    ],
  ]
}

export async function listUploads({ store, bucket, query, signal }: Operation): Promise<Response> {
  if (!store.listMultipart) {
    throw new Refusal('NotImplemented', 'The store behind this gateway cannot list its uploads')
  }
  const page = pageSize(query, 'max-uploads')
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
  const uploads = behind.slice(0, page)
  const truncated = uploads.length < behind.length
  const last = uploads.at(-1)
  return xmlResponse('ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ['Prefix', name(prefix)],
    ['KeyMarker', name(keyMarker)],
    ['UploadIdMarker', idMarker],
    ['MaxUploads', page],
    ['EncodingType', query.get('encoding-type')],
    ['NextKeyMarker', truncated && last ? name(last.key) : undefined],
    ['NextUploadIdMarker', truncated && last ? last.uploadId : undefined],
    ['IsTruncated', truncated],
    ...uploads.map(
      ({ key, uploadId, initiated }): XmlPart => [
        'Upload',
        [
          ['Key', name(key)],
          ['UploadId', uploadId],
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

interface Place {
  readonly kind: 'object' | 'prefix'
  readonly name: string
}

function writeToken(last: ObjectInfo | Prefix): string {
  const name = last.kind === 'object' ? `o${last.key}` : `p${last.prefix}`
  return toBase64Url(utf8(name))
}

function readToken(token: string): Place {
  const bytes = fromBase64Url(token)
  const text = bytes && fromUtf8Strict(bytes)
  if (!text || !/^[op]./su.test(text)) {
    throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect')
  }
  return { kind: text.startsWith('o') ? 'object' : 'prefix', name: text.slice(1) }
}
