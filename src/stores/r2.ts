import type {
  Bytes,
  CallOptions,
  ListOptions,
  MultipartLimits,
  MultipartUpload,
  ObjectHeaders,
  ObjectInfo,
  Part,
  Prefix,
  Store,
  StoreCapabilities,
  WriteConditions,
} from '../contracts/index.ts'
import { checkRange } from '../core/check-range.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { checkKey, checkPrefix, compareKeys } from '../core/keys.ts'
import {
  checkConditions,
  checkHeaders,
  checkPart,
  checkParts,
  checkSize,
  resolveRange,
} from './check-options.ts'
import { getResult } from './get-result.ts'
import type {
  R2BucketLike,
  R2ConditionsLike,
  R2HeadersLike,
  R2MultipartUploadLike,
  R2ObjectBodyLike,
  R2ObjectLike,
} from './r2-bucket.ts'
import { callR2, r2Error } from './r2-errors.ts'

export type { R2BucketLike } from './r2-bucket.ts'

/** @see https://developers.cloudflare.com/r2/platform/limits/ */
const LIMITS: MultipartLimits = Object.freeze({
  minPartBytes: 5 * 1024 ** 2,
  maxPartBytes: 5 * 1024 ** 3,
  maxParts: 10_000,
  equalParts: true,
})

const CAPABILITIES: StoreCapabilities = Object.freeze({
  conditionalPut: true,
  // complete() of the binding takes no condition: it ignores one.
  conditionalComplete: false,
  copy: false,
  compose: false,
  rangeGet: true,
  multipart: LIMITS,
  listUploads: false,
  maxPutBytes: 5 * 1024 ** 3,
})

const PAGE_KEYS = 1000

/**
 * An R2 bucket through a Worker's binding: `r2Store(env.BUCKET)`. No credentials, no signatures.
 *
 * Guaranteed: the contract. ETags are R2's: the MD5 of the bytes, or, of an object that came in parts, of the parts'.
 *
 * Not guaranteed: what the binding lacks and R2's S3 API has, see `capabilities`: conditions on `complete`, listing
 * uploads, copying. Uploads that nobody ends are aborted by the bucket's lifecycle rule, after 7 days by default. The
 * binding takes no signal: one that fires while a write is under way is not seen, and the write's outcome is told.
 *
 * Errors beyond the contract's: `slow-down` for more than one write per second to a key, `invalid-options` for more
 * than 8,192 bytes of metadata, `permission-denied` for a key that a bucket lock holds.
 */
