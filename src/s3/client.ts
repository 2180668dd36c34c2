import type { Bytes, Clock } from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { systemClock } from '../core/clock.ts'
import { abortError, asSluiceError, isSluiceError, SluiceError } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import { checkKey } from '../core/keys.ts'
import { type RetryOptions, retry } from '../core/retry.ts'
import { credentialsKeeper, type S3CredentialsSource } from './credentials.ts'
import { encodeKey, type S3EndpointOptions, type S3Query, s3Address } from './endpoint.ts'
import {
  type CallContext,
  contextError,
  type Refusal,
  readRefusal,
  refusalError,
} from './errors.ts'
import { s3Signer, UNSIGNED_PAYLOAD } from './sign.ts'

export interface S3ClientOptions extends S3EndpointOptions {
  readonly credentials: S3CredentialsSource
  /** Default: the platform's own. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** Attempts, waits and the time budget of one call. Default: those of `retry`. */
  readonly retry?: Omit<RetryOptions, 'clock' | 'signal'> | undefined
  /**
   * The time limit of one attempt, up to the end of the answer, or to the headers of an object that is read, whose body may then
   * be silent for as long. Default: 60 s, and one second more for each 64 KiB that is sent.
   */
  readonly attemptTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/**
 * A bucket and the right to call it. The operations are functions that take it, so that a bundle holds only those
 * that it uses. Holds no credentials that could be printed.
 */
export interface S3Client {
  readonly bucket: string
  readonly region: string
  readonly clock: Clock
  /** How long a body that is being read may be silent. */
  readonly idleMs: number
  /**
   * One operation, tried again as long as that helps, each attempt signed afresh. Rejects with `SluiceError` only; a
   * redirect is not followed, because `fetch` would drop the signature.
   */
  send<T>(call: S3Call<T>): Promise<T>
  /** Where a key is, for `x-amz-copy-source`. */
  copySource(key: string): string
}

/** A value of `undefined` leaves the header out. */
export type S3Headers = Readonly<Record<string, string | undefined>>

export interface S3Call<T> {
  /** S3's name of the operation, for messages. */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Absent for a call to the bucket itself. */
  readonly key?: string | undefined
  readonly query?: S3Query | undefined
  readonly headers?: S3Headers | undefined
  /** Never a stream: half of the runtimes would send it in chunks, which S3 refuses, and none could send it twice. */
  readonly body?: Bytes | Blob | undefined
  /** Sign the body whatever the connection. For small documents. */
  readonly signBody?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Makes the result of a success (2xx). What it throws counts as the attempt's failure. */
  read(response: Response, context: CallContext): Promise<T>
  /**
   * Asked before the call rejects for good when the outcome of an earlier attempt is unknown: it may have succeeded,
   * and be the very reason of `error`. Resolves to the result if so.
   */
  recover?(error: SluiceError): Promise<T | undefined>
}

const BASE_TIMEOUT_MS = 60_000
const SLOWEST_BYTES_PER_MS = 64

/** A difference of clocks that explains a refusal; S3 allows 15 minutes. */
const SKEW_STEP_MS = 60_000

/**
 * Makes a client for one bucket. Sends nothing.
 *
 * Errors: `invalid-options` (see `S3EndpointOptions`), `unauthenticated` for credentials that lack a part.
 */
export function s3Client(options: S3ClientOptions): S3Client {
  const { bucket, clock = systemClock, attemptTimeoutMs } = options
  const address = s3Address(options)
  const credentials = credentialsKeeper(options.credentials, clock)
  const sign = s3Signer(credentials.get, address.region)
  const send = options.fetch ?? ((url, init) => fetch(url, init))
  /** How far the server's clock is ahead of ours, once it has complained. */
  let skewMs = 0

  async function attempt<T>(call: S3Call<T>, attempts: number): Promise<T> {
    const context: CallContext = {
      operation: call.operation,
      bucket,
      key: call.key,
      uploadId: call.query?.uploadId as string | undefined,
      attempts,
    }
    const usedSkewMs = skewMs
    const url = address.url(call.key, call.query)
    const mustSign = call.signBody || !address.trusted
    // An empty Blob too: Deno sends it without a Content-Length, which S3 answers with 411.
    const mustRead = call.body instanceof Blob && (mustSign || call.body.size === 0)
    const body = mustRead ? await bytesOf(call.body as Blob) : call.body
    const headers = await sign({
      method: call.method,
      url,
      headers: sendable(call),
      payloadHash: mustSign
        ? await sha256Hex((body as Bytes | undefined) ?? EMPTY)
        : UNSIGNED_PAYLOAD,
      atMs: clock.now() + usedSkewMs,
    })
    const limit = new AbortController()
    const sentBytes = body instanceof Blob ? body.size : (body?.byteLength ?? 0)
    const limitMs =
      attemptTimeoutMs ?? BASE_TIMEOUT_MS + Math.ceil(sentBytes / SLOWEST_BYTES_PER_MS)
    const stopTimer = clock.schedule(clock.now() + limitMs, () => limit.abort())
    try {
      const response = await send(url, {
        method: call.method,
        headers,
        redirect: 'manual',
        signal: call.signal ? AbortSignal.any([call.signal, limit.signal]) : limit.signal,
        ...(body === undefined ? {} : { body }),
        // A cached answer would show an older object. Only where nothing is written: with `no-store`, `fetch` adds a
        // Cache-Control header of its own, which a PUT would keep with the object.
        ...(call.method === 'GET' || call.method === 'HEAD' ? noStore() : {}),
      })
      if (response.ok) return await call.read(response, context)
      const refusal = await readRefusal(response)
      throw refusalError(refusal, context, learnSkew(refusal, usedSkewMs) || undefined)
    } catch (error) {
      if (call.signal?.aborted) throw abortError(call.signal)
      if (limit.signal.aborted) {
        throw contextError('timeout', context, `got no answer within ${limitMs} ms`, {
          cause: error,
        })
      }
      if (isSluiceError(error)) throw error
      const { message } = contextError(
        'network',
        context,
        'failed on the way: the server cannot be reached',
      )
      throw asSluiceError(error, 'network', message, context)
    } finally {
      stopTimer()
    }
  }

  /** Whether the refusal told us the time, so that the next attempt has a better chance. */
  function learnSkew({ serverCode, serverTimeMs }: Refusal, usedSkewMs: number): boolean {
    if (serverCode !== 'RequestTimeTooSkewed' || serverTimeMs === undefined) return false
    const foundMs = serverTimeMs - clock.now()
    if (Math.abs(foundMs - usedSkewMs) < SKEW_STEP_MS) return false
    skewMs = foundMs
    return true
  }

  return {
    bucket,
    region: address.region,
    clock,
    idleMs: attemptTimeoutMs ?? BASE_TIMEOUT_MS,
    copySource: (key) => `/${bucket}/${encodeKey(key)}`,
    async send(call) {
      if (call.key !== undefined) checkKey(call.key)
      let outcomeUnknown = false
      return retry(
        async (attempts) => {
          try {
            return await credentials.use(() => attempt(call, attempts), call.signal)
          } catch (error) {
            if (!isSluiceError(error)) throw error
            if (outcomeUnknown && !error.retryable) {
              const result = await call.recover?.(error)
              if (result !== undefined) return result
            }
            outcomeUnknown ||= mayHaveHappened(error)
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

function sendable({ operation, key, headers = {} }: S3Call<unknown>): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
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

async function bytesOf(blob: Blob): Promise<Bytes> {
  return new Uint8Array(await blob.arrayBuffer())
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
