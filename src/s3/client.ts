import type { Bytes, Clock, Part } from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { systemClock } from '../core/clock.ts'
import type { SluiceError } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import { setAuthority } from './authority.ts'
import { credentialsKeeper, type S3CredentialsSource } from './credentials.ts'
import { type S3EndpointOptions, type S3Query, s3Address } from './endpoint.ts'
import type { CallContext, Refusal } from './errors.ts'
import { AWS_PROVIDER, GENERIC_PROVIDER, type S3Provider } from './provider.ts'
import { type Authorize, type S3SendOptions, s3Sender } from './sender.ts'
import { s3Signer, UNSIGNED_PAYLOAD } from './sign.ts'
import type { XmlPart } from './xml.ts'

export interface S3ClientOptions extends S3EndpointOptions, S3SendOptions {
  /** `'anonymous'` sends requests without a signature: for buckets that anybody may read. */
  readonly credentials: S3CredentialsSource | 'anonymous'
}

/**
 * A bucket and the right to call it. The operations are functions that take it, so that a bundle holds only those
 * that it uses. Holds no credentials that could be printed.
 */
export interface S3Client {
  readonly bucket: string
  readonly region: string
  /** What the bucket's provider can do. */
  readonly provider: S3Provider
  readonly clock: Clock
  /** How long a body that is being read may be silent. */
  readonly idleMs: number
  /** That of the options, until the provider says that it knows no such thing. */
  readonly checksum: S3Checksum | undefined
  /**
   * One operation, tried again as long as that helps, each attempt signed afresh. Rejects with `SluiceError` only. `fetch`
   * follows no redirect, because it would drop the signature; a client whose endpoint names its region, as AWS's own does, and
   * that is told its bucket's goes there, once, and stays.
   */
  send<T>(call: S3Call<T>): Promise<T>
  /** Where a key is, for `x-amz-copy-source`. */
  copySource(key: string): string
}

/** How bodies are checked from end to end: `crc32c()` and its like, of `sluice/s3/checksums`. */
export interface S3Checksum {
  /** As in `x-amz-checksum-crc32c`. */
  readonly name: string
  /** In base64. */
  of(body: Bytes | Blob): Promise<string>
  headers(value: string): S3Headers
  readonly uploadHeaders: S3Headers
  /** `undefined` where the checksum of the whole is not known. */
  completion(
    parts: readonly Part[],
  ): { readonly headers: S3Headers; partXml(part: Part): XmlPart } | undefined
  readonly modeHeaders: S3Headers
  /** `undefined` where the answer to a GET tells nothing to verify. */
  verifier(headers: Headers): BodyCheck | undefined
  /** Whether a server refused because it does not know those of these headers that belong to the checksum. */
  isUnsupported(refusal: Refusal, headers: S3Headers): boolean
  without(headers: S3Headers): S3Headers
}

/** Verifies a body while it passes. */
export interface BodyCheck {
  update(bytes: Bytes): void
  isRight(): boolean
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
   * Asked before the call rejects for good: an earlier attempt may have succeeded, and be the very reason of `error`. Resolves
   * to the result if so. `outcomeUnknown` when an attempt of ours was left without an answer; without it there may still have been
   * one, because Chromium, Deno and Bun send a request again by themselves, even a POST, when a connection that served before is cut.
   */
  recover?(error: SluiceError, outcomeUnknown: boolean): Promise<T | undefined>
}

/** A difference of clocks that explains a refusal; S3 allows 15 minutes. */
const SKEW_STEP_MS = 60_000

/**
 * Makes a client for one bucket. Sends nothing.
 *
 * Errors: `invalid-options` (see `S3EndpointOptions`), `unauthenticated` for credentials that lack a part.
 */
export function s3Client(options: S3ClientOptions): S3Client {
  const { bucket, clock = systemClock, credentials: source } = options
  let address = s3Address(options)
  const names = { bucket, region: address.region }
  const provider = options.provider ?? (options.endpoint ? GENERIC_PROVIDER : AWS_PROVIDER)
  const sending = { ...options, provider }
  if (source === 'anonymous') {
    return s3Sender(names, sending, async ({ call, headers }) => ({
      url: address.url(call.key, call.query),
      headers,
    }))
  }
  const credentials = credentialsKeeper(source, clock)
  let sign = s3Signer(credentials.get, address.region)
  /** How far the server's clock is ahead of ours, once it has complained. */
  let skewMs = 0

  const authorize: Authorize = async ({ call, headers }) => {
    const usedSkewMs = skewMs
    const usedRegion = address.region
    const url = address.url(call.key, call.query)
    const payloadHash =
      call.signBody || !address.trusted ? await hashOf(call.body) : UNSIGNED_PAYLOAD
    const atMs = clock.now() + usedSkewMs
    return {
      url,
      headers: await sign({ method: call.method, url, headers, payloadHash, atMs }),
      learn: (refusal) => learnSkew(refusal, usedSkewMs) || learnRegion(refusal, usedRegion),
    }
  }

  /** Whether the refusal told us the time, so that the next attempt has a better chance. */
  function learnSkew({ status, serverCode, serverTimeMs }: Refusal, usedSkewMs: number): boolean {
    // A HEAD is refused without a word, so that only the Date header can tell.
    const silent = status === 403 && serverCode === undefined
    if (!(silent || serverCode === 'RequestTimeTooSkewed') || serverTimeMs === undefined)
      return false
    const foundMs = serverTimeMs - clock.now()
    if (Math.abs(foundMs - usedSkewMs) < (silent ? 15 : 1) * SKEW_STEP_MS) return false
    skewMs = foundMs
    return true
  }

  /** An endpoint that does not name its region is where it was said to be, whatever its answers name. */
  function learnRegion({ region }: Refusal, usedRegion: string): boolean {
    if (!address.regional || !region || region === usedRegion) return false
    if (region === address.region) return true
    if (address.region !== names.region) return false
    address = s3Address({ ...options, region })
    sign = s3Signer(credentials.get, region)
    return true
  }

  return setAuthority(s3Sender(names, sending, authorize, credentials.use), {
    get address() {
      return address
    },
    credentials: credentials.get,
    now: () => clock.now() + skewMs,
  })
}

async function hashOf(body: Bytes | Blob = EMPTY): Promise<string> {
  return sha256Hex(body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body)
}
