import { utf8 } from '../../core/bytes.ts'
import { UNSIGNED_PAYLOAD } from '../../s3/sign.ts'
import { checksumOf, isOfNothing } from './digests.ts'
import { checkPayloadHash } from './payload.ts'
import { Refusal } from './refusal.ts'
import {
  ALGORITHM,
  checkRequest,
  checkScope,
  checkToken,
  MAX_SKEW_MS,
  readTime,
  type Signature,
  type SignatureChain,
  type SignatureOptions,
  type SignedRequest,
  verifySignature,
} from './signature.ts'
import { type QueryPairs, queryMap } from './target.ts'

const MAX_EXPIRES_S = 604_800
const SIGNATURE = 'X-Amz-Signature'
const PARAMETERS: ReadonlySet<string> = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
  SIGNATURE,
])

/** An authenticated request, without what signed it. */
export interface Authorized {
  readonly payloadHash: string
  /** Absent for a presigned URL, under which no chunks can be signed. */
  readonly chain?: SignatureChain
  readonly headers: Headers
  readonly query: QueryPairs
}

/** Checks the signature of a request in its Authorization header or, of a presigned URL, in its query. */
export async function authorize(
  request: SignedRequest,
  options: SignatureOptions,
): Promise<Authorized> {
  const inQuery = request.query.some(([name]) => PARAMETERS.has(name))
  const inHeader = request.headers.has('authorization')
  if (inQuery && inHeader) {
    throw new Refusal('InvalidArgument', 'Only one authentication mechanism is allowed')
  }
  if (inQuery) return verifyPresigned(request, options)
  if (!inHeader) throw new Refusal('AccessDenied', 'Access Denied: the request is not signed')
  const signed = await verifySignature(request, options)
  return { ...signed, headers: request.headers, query: request.query }
}

/**
 * A presigned URL is good from its date, which may be 15 minutes ahead, for `X-Amz-Expires` seconds, 1 to 604,800.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
async function verifyPresigned(
  request: SignedRequest,
  options: SignatureOptions,
): Promise<Authorized> {
  const query = queryMap(request.query)
  const parameter = (name: string): string => query.get(name) ?? ''
  const credential = /^([^/\s]+)\/(\d{8})\/([^/\s]+)\/s3\/aws4_request$/.exec(
    parameter('X-Amz-Credential'),
  )
  const expires = parameter('X-Amz-Expires')
  const expiresS = /^\d{1,6}$/.test(expires) ? Number(expires) : 0
  if (parameter('X-Amz-Algorithm') !== ALGORITHM)
    throw malformed(`X-Amz-Algorithm must be ${ALGORITHM}`)
  if (!credential) throw malformed('X-Amz-Credential must be KEY/DATE/REGION/s3/aws4_request')
  if (!/^[0-9a-f]{64}$/.test(parameter(SIGNATURE)))
    throw malformed(`${SIGNATURE} must be 64 hex digits`)
  if (expiresS < 1 || expiresS > MAX_EXPIRES_S) {
    throw malformed(`X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_S}`)
  }
  const [, accessKeyId, day, region] = credential as unknown as string[]
  const given = {
    accessKeyId,
    day,
    region,
    signedHeaders: parameter('X-Amz-SignedHeaders').split(';'),
    signature: parameter(SIGNATURE),
  } as Signature
  checkScope(given, options, 'AuthorizationQueryParametersError')
  checkToken(parameter('X-Amz-Security-Token'), options)
  const time = parameter('X-Amz-Date')
  checkLife(readTime(time, given.day, 'X-Amz-Date'), expiresS, options)
  const { headers } = request
  const payloadHash =
    query.get('X-Amz-Content-Sha256') ?? headers.get('x-amz-content-sha256') ?? UNSIGNED_PAYLOAD
  checkPayloadHash(payloadHash)
  const signed = request.query.filter(([name]) => name !== SIGNATURE)
  await checkRequest({ ...request, query: signed }, given, time, payloadHash, options)
  return { payloadHash, ...unhoisted(request) }
}

function checkLife(signedMs: number, expiresS: number, { clock }: SignatureOptions): void {
  const nowMs = clock.now()
  const expiresMs = signedMs + expiresS * 1000
  if (nowMs < signedMs - MAX_SKEW_MS) {
    throw new Refusal('AccessDenied', 'Request is not valid yet', [
      ['ServerTime', new Date(nowMs).toISOString()],
    ])
  }
  if (nowMs <= expiresMs) return
  throw new Refusal('AccessDenied', 'Request has expired', [
    ['X-Amz-Expires', expiresS],
    ['Expires', new Date(expiresMs).toISOString()],
    ['ServerTime', new Date(nowMs).toISOString()],
  ])
}

/**
 * SDKs sign headers by moving them into the query. Back with them: what the URL says of the operation must hold.
 *
 * But for one thing: the SDK for JavaScript signs the checksum of no bytes into every URL for an upload, since it has
 * no body yet. AWS looks at no checksum in a query; here only that of nothing is passed over.
 */
function unhoisted({ headers, query }: SignedRequest): Pick<Authorized, 'headers' | 'query'> {
  const all = new Headers(headers)
  const rest: [string, string][] = []
  for (const [given, value] of query) {
    if (PARAMETERS.has(given)) continue
    const name = given.toLowerCase()
    const checksum = checksumOf(name)
    if (!name.startsWith('x-amz-')) rest.push([given, value])
    else if (!(checksum && isOfNothing(checksum, value))) set(all, name, value)
  }
  return { headers: all, query: rest }
}

function set(headers: Headers, name: string, value: string): void {
  const there = headers.get(name)
  try {
    // Bytes of UTF-8, each as a character: how a header beyond ASCII reaches a server.
    headers.set(name, String.fromCharCode(...utf8(value)))
  } catch {
    throw new Refusal('InvalidArgument', `The parameter ${name} cannot be a header`)
  }
  if (there === null || there === headers.get(name)) return
  throw new Refusal('InvalidArgument', `${name} is given in the query and, otherwise, as a header`)
}

function malformed(message: string): Refusal {
  return new Refusal('AuthorizationQueryParametersError', message)
}
