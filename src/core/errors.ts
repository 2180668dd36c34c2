import type { ErrorCode, ErrorDetails } from '../contracts/index.ts'

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'conflict',
  'slow-down',
  'checksum-mismatch',
  'timeout',
  'network',
  'unavailable',
])

export interface SluiceErrorOptions extends ErrorDetails {
  readonly cause?: unknown
  /** Default: by code; `conflict`, `slow-down`, `checksum-mismatch`, `timeout`, `network`, `unavailable` are. */
  readonly retryable?: boolean | undefined
}

/**
 * The one error class. Branch on `code`; `message` says what happened, to which key, and what to do.
 * No secret, token or signed URL is ever in it.
 */
export class SluiceError extends Error implements ErrorDetails {
  readonly code: ErrorCode
  /** Whether the same call may succeed when made again. */
  readonly retryable: boolean
  /** Tells this class in another realm or another copy of the package, where `instanceof` cannot. */
  readonly isSluiceError = true
  readonly key: string | undefined
  readonly uploadId: string | undefined
  readonly producerId: string | undefined
  readonly status: number | undefined
  readonly serverCode: string | undefined
  readonly requestId: string | undefined
  readonly region: string | undefined
  readonly attempts: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    // A literal: `new.target.name` does not survive minification.
    this.name = 'SluiceError'
    this.code = code
    this.retryable = options.retryable ?? RETRYABLE.has(code)
    this.key = options.key
    this.uploadId = options.uploadId
    this.producerId = options.producerId
    this.status = options.status
    this.serverCode = options.serverCode
    this.requestId = options.requestId
    this.region = options.region
    this.attempts = options.attempts
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Whether this is a `SluiceError`, of that code if one is given, also across realms and copies of the package. */
export function isSluiceError(error: unknown, code?: ErrorCode): error is SluiceError {
  return (
    error instanceof Error &&
    (error as Partial<SluiceError>).isSluiceError === true &&
    (code === undefined || (error as SluiceError).code === code)
  )
}

/**
 * The error itself when it is ours; `aborted` when it is a signal's; else a new one of `code` with it as cause.
 * A foreign error's message is not repeated: it may hold an address with a signature in it.
 */
export function asSluiceError(
  error: unknown,
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
): SluiceError {
  if (isSluiceError(error)) return error
  const name = (error as { name?: unknown } | null | undefined)?.name
  if (name === 'AbortError')
    return new SluiceError('aborted', message, { ...details, cause: error })
  if (name === 'TimeoutError')
    return new SluiceError('timeout', message, { ...details, cause: error })
  return new SluiceError(code, message, { ...details, cause: error })
}

/** The error that an aborted signal stands for. */
export function abortError(signal: AbortSignal): SluiceError {
  const reason: unknown = signal.reason
  if (isSluiceError(reason)) return reason
  const timedOut = (reason as { name?: unknown } | null | undefined)?.name === 'TimeoutError'
  return timedOut
    ? new SluiceError('timeout', 'The time limit of this call passed', {
        cause: reason,
        retryable: false,
      })
    : new SluiceError('aborted', 'The call was aborted by its signal', { cause: reason })
}

/** Throws `aborted` (or `timeout`) when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** The promise, or the signal's reason as soon as it fires: for what knows nothing of signals. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
