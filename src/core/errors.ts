import type { Awaitable, ErrorCode, ErrorDetails } from '../contracts/index.ts'

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
  declare readonly code: ErrorCode
  /** Whether the same call may succeed when made again. */
  declare readonly retryable: boolean
  /** Tells this class in another realm or another copy of the package, where `instanceof` cannot. */
  readonly isSluiceError = true
  readonly key: string | undefined
  readonly uploadId: string | undefined
  readonly producerId: string | undefined
  readonly expectedSeq: number | undefined
  readonly status: number | undefined
  readonly serverCode: string | undefined
  readonly requestId: string | undefined
  readonly region: string | undefined
  readonly attempts: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    const { cause, retryable = RETRYABLE.has(code), ...details } = options
    super(message, cause === undefined ? undefined : { cause })
    // The name is a literal: `new.target.name` does not survive minification.
    Object.assign(this, details, { name: 'SluiceError', code, retryable })
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
  const own = signalCode(error) ?? code
  return new SluiceError(own, message, { ...details, cause: error })
}

/** What the platform's own reasons of an aborted signal mean. */
function signalCode(error: unknown): 'aborted' | 'timeout' | undefined {
  const name = (error as { name?: unknown } | null | undefined)?.name
  if (name === 'TimeoutError') return 'timeout'
  return name === 'AbortError' ? 'aborted' : undefined
}

/** The error that an aborted signal stands for. */
export function abortError({ reason }: AbortSignal): SluiceError {
  if (isSluiceError(reason)) return reason
  return signalCode(reason) === 'timeout'
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

/** Fires with whichever of them is first. */
export function anySignal(own: AbortSignal, caller: AbortSignal | undefined): AbortSignal {
  return caller ? AbortSignal.any([caller, own]) : own
}

/** What the work comes to, or the signal's error as soon as it fires: for what knows nothing of signals. */
export async function orAborted<T>(work: Awaitable<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
