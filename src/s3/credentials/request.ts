import type { Awaitable, Clock } from '../../contracts/index.ts'
import { fromUtf8 } from '../../core/bytes.ts'
import { systemClock } from '../../core/clock.ts'
import { asSluiceError, isSluiceError, SluiceError } from '../../core/errors.ts'
import { type RetryOptions, retry } from '../../core/retry.ts'
import { collectBytes } from '../../core/streams.ts'
import type { S3Credentials } from '../credentials.ts'
import { isLoopback } from '../endpoint.ts'

/** How a service that gives credentials is called. */
export interface CredentialsRequestOptions {
  /** Default: the platform's own. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** Attempts, waits and the time budget of one call. Default: those of `retry`, with 2 attempts at a metadata service. */
  readonly retry?: Omit<RetryOptions, 'clock' | 'signal'> | undefined
  /** The time limit of one attempt, up to the end of the answer. Default: 10 s, and 1 s at a metadata service. */
  readonly attemptTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

const ATTEMPT_TIMEOUT_MS = 10_000
/** Credentials have some 2 KB; a session token at most 4 KB more. */
const MAX_ANSWER_BYTES = 64 * 1024

export interface CredentialsRequest<T> {
  /** For messages, such as `AssumeRole`. */
  readonly what: string
  readonly url: string
  /** Made for each attempt: a signature has its time. */
  init(): Awaitable<RequestInit>
  /** Makes the result of an answer, whatever its status. What it throws is tried again if it is `retryable`. */
  read(status: number, text: string): T
}

/**
 * One call, tried again as long as that helps. Bounded in time and in what is read of the answer; a redirect is not
 * followed. No error repeats what was sent, or more of the answer than `read` puts into it.
 */
export function sendRequest<T>(
  request: CredentialsRequest<T>,
  options: CredentialsRequestOptions,
): Promise<T> {
  const { clock = systemClock, attemptTimeoutMs = ATTEMPT_TIMEOUT_MS } = options
  const send = options.fetch ?? ((url, init) => fetch(url, init))
  const { what, url } = request

  return retry(
    async () => {
      const init = await request.init()
      const limit = new AbortController()
      const stopTimer = clock.schedule(clock.now() + attemptTimeoutMs, () => limit.abort())
      let status: number
      let text: string
      try {
        const response = await send(url, { ...init, redirect: 'manual', signal: limit.signal })
        status = response.status
        text = response.body ? fromUtf8(await collectBytes(response.body, MAX_ANSWER_BYTES)) : ''
      } catch (cause) {
        if (limit.signal.aborted) {
          throw new SluiceError('timeout', `${what} got no answer within ${attemptTimeoutMs} ms`, {
            cause,
          })
        }
        if (isSluiceError(cause, 'too-large')) {
          throw new SluiceError('protocol', `${what} was answered with too much`, { cause })
        }
        throw asSluiceError(cause, 'network', `${what} failed on the way: nobody can be reached`)
      } finally {
        stopTimer()
      }
      return request.read(status, text)
    },
    { ...options.retry, clock },
  )
}

/** For a service on the same machine or rack: where there is none, somebody waits for that to show. */
export function metadataOptions(options: CredentialsRequestOptions): CredentialsRequestOptions {
  const { attemptTimeoutMs = 1000, retry: given } = options
  return { ...options, attemptTimeoutMs, retry: { attempts: 2, ...given } }
}

/** A refusal of which the status is all that is told. */
export function statusError(what: string, status: number): SluiceError {
  const code =
    status === 429
      ? 'slow-down'
      : status >= 500
        ? 'unavailable'
        : status === 401
          ? 'unauthenticated'
          : status >= 400
            ? 'permission-denied'
            : 'protocol'
  return new SluiceError(code, `${what} was answered ${status}`, { status })
}

/** Parts of an answer, under whatever names they came. */
export interface AnsweredCredentials {
  readonly accessKeyId: unknown
  readonly secretAccessKey: unknown
  readonly sessionToken: unknown
  readonly expiration: unknown
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/

/** Credentials of an answer. Errors: `protocol`, which names the part that is missing or is none. */
export function credentialsOf(what: string, answered: AnsweredCredentials): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = answered
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  const wrong = (name: string): SluiceError =>
    new SluiceError('protocol', `${what} gave no usable ${name}`)
  if (!isText(accessKeyId)) throw wrong('access key id')
  if (!isText(secretAccessKey)) throw wrong('secret access key')
  const has = (value: unknown): boolean => value !== undefined && value !== null && value !== ''
  if (has(sessionToken) && !isText(sessionToken)) throw wrong('session token')
  const parts = { accessKeyId, secretAccessKey, sessionToken: sessionToken as string | undefined }
  if (!has(expiration)) return parts
  const date = new Date(isText(expiration) && ISO_TIME.test(expiration) ? expiration : '')
  if (Number.isNaN(date.getTime())) throw wrong('expiration')
  return { ...parts, expiration: date }
}

/** The fields of a JSON object. The parser's own error is no cause: it repeats what it could not read. */
export function jsonFields(what: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Said below.
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new SluiceError('protocol', `${what} gave no JSON object`)
}

/** As ECS, EKS and EC2 say them. */
export function metadataCredentials(
  what: string,
  { AccessKeyId, SecretAccessKey, Token, Expiration }: Readonly<Record<string, unknown>>,
): S3Credentials {
  return credentialsOf(what, {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: Expiration,
  })
}

/** Where plain http is allowed beyond this machine, and what to do elsewhere. */
export interface PlainHttp {
  readonly hosts: readonly string[] | 'any'
  readonly remedy: string
}

/**
 * An address that secrets are sent to or come from: https, or plain http to this machine or where `plain` allows it.
 * Only names count: nobody is asked where one leads. The text is never repeated: it may hold a password.
 *
 * Errors: `invalid-options`.
 */
export function secretUrl(what: string, text: string, plain: PlainHttp): URL {
  let url: URL | undefined
  try {
    url = new URL(text)
  } catch {
    // Said below.
  }
  if (!url || url.username || url.password || url.hash || !/^https?:$/.test(url.protocol)) {
    throw new SluiceError(
      'invalid-options',
      `The address of ${what} must be an http or https URL without user or fragment`,
    )
  }
  const { protocol, hostname, host } = url
  if (protocol === 'https:' || isLoopback(hostname) || plain.hosts === 'any') return url
  if (plain.hosts.includes(hostname)) return url
  throw new SluiceError(
    'invalid-options',
    `The address of ${what} speaks plain http to ${host}: ${plain.remedy}`,
  )
}
