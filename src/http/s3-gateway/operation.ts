import type { Bytes, MultipartUpload, Part, Store } from '../../contracts/index.ts'
import { EMPTY, toBase64, toHex } from '../../core/bytes.ts'
import { isSluiceError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { collectBytes } from '../../core/streams.ts'
import { UNSIGNED_PAYLOAD } from '../../s3/sign.ts'
import { Refusal } from './refusal.ts'

/** One authenticated request to a bucket. */
export interface Operation {
  readonly method: string
  readonly store: Store
  /** The stores of all buckets, for a copy from another one. */
  readonly storeOf: (bucket: string) => Store
  readonly bucket: string
  /** `''` for the bucket itself. */
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: Headers
  readonly signal: AbortSignal
  readonly uploads: Uploads
  /** Reads the body, once, and checks it against its length, its signed hash and its checksum. */
  body(maxBytes: number): Promise<Bytes>
}

/** An upload that was created through this gateway. */
export interface OpenUpload {
  readonly upload: MultipartUpload
  readonly parts: Map<number, ReceivedPart>
}

export interface ReceivedPart extends Part {
  readonly receivedMs: number
}

/**
 * The open uploads of this process, by bucket and id: a store keeps the parts, but has no verb to tell them again, and
 * their sizes are needed at the end.
 */
export type Uploads = Map<string, OpenUpload>

/** Where a request goes, decoded. */
export interface Target {
  readonly host: string
  readonly path: string
  readonly bucket: string
  readonly key: string
  readonly query: readonly (readonly [name: string, value: string])[]
}

/**
 * Takes the URL apart as it was sent, without a URL parser, which would decode otherwise. Dot segments, though, are
 * resolved before a `Request` exists: a server in front must refuse them, or a client that resolves them as well
 * writes another key than it thinks.
 */
export function targetOf(request: Request): Target {
  const [, host = '', rest = '/'] = /^[a-z]+:\/\/([^/?#]*)([^#]*)/i.exec(request.url) ?? []
  const mark = rest.indexOf('?')
  const path = decode(mark < 0 ? rest : rest.slice(0, mark)) || '/'
  const slash = path.indexOf('/', 1)
  const query = (mark < 0 ? '' : rest.slice(mark + 1)).split('&').filter((pair) => pair !== '')
  return {
    host,
    path,
    bucket: slash < 0 ? path.slice(1) : path.slice(1, slash),
    key: slash < 0 ? '' : path.slice(slash + 1),
    query: query.map((pair) => {
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))] as const
    }),
  }
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(
      'InvalidURI',
      "Couldn't parse the specified URI: it is not percent-encoded UTF-8",
    )
  }
}

/** Reads and checks the body of a signed request. Without a body, `''` must be what was signed. */
export async function readSignedBody(
  request: Request,
  payloadHash: string,
  maxBytes: number,
): Promise<Bytes> {
  const length = request.headers.get('content-length')
  if (length === null || !/^\d+$/.test(length)) {
    throw new Refusal('MissingContentLength', 'You must provide the Content-Length HTTP header')
  }
  if (Number(length) > maxBytes) {
    throw new Refusal(
      'EntityTooLarge',
      `Your proposed upload exceeds the ${maxBytes} bytes allowed`,
    )
  }
  const body = request.body ? await readAtMost(request.body, Number(length)) : EMPTY
  if (body?.byteLength !== Number(length)) {
    throw new Refusal(
      'IncompleteBody',
      'The body does not have the length that Content-Length says',
    )
  }
  await checkDigests(request.headers, payloadHash, body)
  return body
}

async function readAtMost(
  source: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Bytes | undefined> {
  try {
    return await collectBytes(source as ReadableStream<Bytes>, maxBytes)
  } catch (error) {
    // Longer than declared, or the connection broke: not the body that was announced.
    if (isSluiceError(error, 'too-large')) return undefined
    throw new Refusal('IncompleteBody', 'The body broke off')
  }
}

async function checkDigests(headers: Headers, payloadHash: string, body: Bytes): Promise<void> {
  const checksum = headers.get('x-amz-checksum-sha256')
  if (payloadHash === UNSIGNED_PAYLOAD && checksum === null) return
  const digest = await sha256(body)
  if (payloadHash !== UNSIGNED_PAYLOAD && payloadHash !== toHex(digest)) {
    throw new Refusal(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed",
    )
  }
  if (checksum !== null && checksum !== toBase64(digest)) {
    throw new Refusal('BadDigest', 'The SHA256 you specified did not match what we received')
  }
}

const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-checksum-mode',
  'x-amz-checksum-sha256',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-metadata-directive',
  'x-amz-security-token',
  'x-amz-user-agent',
])

/**
 * Refuses what asks for something that would silently not happen: encryption, access lists, checksums of other kinds.
 * `x-id` names the operation for the logs of AWS.
 */
export function refuseUnknown(
  headers: Headers,
  query: ReadonlyMap<string, string>,
  allowed: readonly string[],
): void {
  for (const name of headers.keys()) {
    const unknown =
      name.startsWith('x-amz-') && !name.startsWith('x-amz-meta-') && !KNOWN_HEADERS.has(name)
    if (unknown || name === 'content-md5') {
      throw new Refusal('NotImplemented', `A header you provided is not implemented: ${name}`)
    }
  }
  for (const name of query.keys()) {
    if (name !== 'x-id' && !allowed.includes(name)) {
      throw new Refusal('NotImplemented', `A parameter you provided is not implemented: ${name}`)
    }
  }
}
