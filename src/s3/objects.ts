import type {
  Bytes,
  CallOptions,
  GetOptions,
  ObjectInfo,
  PutResult,
  WriteConditions,
} from '../contracts/index.ts'
import { checkRange } from '../core/check-range.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import type { S3Client, S3Headers } from './client.ts'
import { contextError } from './errors.ts'
import { newNonce, nonceOf, objectHeaders } from './metadata.ts'
import { answeredRange, checkVersion, objectBody } from './object-body.ts'
import type { S3PutObjectOptions } from './put-options.ts'
import { drain, etagOf, objectInfoOf } from './response.ts'

/**
 * Writes an object in one request. A conditional write carries a nonce in its metadata (`sluice-write`), so that a
 * refusal which follows a lost answer can be told from another writer's object.
 *
 * Where the bucket's CORS rule hides the ETag from a page, the object is written and the call rejects with `protocol`: a listing would
 * show the ETag of whatever is there by then.
 *
 * Errors: `precondition-failed`; `not-supported` for a condition where the client's provider takes none; what `S3Client.send` rejects with.
 */
export async function putObject(
  client: S3Client,
  key: string,
  body: Bytes | Blob,
  options: S3PutObjectOptions = {},
): Promise<PutResult> {
  checkBody(key, body)
  checkConditional(client, key, options, 'conditionalPut')
  const nonce = hasCondition(options) ? newNonce() : undefined
  const sum = await client.checksum?.of(body)
  return mindAbsent(options, key, () =>
    client.send({
      operation: 'PutObject',
      method: 'PUT',
      key,
      headers: {
        ...objectHeaders(options, nonce),
        ...conditionHeaders(options),
        ...(sum && client.checksum?.headers(sum)),
      },
      body,
      signal: options.signal,
      async read(response, context) {
        await drain(response, context)
        return { etag: etagOf(response, context) }
      },
      recover: ownWrite(client, key, nonce, options.signal),
    }),
  )
}

export interface S3Object {
  readonly info: ObjectInfo
  /**
   * Whether `fetch` decodes the body, so that its bytes are others than those kept. Where CORS hides `Content-Encoding` from a page it
   * shows by its length alone, at the end.
   */
  readonly decoded: boolean
  /** To be read or cancelled. */
  readonly body: ReadableStream<Bytes>
}

/**
 * `undefined` for an absent key. A body that is cut short, or silent for `client.idleMs`, goes on from its last byte with the same
 * version of the object, unless `fetch` decodes it (`contentEncoding`): then its length is not known, and it errors with
 * `network` or `timeout`.
 *
 * Errors: `precondition-failed`, which the body gets too when it cannot go on because the object was replaced; `invalid-options` for
 * a range that begins past the end; `not-supported` for a range of an object that `fetch` decodes, which no decoder can read;
 * `not-found` for an absent bucket.
 */
export async function getObject(
  client: S3Client,
  key: string,
  options: GetOptions = {},
): Promise<S3Object | undefined> {
  const { range, ifMatch, signal } = options
  checkRange(key, range)
  const wanted = range && `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}`
  return orUndefined(() =>
    client.send({
      operation: 'GetObject',
      method: 'GET',
      key,
      headers: {
        range: wanted,
        ...conditionHeaders({ ifMatch }),
        ...(range ? {} : client.checksum?.modeHeaders),
      },
      signal,
      async read(response, context) {
        try {
          const part = range && answeredRange(response, context, range)
          const info = objectInfoOf(response, context, key, part?.sizeBytes)
          checkVersion(info.etag, ifMatch, context)
          // Others, such as the `aws-chunked` that some servers keep, are left as they are.
          let decoded = /\b(gzip|deflate|br|zstd)\b/i.test(info.contentEncoding ?? '')
          if (decoded && part) {
            throw contextError(
              'not-supported',
              context,
              `reads no range of what is ${info.contentEncoding}`,
            )
          }
          const whole = { start: 0, end: info.sizeBytes, sizeBytes: info.sizeBytes }
          const body = objectBody(client, { key, etag: info.etag, signal }, response, context, {
            range: decoded ? undefined : (part ?? whole),
            check: decoded || part ? undefined : client.checksum?.verifier(response.headers),
            // A page is not told what the CORS rule does not expose.
            onDecoded:
              part || response.type !== 'cors' || info.contentEncoding
                ? undefined
                : () => {
                    decoded = true
                  },
          })
          return {
            info,
            body,
            get decoded() {
              return decoded
            },
          }
        } catch (error) {
          await response.body?.cancel()
          throw error
        }
      },
    }),
  )
}

