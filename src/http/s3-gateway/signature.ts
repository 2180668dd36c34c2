import type { Clock } from '../../contracts/index.ts'
import { toHex, utf8 } from '../../core/bytes.ts'
import { hmacSha256, sha256Hex } from '../../core/hash.ts'
import type { S3Credentials } from '../../s3/credentials.ts'
import { UNSIGNED_PAYLOAD } from '../../s3/sign.ts'
import { constantTimeEqual } from '../access.ts'
import { Refusal } from './refusal.ts'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const MAX_SKEW_MS = 15 * 60 * 1000
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
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly headers: Headers
}

/**
 * Checks version 4 of the signature in the Authorization header, and gives what it says of the payload: its SHA-256 in
 * hex, or `UNSIGNED-PAYLOAD`. Written from the specification and apart from the signer in `src/s3`, so that each tells
 * the other's mistakes.
 *
 * `host` and every `x-amz-*` header must be signed, the scope must be this region's and this day's, and the clocks may
 * differ by 15 minutes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export async function verifySignature(
  request: SignedRequest,
  { credentials, region, clock }: SignatureOptions,
): Promise<string> {
  const { headers } = request
  const authorization = headers.get('authorization')
  if (!authorization) throw new Refusal('AccessDenied', 'Access Denied: the request is not signed')
  const match = AUTHORIZATION.exec(authorization)
  if (!match) {
    throw new Refusal(
      'AuthorizationHeaderMalformed',
      `The authorization header must be ${ALGORITHM}`,
    )
  }
  const [, accessKeyId, day, scopeRegion, signedHeaders, signature] = match as unknown as string[]
  if (accessKeyId !== credentials.accessKeyId) {
    throw new Refusal('InvalidAccessKeyId', 'The access key ID you provided does not exist')
  }
  checkToken(headers, credentials)
  if (scopeRegion !== region) {
    throw new Refusal(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${scopeRegion}' is wrong; expecting '${region}'`,
      [['Region', region]],
    )
  }
  const time = checkTime(headers.get('x-amz-date') ?? '', day as string, clock)
  const payloadHash = headers.get('x-amz-content-sha256') ?? ''
  checkPayloadHash(payloadHash)
  const names = (signedHeaders as string).split(';')
  checkSignedHeaders(names, headers)
  const stringToSign = [
    ALGORITHM,
    time,
    `${day}/${region}/s3/aws4_request`,
    await sha256Hex(utf8(canonicalRequest(request, names, payloadHash))),
  ].join('\n')
  const expected = await signatureOf(
    stringToSign,
    credentials.secretAccessKey,
    day as string,
    region,
  )
  if (!constantTimeEqual(utf8(expected), utf8(signature as string))) {
    throw new Refusal(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided',
    )
  }
  return payloadHash
}

function checkToken(headers: Headers, { sessionToken }: S3Credentials): void {
  const given = headers.get('x-amz-security-token') ?? ''
  if (constantTimeEqual(utf8(given), utf8(sessionToken ?? ''))) return
  throw new Refusal('InvalidToken', 'The provided token is malformed or otherwise invalid')
}

/** Gives the time as it is signed. */
function checkTime(text: string, day: string, clock: Clock): string {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  const [, year, month, date, hour, minute, second] = match ?? []
  const timeMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(timeMs) || !text.startsWith(day)) {
    throw new Refusal(
      'AccessDenied',
      'A valid x-amz-date header of the day in the scope is required',
    )
  }
  if (Math.abs(clock.now() - timeMs) > MAX_SKEW_MS) {
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
  return text
}

function checkPayloadHash(payloadHash: string): void {
  if (payloadHash === UNSIGNED_PAYLOAD || /^[0-9a-f]{64}$/.test(payloadHash)) return
  if (payloadHash.startsWith('STREAMING-')) {
    throw new Refusal('NotImplemented', `The payload signature ${payloadHash} is not implemented`)
  }
  throw new Refusal('InvalidRequest', 'Missing or invalid required header: x-amz-content-sha256')
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

async function signatureOf(
  stringToSign: string,
  secret: string,
  day: string,
  region: string,
): Promise<string> {
  let key = utf8(`AWS4${secret}`)
  for (const part of [day, region, 's3', 'aws4_request']) key = await hmacSha256(key, utf8(part))
  return toHex(await hmacSha256(key, utf8(stringToSign)))
}
