import type { Bytes, Clock } from '../contracts/index.ts'
import { systemClock } from '../core/clock.ts'
import {
  anySignal,
  asSluiceError,
  isSluiceError,
  orAborted,
  SluiceError,
  throwIfAborted,
} from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import { type RetryOptions, retry } from '../core/retry.ts'
import type { S3Call, S3Checksum, S3Client, S3Headers } from './client.ts'
import { encodeKey } from './endpoint.ts'
import {
  type CallContext,
  contextError,
  type Refusal,
  readRefusal,
  refusalError,
} from './errors.ts'
import { GENERIC_PROVIDER, type S3Provider } from './provider.ts'

/** How a client sends, whoever signs. */
export interface S3SendOptions {
  /**
   * What the bucket's provider can do: see `sluice/s3/providers`. Default: S3's own features and parts of one size, which all
   * providers take; without an endpoint, what AWS does.
   */
  readonly provider?: S3Provider | undefined
  /** Default: the platform's own. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** Attempts, waits and the time budget of one call. Default: those of `retry`. */
  readonly retry?: Omit<RetryOptions, 'clock' | 'signal'> | undefined
  /**
   * The time limit of one attempt, its signing included, up to the end of the answer, or to the headers of an object that is
   * read. What comes in pieces, as a body or as the spaces that S3 sends while it copies and completes, may be silent for as
   * long between them. Default: 60 s, and one second more for each 64 KiB that is sent.
   */
  readonly attemptTimeoutMs?: number | undefined
  /**
   * Sends a checksum with each body and verifies those of whole objects that are read: `crc32c()` or another of
   * `sluice/s3/checksums`. Default: none; the connection's own integrity (TLS) counts.
   */
  readonly checksum?: S3Checksum | undefined
  readonly clock?: Clock | undefined
}

/** One attempt of a call, before it has an address. */
export interface Attempt {
  readonly call: S3Call<unknown>
  readonly context: CallContext
  /** The call's own, checked. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Fires when the caller has enough or the time is up. */
  readonly signal: AbortSignal
}

/** The same with the right to be made. */
export interface Authorized {
  readonly url: string
  readonly headers: Headers | Readonly<Record<string, string>>
  /** Whether what the server says promises the next attempt a better end, beyond what its code tells. */
  readonly learn?: ((refusal: Refusal) => boolean) | undefined
}

/** Asked before every attempt. What it rejects with is the attempt's failure; nothing has been sent then. */
export type Authorize = (attempt: Attempt) => Promise<Authorized>

const BASE_TIMEOUT_MS = 60_000
const SLOWEST_BYTES_PER_MS = 64

/**
 * The client around a way to authorize: attempts, time limits, and what to do when the outcome is unknown. `around` is each attempt's
 * frame, which may make it once more at once.
 */
