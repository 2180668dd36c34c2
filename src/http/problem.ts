import type { ErrorCode } from '../contracts/index.ts'
import { clipText } from '../core/bound-refused.ts'
import { isSluiceError } from '../core/errors.ts'

/** What each code is over HTTP, unless the error brings a status of its own. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  'not-found': 404,
  'already-exists': 409,
  'precondition-failed': 412,
  conflict: 409,
  'permission-denied': 403,
  unauthenticated: 401,
  'clock-skew': 403,
  'slow-down': 429,
  'invalid-key': 400,
  'invalid-options': 400,
  'invalid-record': 400,
  'not-supported': 415,
  'too-large': 413,
  'checksum-mismatch': 500,
  // A producer's epoch that has ended: the request is understood and will never be allowed.
  fenced: 403,
  aborted: 503,
  timeout: 504,
  network: 503,
  protocol: 500,
  unavailable: 503,
}

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** A message may repeat what the request held. */
const MAX_DETAIL_LENGTH = 1000

/** RFC 9457. `code` is the word that a program branches on. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  /** The producer whose step was refused, and the number of the next request that is taken of its epoch. */
  readonly producerId?: string | undefined
  readonly expectedSeq?: number | undefined
}

/** An error as a problem response. What is not a `SluiceError` may hold anything, so nothing of it is told. */
export function problemResponse(error: unknown): Response {
  if (!isSluiceError(error)) {
    return problem(
      500,
      'unavailable',
      'The server failed; its log says more. The outcome is unknown',
    )
  }
  const headers = new Headers()
  if (error.retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.ceil(error.retryAfterMs / 1000)))
  }
  const { code, message, status = STATUS[code], producerId, expectedSeq } = error
  return problem(status, code, message, headers, { producerId, expectedSeq })
}

function problem(
  status: number,
  code: ErrorCode,
  detail: string,
  headers: Headers = new Headers(),
  step: Pick<Problem, 'producerId' | 'expectedSeq'> = {},
): Response {
  const body: Problem = {
    type: 'about:blank',
    title: TITLE[status] ?? 'Error',
    status,
    detail: clipText(detail, MAX_DETAIL_LENGTH),
    code,
    ...step,
  }
  headers.set('content-type', 'application/problem+json')
  // RFC 9110, 11.6.1: a 401 says how to do better.
  if (status === 401) headers.set('www-authenticate', 'Bearer realm="sluice"')
  return new Response(JSON.stringify(body), { status, headers })
}
