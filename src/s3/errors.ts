import type { ErrorCode } from '../contracts/index.ts'
import { fromUtf8 } from '../core/bytes.ts'
import { SluiceError, type SluiceErrorOptions } from '../core/errors.ts'
import { collectBytes } from '../core/streams.ts'
import { parseXml, type XmlElement } from './xml.ts'

/** Which call an answer belongs to, for its errors. */
export interface CallContext {
  /** S3's name of the operation, such as `PutObject`. */
  readonly operation: string
  readonly bucket: string
  readonly key: string | undefined
  readonly uploadId: string | undefined
  readonly attempts: number
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

/** By S3's code. @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const BY_SERVER_CODE: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'not-found',
  NoSuchVersion: 'not-found',
  NoSuchBucket: 'not-found',
  NoSuchUpload: 'not-found',
  BucketAlreadyExists: 'already-exists',
  BucketAlreadyOwnedByYou: 'already-exists',
  BucketNotEmpty: 'precondition-failed',
  PreconditionFailed: 'precondition-failed',
  ConditionalRequestConflict: 'conflict',
  OperationAborted: 'conflict',
  AccessDenied: 'permission-denied',
  AllAccessDisabled: 'permission-denied',
  AccountProblem: 'permission-denied',
  InvalidAccessKeyId: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  InvalidToken: 'unauthenticated',
  TokenRefreshRequired: 'unauthenticated',
  RequestTimeTooSkewed: 'clock-skew',
  SlowDown: 'slow-down',
  RequestLimitExceeded: 'slow-down',
  TooManyRequests: 'slow-down',
  Throttling: 'slow-down',
  ThrottlingException: 'slow-down',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  RequestTimeout: 'timeout',
  IncompleteBody: 'network',
  NotImplemented: 'not-supported',
  MethodNotAllowed: 'not-supported',
  EntityTooLarge: 'too-large',
  MetadataTooLarge: 'too-large',
  BadDigest: 'checksum-mismatch',
  XAmzContentSHA256Mismatch: 'checksum-mismatch',
  XAmzContentChecksumMismatch: 'checksum-mismatch',
  KeyTooLongError: 'invalid-key',
  // Servers over a file system cannot hold `a` beside `a/b`, or name a file by just any key.
  ExistingObjectIsDirectory: 'invalid-key',
  ObjectParentIsFile: 'invalid-key',
  DirectoryObjectContainsData: 'invalid-key',
  XMinioInvalidObjectName: 'invalid-key',
  XMinioInvalidResourceName: 'invalid-key',
  XMinioParentIsObject: 'invalid-key',
}

function codeOf({ status, serverCode }: Refusal): ErrorCode {
  const known = serverCode === undefined ? undefined : BY_SERVER_CODE[serverCode]
  if (known) return known
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'permission-denied'
  if (status === 404) return 'not-found'
  if (status === 405 || status === 501) return 'not-supported'
  if (status === 408) return 'timeout'
  if (status === 409) return 'conflict'
  if (status === 412) return 'precondition-failed'
  if (status === 413) return 'too-large'
  if (status === 429) return 'slow-down'
  if (status >= 500) return 'unavailable'
  if (status >= 400) return 'invalid-options'
  return 'protocol'
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
    region !== undefined && (status < 400 || serverCode === 'AuthorizationHeaderMalformed')
  const said = [String(status), serverCode, refusal.message && `"${refusal.message.slice(0, 300)}"`]
  const hint = elsewhere ? `the bucket is in region ${region}: set it` : HINTS[code]
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
  let text = ''
  if (response.body) {
    try {
      text = fromUtf8(await collectBytes(response.body, MAX_REFUSAL_BYTES))
    } catch {
      // The status still says enough.
    }
  }
  const root = parseXml(text)
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
