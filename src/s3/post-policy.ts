import type { ObjectHeaders } from '../contracts/index.ts'
import { toBase64, toHex, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { hmacSha256 } from '../core/hash.ts'
import { checkKey, checkPrefix } from '../core/keys.ts'
import { beginSigning } from './authority.ts'
import type { S3Client } from './client.ts'
import { objectHeaders } from './metadata.ts'
import { sendable } from './sender.ts'

/** Where the upload goes: one key, or any key that begins so. */
export type PostTarget =
  | { readonly key: string; readonly keyPrefix?: undefined }
  | { readonly keyPrefix: string; readonly key?: undefined }

/** What it may call itself: one content type, or any that begins so, such as `image/`; by default none at all. */
export type PostContentType =
  | { readonly contentType?: string | undefined; readonly contentTypePrefix?: undefined }
  | { readonly contentTypePrefix: string; readonly contentType?: undefined }

export type PostPolicyOptions = PostTarget &
  PostContentType &
  Pick<ObjectHeaders, 'metadata'> & {
    /** Default 0. */
    readonly minBytes?: number | undefined
    /** The form may hold this much, and S3 refuses more. What a presigned PUT cannot say. */
    readonly maxBytes: number
    /** How long the form is good for. Default 15 minutes; cut to 7 days, and to the life of temporary credentials. */
    readonly expiresInMs?: number | undefined
  }

/** A form that uploads. Whoever has it can use it: keep it out of logs. */
export interface PostForm {
  /** Post `multipart/form-data` here. */
  readonly url: string
  /**
   * The fields of the form, all of which go before the field `file`. With `keyPrefix` the key is the prefix and the file's own
   * name (`${filename}`, which not every server knows), or another that the sender puts there; with `contentTypePrefix` the sender adds `Content-Type`.
   */
  readonly fields: Readonly<Record<string, string>>
  /** By the server's clock. */
  readonly expiresAt: Date
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** What S3 replaces by the name of the file. */
const FILE_NAME = `\${filename}`

/**
 * Signs a form by which somebody without a key, such as a page without a script, uploads one file. Sends nothing.
 *
 * Guaranteed: S3 takes no other key, size, content type or metadata than these, and no further field.
 *
 * Not guaranteed: that every server knows forms (R2 does not); that a key is written once only: a form can be used until it
 * expires, and replaces what is there.
 *
 * Errors: `invalid-key`; `invalid-options` for sizes that are none, a key that holds `${filename}`, a header that cannot be
 * sent, or less than a second; `unauthenticated` as with `presign`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export async function postPolicy(client: S3Client, options: PostPolicyOptions): Promise<PostForm> {
  const { key, keyPrefix = '', minBytes = 0, maxBytes, contentType, contentTypePrefix } = options
  check(options)
  const headers = sendable(objectHeaders({ ...options, contentType }), {
    operation: 'postPolicy',
    key,
  })
  const fixed: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name !== 'content-type') fixed[name] = value
    else if (contentType !== undefined) fixed['Content-Type'] = value
  }
  const { address, credentialsNow, date, expiresAt } = await beginSigning(
    client,
    options.expiresInMs,
  )
  const { accessKeyId, secretAccessKey, sessionToken } = credentialsNow
  const scope = [date.slice(0, 8), address.region, 's3', 'aws4_request']
  Object.assign(fixed, {
    'x-amz-algorithm': ALGORITHM,
    'x-amz-credential': [accessKeyId, ...scope].join('/'),
    'x-amz-date': date,
    ...(sessionToken ? { 'x-amz-security-token': sessionToken } : {}),
  })
  const conditions: unknown[] = [
    { bucket: client.bucket },
    key === undefined ? ['starts-with', '$key', keyPrefix] : ['eq', '$key', key],
    ['content-length-range', minBytes, maxBytes],
    ...Object.entries(fixed).map(([name, value]) => ['eq', `$${name}`, value]),
  ]
  if (contentTypePrefix !== undefined) {
    conditions.push(['starts-with', '$Content-Type', contentTypePrefix])
  }
  const policy = toBase64(utf8(JSON.stringify({ expiration: expiresAt.toISOString(), conditions })))
  let signature = utf8(`AWS4${secretAccessKey}`)
  for (const text of [...scope, policy]) signature = await hmacSha256(signature, utf8(text))
  return {
    url: address.url(undefined),
    fields: {
      key: key ?? keyPrefix + FILE_NAME,
      ...fixed,
      policy,
      'x-amz-signature': toHex(signature),
    },
    expiresAt,
  }
}

function check({ key, keyPrefix = '', minBytes = 0, maxBytes }: PostPolicyOptions): void {
  if (key === undefined) checkPrefix(keyPrefix)
  else checkKey(key)
  if ((key ?? keyPrefix).includes(FILE_NAME)) {
    throw new SluiceError('invalid-options', `S3 would replace ${FILE_NAME} in the key`, { key })
  }
  const whole = Number.isSafeInteger(minBytes) && Number.isSafeInteger(maxBytes)
  if (!whole || minBytes < 0 || maxBytes < minBytes) {
    throw new SluiceError(
      'invalid-options',
      `minBytes (${minBytes}) and maxBytes (${maxBytes}) must be whole numbers in ascending order`,
      { key },
    )
  }
}