export function r2Store(bucket: R2BucketLike): Store {
  async function* list(options: ListOptions = {}): AsyncGenerator<ObjectInfo | Prefix> {
    const { prefix = '', delimiter, startAfter = '', signal } = options
    throwIfAborted(signal)
    checkPrefix(prefix)
    // The cursor knows where a page ended; `startAfter` is for the first one.
    let from: { readonly startAfter?: string; readonly cursor?: string } = startAfter
      ? { startAfter }
      : {}
    for (;;) {
      const page = await callR2(
        prefix,
        'list',
        bucket.list({
          limit: PAGE_KEYS,
          prefix,
          include: ['httpMetadata', 'customMetadata'],
          ...(delimiter && { delimiter }),
          ...from,
        }),
      )
      throwIfAborted(signal)
      for (const entry of inOrder(page.objects, page.delimitedPrefixes)) {
        throwIfAborted(signal)
        // R2 shows a prefix as long as a key in it is left; S3, and so the contract, only one that lies behind as well.
        if (compareKeys(nameOf(entry), startAfter) <= 0) continue
        yield entry
      }
      if (!page.truncated || page.cursor === undefined) return
      from = { cursor: page.cursor }
    }
  }

  function handle(key: string, upload: R2MultipartUploadLike): MultipartUpload {
    const { uploadId } = upload
    return Object.freeze({
      key,
      uploadId,
      toJSON: () => ({ key, uploadId }),
      async putPart(partNumber: number, body: Bytes | Blob, options: CallOptions = {}) {
        throwIfAborted(options.signal)
        const sizeBytes = sizeOf(body)
        checkPart(key, partNumber, sizeBytes, LIMITS)
        const sending = upload.uploadPart(partNumber, body)
        const { etag } = await callR2(key, `write part ${partNumber} of`, sending, uploadId)
        return Object.freeze({ partNumber, etag, sizeBytes })
      },
      async complete(parts: readonly Part[], options: WriteConditions & CallOptions = {}) {
        throwIfAborted(options.signal)
        checkConditions(key, options, CAPABILITIES.conditionalComplete, 'complete')
        checkParts(key, parts, LIMITS)
        const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag }))
        const { etag } = await callR2(key, 'complete', upload.complete(named), uploadId)
        return Object.freeze({ etag })
      },
      async abort(options: CallOptions = {}) {
        throwIfAborted(options.signal)
        try {
          await callR2(key, 'abort the upload of', upload.abort(), uploadId)
        } catch (error) {
          if (!isSluiceError(error, 'not-found')) throw error
        }
      },
    })
  }

  return Object.freeze<Store>({
    kind: 'r2',
    capabilities: CAPABILITIES,
    async put(key, body, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      const headers = r2Headers(checkHeaders(key, options))
      checkConditions(key, options, CAPABILITIES.conditionalPut, 'put')
      checkSize(key, sizeOf(body), CAPABILITIES.maxPutBytes, 'the body')
      const onlyIf = conditionsOf(options)
      const written = await callR2(
        key,
        'write',
        bucket.put(key, body, { ...headers, ...(onlyIf && { onlyIf }) }),
      )
      if (written) return Object.freeze({ etag: written.etag })
      throw failedCondition(key)
    },
    async get(key, { range, ifMatch, signal } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      checkRange(key, range)
      const found = await callR2(
        key,
        'read',
        bucket.get(key, {
          ...(ifMatch !== undefined && { onlyIf: { etagMatches: ifMatch } }),
          ...(range && {
            range: {
              offset: range.start,
              ...(range.end !== undefined && { length: range.end - range.start }),
            },
          }),
        }),
      )
      if (!found) return undefined
      if (!hasBody(found)) throw failedCondition(key)
      const reader = found.body.getReader()
      try {
        throwIfAborted(signal)
        // R2 refuses such a range itself; not of an empty object, which has no byte to begin at.
        resolveRange(key, range, found.size)
      } catch (error) {
        await reader.cancel()
        throw error
      }
      return getResult(
        infoOf(found),
        {
          next: async () => (await reader.read()).value,
          close: () => reader.cancel(),
        },
        signal,
      )
    },
    async head(key, { signal } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      const found = await callR2(key, 'look at', bucket.head(key))
      throwIfAborted(signal)
      return found ? infoOf(found) : undefined
    },
    list,
    async delete(keys, { signal } = {}) {
      throwIfAborted(signal)
      const doomed = [...new Set(typeof keys === 'string' ? [keys] : keys)]
      for (const key of doomed) checkKey(key)
      const failed: { readonly key: string; readonly error: Error }[] = []
      for (let at = 0; at < doomed.length; at += PAGE_KEYS) {
        throwIfAborted(signal)
        const batch = doomed.slice(at, at + PAGE_KEYS)
        try {
          await bucket.delete(batch)
        } catch (error) {
          for (const key of batch) failed.push({ key, error: r2Error(error, key, 'delete') })
        }
      }
      return Object.freeze({ deleted: doomed.length - failed.length, failed })
    },
    async createMultipart(key, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      const headers = r2Headers(checkHeaders(key, options))
      const creating = bucket.createMultipartUpload(key, headers)
      return handle(key, await callR2(key, 'begin an upload of', creating))
    },
    resumeMultipart({ key, uploadId }) {
      checkKey(key)
      return handle(key, bucket.resumeMultipartUpload(key, uploadId))
    },
  })
}

/** R2 answers objects and prefixes apart; the contract wants them in one order. */
function* inOrder(
  objects: readonly R2ObjectLike[],
  prefixes: readonly string[],
): Generator<ObjectInfo | Prefix> {
  const entries: (ObjectInfo | Prefix)[] = objects.map(infoOf)
  for (const prefix of prefixes) entries.push(Object.freeze({ kind: 'prefix', prefix }))
  yield* entries.sort((a, b) => compareKeys(nameOf(a), nameOf(b)))
}

function nameOf(entry: ObjectInfo | Prefix): string {
  return entry.kind === 'prefix' ? entry.prefix : entry.key
}

function infoOf({ key, etag, size, uploaded, ...rest }: R2ObjectLike): ObjectInfo {
  const { httpMetadata = {}, customMetadata = {} } = rest
  const { contentType, cacheControl, contentDisposition, contentEncoding } = httpMetadata
  return Object.freeze({
    kind: 'object',
    key,
    etag,
    sizeBytes: size,
    lastModified: uploaded,
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
    metadata: customMetadata,
  })
}

function r2Headers({ metadata, ...httpMetadata }: ObjectHeaders): R2HeadersLike {
  return {
    httpMetadata: httpMetadata as NonNullable<R2HeadersLike['httpMetadata']>,
    ...(metadata && { customMetadata: { ...metadata } }),
  }
}

function conditionsOf({ ifNoneMatch, ifMatch }: WriteConditions): R2ConditionsLike | undefined {
  if (ifNoneMatch === undefined && ifMatch === undefined) return undefined
  return {
    ...(ifNoneMatch !== undefined && { etagDoesNotMatch: ifNoneMatch }),
    ...(ifMatch !== undefined && { etagMatches: ifMatch }),
  }
}

function hasBody(object: R2ObjectLike | R2ObjectBodyLike): object is R2ObjectBodyLike {
  return 'body' in object && object.body !== undefined && object.body !== null
}

function sizeOf(body: Bytes | Blob): number {
  return body instanceof Blob ? body.size : body.byteLength
}

function failedCondition(key: string): SluiceError {
  return new SluiceError(
    'precondition-failed',
    `"${key}" is not what the condition asks for: it exists already, is another version, or is absent`,
    { key },
  )
}
