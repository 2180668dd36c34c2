import type { Clock, ErrorCode } from '../contracts/index.ts'
import { isErrorCode } from '../core/error-codes.ts'
import { abortError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { type RetryOptions, retry } from '../core/retry.ts'

export interface HttpClientOptions {
  /** The server's address, without `v1/`. No user or password in it. */
  readonly url: string | URL
  readonly token: string
  readonly fetch?: typeof fetch | undefined
  /**
   * When a request that failed on the way, or that the server could not take, is sent again. Default: for two minutes, with
   * waits of up to 5 s, which outlasts a server's restart.
   */
  readonly retry?:
    | Pick<RetryOptions, 'attempts' | 'baseMs' | 'capMs' | 'budgetMs' | 'random'>
    | undefined
  /** A request that is not answered within this time is sent again. Default 60 s. */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

export interface HttpClient {
  /** The JSON answer of a request that succeeded, sent again for as long as that may help. */
  request<T>(method: string, path: string, init: RequestOptions<T>): Promise<T>
  /** The same for a request that changes something: how it ended, and whether the server may have taken it all the same. */
  exchange<T>(method: string, path: string, init: RequestOptions<T>): Promise<Ending<T>>
  /** A path of the server as an address. */
  address(path: string): string
}

export interface RequestOptions<T> {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  readonly signal: AbortSignal
  /** Whether this is an answer of the server's, and not some proxy's. */
  readonly isAnswer: (answer: Partial<T>) => boolean
}

export type Ending<T> =
  | { readonly answer: T }
  | {
      /** The last attempt's. */
      readonly error: SluiceError
      /** That of an attempt which the server may have carried out; absent when each one was refused. */
      readonly unknown: SluiceError | undefined
    }

const RETRY: RetryOptions = { attempts: 100, baseMs: 200, capMs: 5000, budgetMs: 120_000 }

/** What an error is called after which the server may have carried the request out: see `Sink`. */
export const UNKNOWN: ReadonlySet<ErrorCode> = new Set([
  'network',
  'timeout',
  'aborted',
  'unavailable',
  'protocol',
])

/** What a status means where the answer is not one of the server's own problems, but a proxy's. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  429: 'slow-down',
}

/** Throws `invalid-options` for an address or a token that no request could carry; neither is repeated. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const { token, clock, timeoutMs = 60_000, fetch: send = (...args) => fetch(...args) } = options
  const base = baseOf(options.url)
  // An engine that refuses a header quotes it.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new SluiceError(
      'invalid-options',
      'The token must be visible ASCII characters, without spaces or line ends',
    )
  }

  const attempt = async <T>(method: string, path: string, init: RequestOptions<T>): Promise<T> => {
    const what = `${method} ${base.origin}/${path.split('?')[0]}`
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([init.signal, timeout])
    let response: Response
    let text: string
    try {
      response = await send(new URL(path, base), {
        method,
        signal,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
        ...(init.body !== undefined && { body: init.body }),
      })
      text = await response.text()
    } catch (cause) {
      if (init.signal.aborted) throw abortError(init.signal)
      throw timeout.aborted
        ? new SluiceError('timeout', `${what} was not answered within ${timeoutMs} ms`, { cause })
        : new SluiceError('network', `${what} got no answer`, { cause })
    }
    const answer = objectOf(text)
    if (!response.ok) throw problemOf(what, response, answer)
    // A page of some proxy's, which nobody may take for a receipt.
    if (!answer || !init.isAnswer(answer as Partial<T>)) {
      throw new SluiceError(
        'protocol',
        `${what} was answered with ${response.status} by no Sluice server`,
      )
    }
    return answer as T
  }

  const exchange: HttpClient['exchange'] = async (method, path, init) => {
    let unknown: SluiceError | undefined
    try {
      const answer = await retry(
        () => {
          // Here, because an attempt that was not begun is none whose outcome is unknown.
          throwIfAborted(init.signal)
          return attempt(method, path, init).catch((error: SluiceError) => {
            if (!isRefusal(error)) unknown = error
            throw error
          })
        },
        { ...RETRY, ...options.retry, clock, signal: init.signal },
      )
      return { answer }
    } catch (error) {
      return { error: error as SluiceError, unknown }
    }
  }

  return {
    exchange,
    async request(method, path, init) {
      const ending = await exchange(method, path, init)
      if ('answer' in ending) return ending.answer
      throw ending.error
    },
    address: (path) => new URL(path, base).href,
  }
}

/** Whether the attempt was answered by a `4xx`: nothing of it was kept, and nothing will be. */
function isRefusal({ status = 0 }: SluiceError): boolean {
  return status >= 400 && status < 500 && status !== 408
}

function baseOf(address: string | URL): URL {
  let base: URL
  try {
    base = new URL(address)
  } catch {
    // Without the cause, which quotes it.
    throw new SluiceError('invalid-options', 'The url is not the address of a server')
  }
  if (base.username !== '' || base.password !== '') {
    throw new SluiceError('invalid-options', 'The url holds a user or password; send a token')
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function problemOf(what: string, response: Response, answer: object | undefined): SluiceError {
  const { status } = response
  const { code, detail, producerId, expectedSeq } = (answer ?? {}) as Record<string, unknown>
  const told = typeof detail === 'string' ? `: ${detail}` : ''
  return new SluiceError(codeOf(status, code), `${what} was answered with ${status}${told}`, {
    status,
    // 408, 429 and every 5xx say nothing about the request itself. A conflict of sequences stays one.
    retryable: status >= 500 || status === 429 || status === 408,
    retryAfterMs: retryAfterOf(response.headers.get('retry-after')),
    producerId: typeof producerId === 'string' ? producerId : undefined,
    expectedSeq: Number.isSafeInteger(expectedSeq) ? (expectedSeq as number) : undefined,
  })
}

/** A `4xx` never gets a code of `UNKNOWN`, and nothing else gets another. */
function codeOf(status: number, word: unknown): ErrorCode {
  if (status >= 500) return 'unavailable'
  if (status < 400) return 'protocol'
  if (status !== 408 && isErrorCode(word) && !UNKNOWN.has(word)) return word
  return CODES[status] ?? 'invalid-options'
}

/** Seconds; the other form, a date, is for longer waits than ours. */
function retryAfterOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined
}