export function s3Sender(
  { bucket, region }: Pick<S3Client, 'bucket' | 'region'>,
  options: S3SendOptions,
  authorize: Authorize,
  around: <T>(attempt: () => Promise<T>) => Promise<T> = (attempt) => attempt(),
): S3Client {
  const { clock = systemClock, provider = GENERIC_PROVIDER, attemptTimeoutMs } = options
  const fetchNow = options.fetch ?? ((url, init) => fetch(url, init))
  let { checksum } = options

  async function attempt<T>(
    call: S3Call<T>,
    attempts: number,
    progress: { sent: boolean },
  ): Promise<T> {
    const context: CallContext = {
      operation: call.operation,
      bucket,
      key: call.key,
      uploadId: call.query?.uploadId as string | undefined,
      attempts,
      onProgress() {
        stopTimer()
        stopTimer = startTimer()
      },
    }
    const usedChecksum = checksum
    const headers = sendable(
      usedChecksum ? call.headers : (options.checksum?.without(call.headers ?? {}) ?? call.headers),
      context,
    )
    // Deno sends an empty Blob without a Content-Length, which S3 answers with 411.
    const body = call.body instanceof Blob && call.body.size === 0 ? new Uint8Array() : call.body
    const limit = new AbortController()
    const limitMs =
      attemptTimeoutMs ?? BASE_TIMEOUT_MS + Math.ceil(sizeOf(body) / SLOWEST_BYTES_PER_MS)
    const startTimer = () =>
      clock.schedule(clock.now() + limitMs, () => {
        const what = progress.sent ? 'got no answer' : 'could not be signed'
        limit.abort(contextError('timeout', context, `${what} within ${limitMs} ms`))
      })
    let stopTimer = startTimer()
    let server = 'the server'
    const signal = anySignal(limit.signal, call.signal)
    // A frame may run it again, after an outcome that is known.
    progress.sent = false
    try {
      // It may be a function from outside that knows nothing of signals.
      const authorized = await orAborted(authorize({ call, context, headers, signal }), signal)
      server = new URL(authorized.url).host
      progress.sent = true
      const response = await fetchNow(authorized.url, {
        method: call.method,
        headers: authorized.headers as HeadersInit,
        redirect: 'manual',
        signal,
        ...(body === undefined ? {} : { body }),
        // A cached answer would show an older object. Only where nothing is written: with `no-store`, `fetch` adds a
        // Cache-Control header of its own, which a PUT would keep with the object.
        ...(call.method === 'GET' || call.method === 'HEAD' ? noStore() : {}),
      })
      if (response.ok) return await call.read(response, context)
      const refusal = await readRefusal(response)
      const unknown = usedChecksum?.isUnsupported(refusal, headers)
      if (unknown) checksum = undefined
      throw refusalError(refusal, context, unknown || authorized.learn?.(refusal) || undefined)
    } catch (error) {
      throwIfAborted(signal)
      const what = `failed on the way: ${server} cannot be reached`
      const { message } = contextError('network', context, what)
      const { key, uploadId } = context
      throw asSluiceError(error, 'network', message, { key, uploadId, attempts })
    } finally {
      stopTimer()
    }
  }

  return {
    bucket,
    region,
    provider,
    clock,
    idleMs: attemptTimeoutMs ?? BASE_TIMEOUT_MS,
    get checksum() {
      return checksum
    },
    copySource: (key) => `/${bucket}/${encodeKey(key)}`,
    async send(call) {
      if (call.key !== undefined) checkKey(call.key)
      let outcomeUnknown = false
      return retry(
        async (attempts) => {
          const progress = { sent: false }
          try {
            return await around(() => attempt(call, attempts, progress))
          } catch (error) {
            if (!isSluiceError(error)) throw error
            if (!error.retryable) {
              const result = await call.recover?.(error, outcomeUnknown).catch((unasked) => {
                // As far as anybody knows, the server's word is about this write.
                if (outcomeUnknown) throw unasked
              })
              if (result !== undefined) return result
            }
            outcomeUnknown ||= progress.sent && mayHaveHappened(error)
            throw error
          }
        },
        { ...options.retry, clock, signal: call.signal },
      )
    },
  }
}

/** After these the server may have done what was asked, although it never said so. */
function mayHaveHappened({ code }: SluiceError): boolean {
  return code === 'network' || code === 'timeout' || code === 'unavailable' || code === 'protocol'
}

/** Anything else a runtime would refuse, or send otherwise than it was signed. */
const HEADER_NAME = /^[a-z0-9-]+$/
const HEADER_VALUE = /^[\u0020-\u007e]*$/

export function isSendable(name: string, value: unknown): value is string {
  return HEADER_NAME.test(name) && typeof value === 'string' && HEADER_VALUE.test(value)
}

/** The headers that can be sent as they are signed. Errors: `invalid-options`. */
export function sendable(
  headers: S3Headers | undefined,
  { operation, key }: Pick<CallContext, 'operation' | 'key'>,
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined) continue
    if (!isSendable(name, value)) {
      throw new SluiceError(
        'invalid-options',
        `${operation}: the header ${JSON.stringify(name)} must have a name of a-z, 0-9 and "-" and a value of printable ASCII`,
        { key },
      )
    }
    given[name] = value
  }
  return given
}

function sizeOf(body: Bytes | Blob | undefined): number {
  return body instanceof Blob ? body.size : (body?.byteLength ?? 0)
}

let noStoreInit: RequestInit | undefined

/** `cache: 'no-store'` where the runtime knows the field; workerd of older compatibility dates throws at it. */
function noStore(): RequestInit {
  if (!noStoreInit) {
    try {
      new Request('https://localhost', { cache: 'no-store' })
      noStoreInit = { cache: 'no-store' }
    } catch {
      noStoreInit = {}
    }
  }
  return noStoreInit
}
