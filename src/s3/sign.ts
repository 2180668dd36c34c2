import { AwsV4Signer } from 'aws4fetch'
import type { S3Credentials } from './credentials.ts'

export interface Signable {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body in hex, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
  readonly atMs: number
}

/** Gives the headers of a signed request. */
export type S3Signer = (request: Signable) => Promise<Headers>

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

/** A derived key per day is all that aws4fetch puts there: more of them are of the past. */
const MAX_CACHED_KEYS = 2

/**
 * Signature version 4 in the headers, by aws4fetch's signer alone: its `fetch()` retries neither network errors nor
 * with a fresh signature. The body is not shown to it (the hash is ours), so that it never copies one.
 *
 * The URL must be escaped as RFC 3986 wants and hold no dot segments: `checkKey` and `S3Address.url` see to it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function s3Signer(provider: () => Promise<S3Credentials>, region: string): S3Signer {
  let cache = new Map<string, ArrayBuffer>()
  let cachedFor: string | undefined
  return async ({ method, url, headers, payloadHash, atMs }) => {
    const credentials = await provider()
    // A new cache for a new secret: its entries are named by the secret, and go with it.
    if (cachedFor !== credentials.secretAccessKey || cache.size > MAX_CACHED_KEYS) cache = new Map()
    cachedFor = credentials.secretAccessKey
    const signed = await new AwsV4Signer({
      ...identity(credentials),
      method,
      url,
      headers: { ...headers, 'x-amz-content-sha256': payloadHash },
      region,
      cache,
      datetime: amzDate(atMs),
    }).sign()
    return signed.headers
  }
}

/** Whom aws4fetch signs for. The service is always given: left to guess on an unknown host, it takes another's rules. */
export function identity({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  service: 's3'
} {
  return {
    accessKeyId,
    secretAccessKey,
    service: 's3',
    ...(sessionToken ? { sessionToken } : {}),
  }
}

/** `YYYYMMDDTHHMMSSZ`. */
export function amzDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
}
