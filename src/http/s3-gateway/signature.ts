import type { Bytes, Clock } from '../../contracts/index.ts'
import { toHex, utf8 } from '../../core/bytes.ts'
import { hmacSha256, sha256Hex } from '../../core/hash.ts'
import type { S3Credentials } from '../../s3/credentials.ts'
import { constantTimeEqual } from '../access.ts'
import { checkPayloadHash } from './payload.ts'
import { Refusal, type S3ErrorCode } from './refusal.ts'
import type { QueryPairs } from './target.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'
export const MAX_SKEW_MS: number = 15 * 60 * 1000
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/s3\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/

export interface SignatureOptions {
  readonly credentials: S3Credentials
  readonly region: string
  readonly clock: Clock
}

/** A request as it is signed. */
export interface SignedRequest {
  readonly method: string
  readonly host: string
  /** Decoded. */
  readonly path: string
  /** Decoded, in the order of the request. */
  readonly query: QueryPairs
  readonly headers: Headers
}

/** Who signed for what, and how: `Credential`, `SignedHeaders` and `Signature`, wherever they stood. */
export interface Signature {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/**
 * Checks a signature that goes on from the one before it, and the first one from the request's own. Throws
 * `SignatureDoesNotMatch`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export type SignatureChain = (
  algorithm: string,
  hashes: readonly string[],
  signature: string,
) => Promise<void>

/** What a signature in the header says of the payload. */
export interface SignedPayload {
  /** Its SHA-256 in hex, or one of the words that `checkPayloadHash` knows. */
  readonly payloadHash: string
  /** Of its chunks, where they are signed. */
  readonly chain: SignatureChain
}

/**
 * Checks version 4 of the signature in the Authorization header, and gives what it says of the payload. Written from the specification and apart from the signer in
 * `src/s3`, so that each tells the other's mistakes.
 *
 * `host` and every `x-amz-*` header must be signed, the scope must be this region's and this day's, and the clocks may
 * differ by 15 minutes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export async function verifySignature(
  request: SignedRequest,
  options: SignatureOptions,
): Promise<SignedPayload> {
  const { headers } = request
  const match = AUTHORIZATION.exec(headers.get('authorization') ?? '')
  if (!match) {
    throw new Refusal(
      'AuthorizationHeaderMalformed',
      `The authorization header must be ${ALGORITHM}`,
    )
  }
  const [, accessKeyId, day, region, signedHeaders, signature] = match as unknown as string[]
  const given = {
    accessKeyId,
    day,
    region,
    signedHeaders: signedHeaders?.split(';'),
    signature,
  } as Signature
  checkScope(given, options, 'AuthorizationHeaderMalformed')
  checkToken(headers.get('x-amz-security-token') ?? '', options)
  const time = headers.get('x-amz-date') ?? ''
  checkSkew(time, readTime(time, given.day, 'x-amz-date'), options.clock)
  const payloadHash = headers.get('x-amz-content-sha256') ?? ''
  checkPayloadHash(payloadHash)
  await checkRequest(request, given, time, payloadHash, options)
  return { payloadHash, chain: chainOf(given, time, options) }
}

function chainOf(given: Signature, time: string, options: SignatureOptions): SignatureChain {
  let previous = given.signature
  let key: Promise<Bytes> | undefined
  return async (algorithm, hashes, signature) => {
    key ??= signingKey(given, options)
    const stringToSign = [algorithm, time, scopeOf(given), previous, ...hashes].join('\n')
    await compare(stringToSign, signature, await key)
    previous = signature
  }
}

/** Throws unless the key is ours and the scope is this region's. */
export function checkScope(
  { accessKeyId, region }: Pick<Signature, 'accessKeyId' | 'region'>,
  { credentials, region: expected }: SignatureOptions,
  s3Code: S3ErrorCode,
): void {
  if (accessKeyId !== credentials.accessKeyId) {
    throw new Refusal('InvalidAccessKeyId', 'The access key ID you provided does not exist')
  }
  if (region === expected) return
  throw new Refusal(
    s3Code,
    `The credential is malformed; the region '${region}' is wrong; expecting '${expected}'`,
    [['Region', expected]],
  )
}

/** Throws unless this is what the signer of these credentials signs for this request. */
export async function checkRequest(
  request: SignedRequest,
  given: Signature,
  time: string,
  payloadHash: string,
  options: SignatureOptions,
): Promise<void> {
  checkSignedHeaders(given.signedHeaders, request.headers)
  const canonical = canonicalRequest(request, given.signedHeaders, payloadHash)
  const stringToSign = [ALGORITHM, time, scopeOf(given), await sha256Hex(utf8(canonical))].join(
    '\n',
  )
  await checkString(stringToSign, given, options)
}

/** Throws `SignatureDoesNotMatch` unless the text was signed with our secret. Takes as long whatever is wrong. */
export async function checkString(
  stringToSign: string,
  given: Pick<Signature, 'day' | 'region' | 'signature'>,
  options: SignatureOptions,
): Promise<void> {
  await compare(stringToSign, given.signature, await signingKey(given, options))
}

function scopeOf({ day, region }: Pick<Signature, 'day' | 'region'>): string {
  return `${day}/${region}/s3/aws4_request`
}

/** More than a presigned URL lives days. */
const MAX_CACHED_KEYS = 9
/** By their secret and scope: a key is good for a day, and its four steps are most of what a signature takes. */
const signingKeys = new WeakMap<S3Credentials, Map<string, Bytes>>()

async function signingKey(
  scope: Pick<Signature, 'day' | 'region'>,
  { credentials }: SignatureOptions,
): Promise<Bytes> {
  const secret = `AWS4${credentials.secretAccessKey}`
  const known = signingKeys.get(credentials) ?? new Map<string, Bytes>()
  signingKeys.set(credentials, known)
  const name = `${secret}/${scopeOf(scope)}`
  let key = known.get(name)
  if (key) return key
  key = utf8(secret)
  for (const part of scopeOf(scope).split('/')) key = await hmacSha256(key, utf8(part))
  if (known.size >= MAX_CACHED_KEYS) known.clear()
  known.set(name, key)
  return key
}

async function compare(stringToSign: string, signature: string, key: Bytes): Promise<void> {
  const expected = toHex(await hmacSha256(key, utf8(stringToSign)))
  if (constantTimeEqual(utf8(expected), utf8(signature))) return
  throw new Refusal(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided',
  )
}

export function checkToken(given: string, { credentials }: SignatureOptions): void {
  if (constantTimeEqual(utf8(given), utf8(credentials.sessionToken ?? ''))) return
  throw new Refusal('InvalidToken', 'The provided token is malformed or otherwise invalid')
}

/** A time as it is signed, in milliseconds. It must be of the day that the key was made for. */
export function readTime(text: string, day: string, name: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  const [, year, month, date, hour, minute, second] = match ?? []
  const timeMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`)
  if (!Number.isNaN(timeMs) && text.startsWith(day)) return timeMs
  throw new Refusal('AccessDenied', `A valid ${name} of the day in the scope is required`)
}

function checkSkew(text: string, timeMs: number, clock: Clock): void {
  if (Math.abs(clock.now() - timeMs) <= MAX_SKEW_MS) return
  throw new Refusal(
    'RequestTimeTooSkewed',
    "The difference between the request time and the server's time is too large",
    [
      ['RequestTime', text],
      ['ServerTime', new Date(clock.now()).toISOString()],
      ['MaxAllowedSkewMilliseconds', MAX_SKEW_MS],
    ],
  )
}

function checkSignedHeaders(names: readonly string[], headers: Headers): void {
  const missing = ['host', ...headers.keys()].find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  )
  if (missing) {
    throw new Refusal(
      'AccessDenied',
      `There were headers present which were not signed: ${missing}`,
    )
  }
}

function canonicalRequest(
  { method, host, path, query, headers }: SignedRequest,
  names: readonly string[],
  payloadHash: string,
): string {
  const pairs = query.map(([name, value]) => [escapeBytes(name), escapeBytes(value)] as const)
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
  const lines = names.map((name) => {
    const value = name === 'host' ? host : (headers.get(name) ?? '')
    return `${name}:${value.trim().replace(/ +/g, ' ')}\n`
  })
  return [
    method,
    path.split('/').map(escapeBytes).join('/'),
    pairs.map((pair) => pair.join('=')).join('&'),
    lines.join(''),
    names.join(';'),
    payloadHash,
  ].join('\n')
}

/** The specification's UriEncode, byte by byte. */
function escapeBytes(text: string): string {
  let escaped = ''
  for (const byte of utf8(text)) {
    const character = String.fromCharCode(byte)
    escaped += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}