/** `undefined` for an absent key, and for an absent bucket, which the answer to a HEAD cannot tell apart. */
export async function headObject(
  client: S3Client,
  key: string,
  options: CallOptions = {},
): Promise<ObjectInfo | undefined> {
  return (await headWritten(client, key, options.signal))?.info
}

/** Deletes one object. An absent one counts as deleted. */
export async function deleteObject(
  client: S3Client,
  key: string,
  options: CallOptions = {},
): Promise<void> {
  await orUndefined(() =>
    client.send({
      operation: 'DeleteObject',
      method: 'DELETE',
      key,
      signal: options.signal,
      read: drain,
    }),
  )
}

/** What makes a write with this nonce right when its own earlier attempt has failed its condition. */
export function ownWrite(
  client: S3Client,
  key: string,
  nonce: string | undefined,
  signal: AbortSignal | undefined,
): (error: SluiceError) => Promise<PutResult | undefined> {
  return async ({ code }) =>
    nonce && code === 'precondition-failed' ? ifWritten(client, key, nonce, signal) : undefined
}

/** What lies under the key, if it is the write that carries this nonce. */
export async function ifWritten(
  client: S3Client,
  key: string,
  nonce: string,
  signal: AbortSignal | undefined,
): Promise<PutResult | undefined> {
  const found = await headWritten(client, key, signal)
  return found && found.nonce === nonce ? { etag: found.info.etag } : undefined
}

async function headWritten(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ info: ObjectInfo; nonce: string | undefined } | undefined> {
  return orUndefined(() =>
    client.send({
      operation: 'HeadObject',
      method: 'HEAD',
      key,
      signal,
      read: async (response, context) => ({
        info: objectInfoOf(response, context, key),
        nonce: nonceOf(response.headers),
      }),
    }),
  )
}

export function hasCondition({ ifNoneMatch, ifMatch }: WriteConditions): boolean {
  return ifNoneMatch !== undefined || ifMatch !== undefined
}

/** Plain JavaScript may give anything, and `fetch` sends most of it as something else. */
export function checkBody(key: string, body: Bytes | Blob): void {
  if (body instanceof Blob || body?.BYTES_PER_ELEMENT === 1) return
  const message = `The body of "${key}" is neither bytes nor a Blob; put() takes text and streams`
  throw new SluiceError('invalid-options', message, { key })
}

/** Most providers that know no condition ignore it, and would overwrite what it should have protected. */
export function checkConditional(
  { provider }: S3Client,
  key: string,
  conditions: WriteConditions,
  capability: 'conditionalPut' | 'conditionalComplete',
): void {
  if (conditions.ifNoneMatch && conditions.ifMatch !== undefined) {
    const message = `"${key}": ifNoneMatch wants no object and ifMatch wants one: give one of them`
    throw new SluiceError('invalid-options', message, { key })
  }
  if (!hasCondition(conditions) || provider.capabilities[capability]) return
  throw new SluiceError('not-supported', `${provider.name} takes no such condition ("${key}")`, {
    key,
  })
}

export function conditionHeaders({ ifNoneMatch, ifMatch }: WriteConditions): S3Headers {
  return {
    'if-none-match': ifNoneMatch,
    'if-match': ifMatch === undefined ? undefined : `"${ifMatch}"`,
  }
}

/** Servers differ in what a write with `ifMatch` to an absent key gets: AWS says 404, R2 412. */
export async function mindAbsent<T>(
  { ifMatch }: WriteConditions,
  key: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (ifMatch === undefined || !isAbsent(error) || error.serverCode === 'NoSuchUpload')
      throw error
    throw new SluiceError('precondition-failed', `There is no "${key}" to replace`, {
      ...error,
      retryable: false,
      cause: error,
    })
  }
}

/** `undefined` where the answer is that there is no such thing in the bucket. */
export async function orUndefined<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** Any code of a 404 but the bucket's own means the key: rustfs says NoSuchVersion for one that ends in a slash. */
export function isAbsent(error: unknown): error is SluiceError {
  return isSluiceError(error, 'not-found') && error.serverCode !== 'NoSuchBucket'
}
