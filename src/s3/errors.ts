import type { ErrorCode } from '../contracts/index.ts'
import { SluiceError, type SluiceErrorOptions } from '../core/errors.ts'
import { readText } from './read-text.ts'
import { parseXml, type XmlElement } from './xml.ts'

/** Which call an answer belongs to, for its errors. */
export interface CallContext {
  /** S3's name of the operation, such as `PutObject`. */
  readonly operation: string
  readonly bucket: string
  readonly key: string | undefined
  readonly uploadId: string | undefined
  readonly attempts: number
  /** To be told that more of the answer has come, which gives the rest its full time. */
  readonly onProgress?: (() => void) | undefined
}

/** What a server says when it refuses. */
export interface Refusal {
  readonly status: number
  /** S3's code; `undefined` where the answer had no body, as to a HEAD. */
  readonly serverCode: string | undefined
  readonly message: string | undefined
  readonly requestId: string | undefined
  readonly region: string | undefined
  readonly retryAfterMs: number | undefined
  /** The server's clock, where it told. */
  readonly serverTimeMs: number | undefined
}

/**
 * By S3's code, or else by the status.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const CODES: readonly (readonly [ErrorCode, RegExp])[] = [
  ['not-found', /^(NoSuch(Key|Version|Bucket|Upload)|404)$/],
  ['already-exists', /^BucketAlready(Exists|OwnedByYou)$/],
  ['precondition-failed', /^(PreconditionFailed|BucketNotEmpty|412)$/],
  ['conflict', /^(ConditionalRequestConflict|OperationAborted|409)$/],
  ['permission-denied', /^(AccessDenied|AllAccessDisabled|AccountProblem|403)$/],
  [
    'unauthenticated',
    // The last code is versitygw's for an unknown access key, with the status of an absent object.
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|(Expired|Invalid)Token|TokenRefreshRequired|XAdminUserNotFound|401)$/,
  ],
  ['clock-skew', /^RequestTimeTooSkewed$/],
  ['slow-down', /^(SlowDown|RequestLimitExceeded|TooManyRequests|Throttling(Exception)?|429)$/],
  ['timeout', /^(RequestTimeout|408)$/],
  ['network', /^IncompleteBody$/],
  ['not-supported', /^(NotImplemented|MethodNotAllowed|405|501)$/],
  ['too-large', /^((Entity|Metadata)TooLarge|413)$/],
  ['checksum-mismatch', /^(BadDigest|XAmzContent(SHA256|Checksum)Mismatch)$/],
  [
    'invalid-key',
    // The later ones are of servers over a file system, which cannot hold `a` beside `a/b`, or name a file by just any key.
    /^(KeyTooLongError|ExistingObjectIsDirectory|ObjectParentIsFile|DirectoryObjectContainsData|XMinio(InvalidObjectName|InvalidResourceName|ParentIsObject))$/,
  ],
  ['unavailable', /^(InternalError|ServiceUnavailable|5..)$/],
  ['invalid-options', /^4..$/],
]

function codeOf({ status, serverCode = '' }: Refusal): ErrorCode {
  const find = (text: string): ErrorCode | undefined =>
    CODES.find(([, pattern]) => pattern.test(text))?.[0]
  return find(serverCode) ?? find(String(status)) ?? 'protocol'
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  'permission-denied': 'check what the credentials may do in this bucket',
  unauthenticated: 'check the access key, its secret, the session token and the region',
  'clock-skew': "set this machine's clock",
}

/** The refusal as an error. `retryable` overrides what the code says. */
export function refusalError(
  refusal: Refusal,
  context: CallContext,
  retryable?: boolean,
): SluiceError {
  const { status, serverCode, requestId, region, retryAfterMs } = refusal
  const code = codeOf(refusal)
  // A redirect and a wrongly scoped signature name the region that the bucket is in.
  const elsewhere =
    region !== undefined &&
    ((status > 299 && status < 400) || serverCode === 'AuthorizationHeaderMalformed')
  const said = [String(status), serverCode, refusal.message && `"${refusal.message.slice(0, 300)}"`]
  const silent = code === 'permission-denied' && serverCode === undefined
  const hint = elsewhere
    ? `the bucket is in region ${region}: set it`
    : silent
      ? 'no reason was given: check the access key, its secret, and what it may do in this bucket'
      : HINTS[code]
  return contextError(
    elsewhere ? 'invalid-options' : code,
    context,
    `was answered ${said.filter(Boolean).join(' ')}${hint ? `: ${hint}` : ''}`,
    { status, serverCode, requestId, region, retryAfterMs, retryable },
  )
}

/** An error that names its call: `PutObject of "a/b" in bucket "c" …`. */
export function contextError(
  code: ErrorCode,
  context: CallContext,
  what: string,
  options: SluiceErrorOptions = {},
): SluiceError {
  const { operation, bucket, key, uploadId, attempts } = context
  const of = key === undefined ? '' : ` of ${JSON.stringify(key.slice(0, 200))}`
  return new SluiceError(code, `${operation}${of} in bucket "${bucket}" ${what}`, {
    key,
    uploadId,
    attempts,
    ...options,
  })
}

/** Something that S3 does not say. With `retryable` when the answer was probably cut short. */
export function protocolError(
  response: Response,
  context: CallContext,
  what: string,
  retryable = false,
): SluiceError {
  return contextError('protocol', context, what, {
    status: response.status,
    requestId: requestIdOf(response),
    retryable,
  })
}

/** More than this of a refusal is not read. */
const MAX_REFUSAL_BYTES = 64 * 1024

/** Reads what a response that is no success says. Its body may be missing, cut short, or a proxy's web page. */
export async function readRefusal(response: Response): Promise<Refusal> {
  // Without it the status still says enough.
  const root = parseXml(await readText(response, MAX_REFUSAL_BYTES).catch(() => ''))
  return refusalOf(response, root?.name === 'Error' ? root : undefined)
}

/** From an `<Error>` that may have come with any status, `200` among them. */
export function refusalOf(response: Response, error: XmlElement | undefined): Refusal {
  const { headers } = response
  const serverTime = Date.parse(error?.text('ServerTime') ?? headers.get('date') ?? '')
  return {
    status: response.status,
    serverCode: error?.text('Code') || undefined,
    message: error?.text('Message') || undefined,
    requestId: error?.text('RequestId') || requestIdOf(response),
    region: error?.text('Region') || headers.get('x-amz-bucket-region') || undefined,
    retryAfterMs: retryAfterMsOf(headers.get('retry-after')),
    serverTimeMs: Number.isNaN(serverTime) ? undefined : serverTime,
  }
}

function requestIdOf(response: Response): string | undefined {
  return response.headers.get('x-amz-request-id') ?? undefined
}

/** Seconds only: the form with a date needs clocks that agree, and no S3 server is known to send it. */
function retryAfterMsOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined
}
