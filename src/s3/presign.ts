import { AwsV4Signer } from 'aws4fetch'
import { SluiceError } from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import { beginSigning } from './authority.ts'
import type { S3Call, S3Client, S3Headers } from './client.ts'
import type { S3Query } from './endpoint.ts'
import { sendable } from './sender.ts'
import { identity } from './sign.ts'

/** A request that somebody else will send. */
export interface PresignRequest {
  readonly method: S3Call<unknown>['method']
  /** Absent for a request to the bucket itself. */
  readonly key?: string | undefined
  /** Such as `{ uploadId, partNumber }` for a part, or `{ 'response-content-disposition': 'attachment' }`. */
  readonly query?: S3Query | undefined
  /**
   * Signed, each of them: whoever uses the URL must send exactly these, and is free in every other but `x-amz-…`, which S3
   * refuses unsigned. A `content-type` binds what is put, a `content-length` its size. Default: none.
   */
  readonly headers?: S3Headers | undefined
  /** How long the URL is good for. Default 15 minutes; cut to 7 days, and to the life of temporary credentials. */
  readonly expiresInMs?: number | undefined
}

/** A request with its right in the URL: whoever has it can make it. Keep it out of logs. */
export interface PresignedRequest {
  readonly method: S3Call<unknown>['method']
  readonly url: string
  /** To be sent as they are. */
  readonly headers: Readonly<Record<string, string>>
  /** By the server's clock. */
  readonly expiresAt: Date
}

/** Set by the signature. S3 reads them in this spelling alone, aws4fetch would sign a second one as well. */
const RESERVED =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token)$/i

/**
 * Signs a request in its URL, for somebody without a key. Sends nothing.
 *
 * ```ts
 * const client = s3Client({ bucket, endpoint, credentials })
 * const { url } = await presign(client, { method: 'PUT', key: 'photo.jpg', headers: { 'content-type': 'image/jpeg' } })
 * ```
 *
 * Guaranteed: the URL allows this method, key and query and nothing else, and needs no checksum: the payload is not signed
 * unless the caller gives its hash as the header `x-amz-content-sha256`. The signature's time is the server's, where its clock
 * is known to differ from ours. The query is escaped as RFC 3986 has it, spaces as `%20`, for servers that verify it as it came.
 *
 * Not guaranteed: that the key exists, or that the credentials may do this; the server says so when the URL is used. A URL
 * cannot be taken back before its end except by taking the right from its key.
 *
 * Errors: `invalid-key`; `invalid-options` for a header that cannot be sent, a query that belongs to the signature, or less than
 * a second; `unauthenticated` for a client without a key of its own, and for credentials that have ended.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export async function presign(
  client: S3Client,
  { method, key, query = {}, headers, expiresInMs }: PresignRequest,
): Promise<PresignedRequest> {
  if (key !== undefined) checkKey(key)
  const signed = sendable(headers, { operation: 'presign', key })
  const reserved = Object.keys(query).find((name) => RESERVED.test(name))
  if (reserved !== undefined) {
    throw new SluiceError('invalid-options', `The query "${reserved}" is the signature's own`, {
      key,
    })
  }
  const { address, credentialsNow, date, seconds, expiresAt } = await beginSigning(
    client,
    expiresInMs,
  )
  const { url } = await new AwsV4Signer({
    ...identity(credentialsNow),
    method,
    url: address.url(key, { ...query, 'X-Amz-Expires': seconds }),
    headers: signed,
    region: address.region,
    datetime: date,
    signQuery: true,
    allHeaders: true,
  }).sign()
  // Written anew: `URLSearchParams` writes spaces as "+" and has other ideas of what is to be escaped.
  const whole = address.url(key, Object.fromEntries(url.searchParams))
  return { method, url: whole, headers: signed, expiresAt }
}
