import type { Awaitable } from '../contracts/index.ts'
import { asSluiceError, isSluiceError, type SluiceError } from '../core/errors.ts'
import type { S3Call, S3Client } from './client.ts'
import { isLoopback } from './endpoint.ts'
import { type CallContext, contextError } from './errors.ts'
import {
  type Attempt,
  type Authorized,
  isSendable,
  type S3SendOptions,
  s3Sender,
} from './sender.ts'

/** A request that needs a signature. Plain JSON. */
export interface SignRequest {
  /** S3's name of the operation, such as `PutObject` or `UploadPart`. */
  readonly operation: string
  readonly method: S3Call<unknown>['method']
  /** Absent for a request to the bucket itself, such as a listing. */
  readonly key?: string | undefined
  readonly query: Readonly<Record<string, string>>
  /** What will be sent; sign all of them, as `presign` does. */
  readonly headers: Readonly<Record<string, string>>
}

/** The right to make that request. What `presign` gives fits. */
export interface SignedRequest {
  /** Of https, or on this machine. */
  readonly url: string
  /** Headers to send besides those that were asked for. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** If given, it must be the one that was asked for. */
  readonly method?: string | undefined
}

/**
 * Asks whoever holds the key, before every attempt. `signal` fires when the answer is no longer wanted: at the caller's signal,
 * or when the attempt's time is up, whether the function minds it or not.
 *
 * What it throws becomes the error of the call: a `SluiceError` as it is, a `TypeError`, which is what `fetch` throws, as
 * `network` and so tried again, and anything else as `unauthenticated`.
 */
export type SignFunction = (
  request: SignRequest,
  options: { readonly signal: AbortSignal },
) => Awaitable<SignedRequest>

export interface PresignedClientOptions extends S3SendOptions {
  readonly bucket: string
  /** Where a bucket would be created. Default `us-east-1`. */
  readonly region?: string | undefined
  readonly sign: SignFunction
}

/**
 * A client for those who hold no key, such as a page: the same operations as with `s3Client`, and somebody who holds the key
 * signs each request.
 *
 * ```ts
 * const client = presignedClient({
 *   bucket: 'photos',
 *   async sign(request, { signal }) {
 *     const response = await fetch('/sign', { method: 'POST', body: JSON.stringify(request), signal })
 *     if (!response.ok) throw new Error(`/sign answered ${response.status}`)
 *     return response.json()
 *   },
 * })
 * await putObject(client, 'cat.jpg', file)
 * ```
 *
 * The answer is not trusted to be right: a URL for another key, method or query, of plain http to another machine, or one whose
 * signature covers other headers than will be sent is refused with `protocol` before anything is sent. No error holds a URL.
 *
 * Not guaranteed: that the signer signs for the right bucket; whose bucket it is is the signer's business. The payload is
 * protected by the connection alone.
 */
export function presignedClient(options: PresignedClientOptions): S3Client {
  const { bucket, region = 'us-east-1', sign } = options
  const send = options.fetch ?? ((url, init) => fetch(url, init))
  const quiet: S3SendOptions = {
    ...options,
    async fetch(url, init) {
      try {
        return await send(url, init)
      } catch (error) {
        throw withoutUrl(error)
      }
    },
  }
  return s3Sender({ bucket, region }, quiet, async ({ call, context, headers, signal }) => {
    const { operation, method, key } = call
    const query: Record<string, string> = {}
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query[name] = String(value)
    }
    let answer: SignedRequest
    try {
      answer = await sign({ operation, method, key, query, headers }, { signal })
    } catch (error) {
      throw signingError(error, context)
    }
    return checkAnswer(answer, query, { call, context, headers, signal })
  })
}

/** Servers take no longer ones. */
const MAX_URL_LENGTH = 16 * 1024
const MAX_HEADERS_LENGTH = 16 * 1024

/** `fetch` sets these from the URL and the body, and a signer may list them among what it has signed. */
const BY_FETCH = new Set(['host', 'content-length'])

function checkAnswer(
  answer: SignedRequest,
  query: Readonly<Record<string, string>>,
  { call, context, headers }: Attempt,
): Authorized {
  const refuse = (what: string): never => {
    throw contextError('protocol', context, `was not sent: what the sign function answered ${what}`)
  }
  const { url: text, headers: extra = {}, method = call.method } = answer ?? {}
  if (typeof text !== 'string' || text.length > MAX_URL_LENGTH) return refuse('has no url')
  if (method !== call.method) return refuse('is of another method')
  const url = parseUrl(text)
  if (!url || url.username || url.password) return refuse('has a url that is none')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return refuse('goes to another machine without https')
  }
  // A part that lost its number would replace the whole object.
  for (const [name, value] of Object.entries(query)) {
    if (url.searchParams.get(name) !== value)
      return refuse(`lacks the query "${name}" as asked for`)
  }
  if (call.key !== undefined && !decodePath(url.pathname).endsWith(`/${call.key}`)) {
    return refuse('is for another key')
  }
  const sent: Record<string, string> = { ...headers }
  if (typeof extra !== 'object' || extra === null) return refuse('has headers that are none')
  let length = 0
  for (const [given, value] of Object.entries(extra)) {
    const name = given.toLowerCase()
    if (BY_FETCH.has(name)) continue
    length += name.length + String(value).length
    if (!isSendable(name, value) || length > MAX_HEADERS_LENGTH) {
      return refuse('has headers that cannot be sent')
    }
    if ((headers[name] ?? value) !== value) return refuse(`changes the header ${name}`)
    sent[name] = value
  }
  const signed = url.searchParams.get('X-Amz-SignedHeaders')?.split(';')
  if (signed) {
    const missing = signed.find((name) => !(name in sent) && !BY_FETCH.has(name))
    if (missing !== undefined) {
      return refuse(`is signed with the header ${missing.slice(0, 100)}, which is not sent`)
    }
    const unsigned = Object.keys(sent).find(
      (name) => name.startsWith('x-amz-') && !signed.includes(name),
    )
    if (unsigned !== undefined) return refuse(`is signed without the header ${unsigned}`)
  }
  return { url: url.href, headers: sent }
}

function signingError(error: unknown, context: CallContext): SluiceError {
  const { message } = contextError('network', context, 'was not sent: the sign function failed')
  // Whoever reads or writes an object would take these for that object's.
  const misleading =
    isSluiceError(error) && (error.code === 'not-found' || error.code === 'precondition-failed')
  if (misleading)
    return contextError('unauthenticated', context, 'was not signed', { cause: error })
  const code = error instanceof TypeError ? 'network' : 'unauthenticated'
  return asSluiceError(error, code, message, { key: context.key, attempts: context.attempts })
}

/** Some runtimes write the address into what `fetch` rejects with, and here it is a secret. */
function withoutUrl(error: unknown): TypeError {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } }
  const known = [cause?.code, code].find((word) => /^[A-Z_]{1,40}$/.test(String(word)))
  return new TypeError(known === undefined ? 'The request failed' : `The request failed: ${known}`)
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
