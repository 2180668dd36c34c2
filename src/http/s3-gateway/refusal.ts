import type { ErrorCode } from '../../contracts/index.ts'
import { utf8Length } from '../../core/bytes.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { MAX_KEY_BYTES } from '../../core/keys.ts'
import { writeXml, type XmlContent, type XmlPart } from '../../s3/xml.ts'

/** S3's codes and their statuses. @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const STATUS = {
  AccessDenied: 403,
  AccessForbidden: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IllegalLocationConstraintException: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidChunkSizeError: 403,
  InvalidDigest: 400,
  InvalidLocationConstraint: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidPolicyDocument: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedPOSTRequest: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MaxPostPreDataLengthExceeded: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestHeaderSectionTooLarge: 400,
  RequestTimeTooSkewed: 403,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const

export type S3ErrorCode = keyof typeof STATUS

/** Ends a request with one of S3's errors. Thrown and caught within the gateway. */
export class Refusal extends SluiceError {
  readonly s3Code: S3ErrorCode
  readonly extra: readonly XmlPart[]

  constructor(s3Code: S3ErrorCode, message: string, extra: readonly XmlPart[] = []) {
    super('invalid-options', message)
    this.s3Code = s3Code
    this.extra = extra
  }
}

/** What a store's error is in S3's words. */
const BY_CODE: Partial<Record<ErrorCode, S3ErrorCode>> = {
  'not-found': 'NoSuchKey',
  'precondition-failed': 'PreconditionFailed',
  conflict: 'ConditionalRequestConflict',
  'invalid-key': 'InvalidArgument',
  'invalid-options': 'InvalidArgument',
  'not-supported': 'NotImplemented',
  'too-large': 'EntityTooLarge',
  'checksum-mismatch': 'BadDigest',
  'slow-down': 'SlowDown',
  unavailable: 'ServiceUnavailable',
  timeout: 'ServiceUnavailable',
  network: 'ServiceUnavailable',
}

/** A store's error as a refusal. Of a failure of the store itself only its code is told: the rest is the operator's. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (!isSluiceError(error)) return new Refusal('InternalError', 'The gateway failed')
  const s3Code = BY_CODE[error.code] ?? 'InternalError'
  if (error.code === 'invalid-key' && utf8Length(error.key ?? '') > MAX_KEY_BYTES) {
    return new Refusal('KeyTooLongError', 'Your key is too long')
  }
  const tell = STATUS[s3Code] < 500 || s3Code === 'NotImplemented'
  return new Refusal(
    s3Code,
    tell ? error.message : `The store behind this gateway failed: ${error.code}`,
  )
}

/** An `<Error>` within another document: of one key among many. */
export function refusalParts({ s3Code, message }: Refusal): readonly XmlPart[] {
  return [
    ['Code', s3Code],
    ['Message', message],
  ]
}

/** What names one request in the logs of both sides, as S3's two ids do. */
export interface RequestIds {
  readonly requestId: string
  readonly hostId: string
}

export function refusalResponse(
  refusal: Refusal,
  resource: string,
  { requestId, hostId }: RequestIds,
): Response {
  const parts: readonly XmlPart[] = [
    ...refusalParts(refusal),
    ...refusal.extra,
    ['Resource', resource],
    ['RequestId', requestId],
    ['HostId', hostId],
  ]
  return xmlResponse('Error', parts, STATUS[refusal.s3Code])
}

export function xmlResponse(
  root: string,
  content: XmlContent,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(writeXml(root, content, root !== 'Error'), {
    status,
    headers: { ...headers, 'content-type': 'application/xml' },
  })
}
