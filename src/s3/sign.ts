import { AwsClient } from 'aws4fetch'
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
 * Signature version 4 in the headers, by aws4fetch's `sign()` alone: its `fetch()` retries neither network errors nor
 * with a fresh signature. The body is not shown to it (the hash is ours), so that it never copies one.
 *
 * The URL must be escaped as RFC 3986 wants and hold no dot segments: `checkKey` and `S3Address.url` see to it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function s3Signer(provider: () => Promise<S3Credentials>, region: string): S3Signer {
  let aws: AwsClient | undefined
  return async ({ method, url, headers, payloadHash, atMs }) => {
    const credentials = await provider()
    // A new client for new credentials: its cache of derived keys is keyed by the secret, and goes with it.
    if (!aws || !signsWith(aws, credentials)) aws = newClient(credentials, region)
    if (aws.cache.size > MAX_CACHED_KEYS) aws.cache.clear()
    const signed = await aws.sign(url, {
      method,
      headers: { ...headers, 'x-amz-content-sha256': payloadHash },
      aws: { datetime: new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '') },
    })
    return signed.headers
  }
}

function newClient(credentials: S3Credentials, region: string): AwsClient {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return new AwsClient({
    accessKeyId,
    secretAccessKey,
    // Both always given: left to guess on an unknown host, aws4fetch takes the rules of another service.
    service: 's3',
    region,
    cache: new Map(),
    ...(sessionToken ? { sessionToken } : {}),
  })
}

function signsWith(aws: AwsClient, credentials: S3Credentials): boolean {
  return (
    aws.accessKeyId === credentials.accessKeyId &&
    aws.secretAccessKey === credentials.secretAccessKey &&
    (aws.sessionToken ?? '') === (credentials.sessionToken ?? '')
  )
}
