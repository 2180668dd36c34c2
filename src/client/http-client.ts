import type { Clock, ErrorCode } from '../contracts/index.ts'
import { abortError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { type RetryOptions, retry } from '../core/retry.ts'

export interface HttpClientOptions {
  /** The server's address, without `v1/`. */
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
  request<T>(method: string, path: string, init: RequestOptions): Promise<T>
  /** A path of the server as an address. */
  address(path: string): string
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  readonly signal: AbortSignal
}

const RETRY: RetryOptions = { attempts: 100, baseMs: 200, capMs: 5000, budgetMs: 120_000 }

/** What a status means where the answer is not one of the server's own problems, but a proxy's. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  429: 'slow-down',
}

export function httpClient(options: HttpClientOptions): HttpClient {
  const { token, clock, timeoutMs = 60_000, fetch: send = (...args) => fetch(...args) } = options
  const base = new URL(options.url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'

  const attempt = async (method: string, path: string, init: RequestOptions): Promise<unknown> => {
    throwIfAborted(init.signal)
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
    const answer = jsonOf(text)
    if (!response.ok) throw problemOf(what, response, answer)
    // A page of some proxy's, which nobody may take for a receipt.
    if (answer === undefined) throw new SluiceError('protocol', `${what} was answered without JSON`)
    return answer
  }

  return {
    request: <T>(method: string, path: string, init: RequestOptions) =>
      retry(() => attempt(method, path, init) as Promise<T>, {
        ...RETRY,
        ...options.retry,
        clock,
        signal: init.signal,
      }),
    address: (path) => new URL(path, base).href,
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemOf(what: string, response: Response, answer: unknown): SluiceError {
  const { status } = response
  const { code, detail } = (answer ?? {}) as { code?: unknown; detail?: unknown }
  const word = typeof code === 'string' ? (code as ErrorCode) : CODES[status]
  const told = typeof detail === 'string' ? `: ${detail}` : ''
  return new SluiceError(
    word ?? (status >= 500 ? 'unavailable' : 'protocol'),
    `${what} was answered with ${status}${told}`,
    {
      status,
      // 408, 429 and every 5xx say nothing about the request itself. A conflict of sequences stays one.
      retryable: status >= 500 || status === 429 || status === 408,
      retryAfterMs: retryAfterOf(response.headers.get('retry-after')),
    },
  )
}

/** Seconds; the other form, a date, is for longer waits than ours. */
function retryAfterOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined
}
