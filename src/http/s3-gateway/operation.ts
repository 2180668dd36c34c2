import type { Clock, MultipartUpload, Part, Store } from '../../contracts/index.ts'
import type { Payload } from './payload.ts'
import { Refusal } from './refusal.ts'

/** One authenticated request to a bucket. */
export interface Operation {
  readonly store: Store
  /** The stores of all buckets, for a copy from another one. */
  readonly storeOf: (bucket: string) => Store
  readonly bucket: string
  /** What this gateway's requests are signed for. */
  readonly region: string
  /** `''` for the bucket itself. */
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: Headers
  readonly signal: AbortSignal
  readonly uploads: Uploads
  readonly clock: Clock
  /** The body, checked against its length, its signed hash and its checksums. */
  readonly payload: Payload
}

/** An upload, with those of its parts that came through this gateway. */
export interface OpenUpload {
  readonly upload: MultipartUpload
  readonly parts: Map<number, ReceivedPart>
}

export interface ReceivedPart extends Part {
  /** `undefined` where only the store has seen it. */
  readonly receivedMs: number | undefined
  readonly checksums: Readonly<Record<string, string>>
}

/** The uploads of a store that were created through this gateway, by id: a store may be unable to tell their parts, and knows no checksums. */
export type Uploads = Map<string, OpenUpload>

const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-mode',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-trailer',
  'x-amz-user-agent',
])

/** They may say what is so anyway. AWS's SDK for C++, and so pyarrow, names the only version of S3's API in each request. */
const STANDARD: Readonly<Record<string, string>> = {
  'x-amz-api-version': '2006-03-01',
  'x-amz-storage-class': 'STANDARD',
}

/** Kept with an object by S3, and by no store here. */
const UNKEPT = ['content-language', 'expires', 'x-amz-website-redirect-location']

/**
 * Refuses what asks for something that would silently not happen: encryption, access lists, headers that are not kept.
 * `x-id` names the operation for the logs of AWS.
 */
export function refuseUnknown(
  method: string,
  headers: Headers,
  query: ReadonlyMap<string, string>,
  allowed: readonly string[],
): void {
  for (const [name, value] of headers) {
    const standard = STANDARD[name] === value
    const unknown =
      name.startsWith('x-amz-') && !name.startsWith('x-amz-meta-') && !KNOWN_HEADERS.has(name)
    const unkept = method !== 'GET' && method !== 'HEAD' && UNKEPT.includes(name)
    if ((unknown && !standard) || unkept) {
      throw new Refusal('NotImplemented', `A header you provided is not implemented: ${name}`)
    }
  }
  for (const name of query.keys()) {
    if (name !== 'x-id' && !allowed.includes(name)) {
      throw new Refusal('NotImplemented', `A parameter you provided is not implemented: ${name}`)
    }
  }
}
