import type { Bytes, CallOptions, GetResult, Store, StoreCapabilities } from '../contracts/index.ts'
import { checkRange } from '../core/check-range.ts'
import { SluiceError } from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../s3/client.ts'
import { composeObjects } from '../s3/compose.ts'
import { copyObject } from '../s3/copy.ts'
import { deleteObjects } from '../s3/delete-objects.ts'
import { listObjects } from '../s3/list.ts'
import { listUploads } from '../s3/list-uploads.ts'
import { createUpload, resumeUpload } from '../s3/multipart.ts'
import { getObject, headObject, putObject, type S3Object } from '../s3/objects.ts'
import type { S3StorageOptions } from '../s3/put-options.ts'
import { checkConditions, checkCopy, checkHeaders, checkSize } from './check-options.ts'
import { checkedUpload } from './checked-upload.ts'
import { getResult } from './get-result.ts'

export interface S3ClientStoreOptions {
  /** What this bucket does otherwise than its client's `provider` says. */
  readonly capabilities?: Partial<StoreCapabilities> | undefined
  /** How S3 is to keep every object that this store writes: its class, its encryption, its tags. Default: as the bucket says. */
  readonly storage?: S3StorageOptions | undefined
}

export interface S3StoreOptions extends S3ClientOptions, S3ClientStoreOptions {}

/**
 * A bucket of S3, R2, MinIO or whatever speaks S3. Sends nothing before its first call.
 *
 * Guaranteed beyond `Store`: a call is tried again as `options.retry` says, and a conditional write whose answer was
 * lost ends in the right answer: the caller's own object never counts as another's.
 *
 * Not guaranteed: that the provider honours a condition (`capabilities` must say if it does not); that `head` tells an
 * absent bucket from an absent key; an object's bytes where `contentEncoding` makes `fetch` decode them; that a resumed
 * upload, whose conditional completion got no answer, is told from another writer's object (`precondition-failed`).
 *
 * Every object written under a condition or in parts carries `x-amz-meta-sluice-write`, a nonce that `head` leaves out;
 * the user's own metadata of that name goes under another.
 * A condition on `copy` makes it a multipart copy, but for R2's.
 *
 * Errors: those of `s3Client` here, `not-supported` for what `capabilities` denies, and what the server answers.
 */
export function s3Store(options: S3StoreOptions): Store {
  return s3ClientStore(s3Client(options), options)
}

/**
 * The same over a client that is there already, such as a `presignedClient` in a page. A function of its own, so that a bundle
 * without a key holds no signer.
 */
export function s3ClientStore(plain: S3Client, options: S3ClientStoreOptions = {}): Store {
  const capabilities = { ...plain.provider.capabilities, ...options.capabilities }
  // The operations ask the client.
  const client: S3Client = Object.create(plain, {
    provider: { value: { ...plain.provider, capabilities } },
  })
  const { storage } = options
  const { multipart, conditionalPut, conditionalComplete, rangeGet, maxPutBytes } = capabilities
  const conditionalCopy =
    client.provider.copyConditionPrefix !== undefined ||
    (multipart !== false && conditionalComplete)

  return {
    kind: 's3',
    capabilities,
    async put(key, body, put = {}) {
      checkKey(key)
      checkHeaders(key, put)
      checkConditions(key, put, conditionalPut, 'put')
      checkSize(key, sizeOf(body), maxPutBytes, 'the body')
      return putObject(client, key, body, { ...put, ...storage })
    },
    async get(key, get = {}) {
      checkRange(key, get.range)
      if (get.range && !rangeGet) {
        throw new SluiceError('not-supported', `This store reads no ranges ("${key}")`, { key })
      }
      const found = await getObject(client, key, get)
      return found && resultOf(found, get.signal)
    },
    head: (key, call) => headObject(client, key, call),
    list: (listing) => listObjects(client, listing),
    delete: (keys, call) => deleteObjects(client, keys, call),
    ...(capabilities.copy && {
      copy: async (from, to, copy = {}) => {
        checkCopy(from, to)
        checkConditions(to, copy, conditionalCopy, 'copy')
        return copyObject(client, from, to, { ...copy, ...storage })
      },
    }),
    ...(capabilities.compose && {
      compose: async (sources, to, put = {}) => {
        checkKey(to)
        checkHeaders(to, put)
        checkConditions(to, put, multipart !== false && conditionalComplete, 'compose')
        for (const { key, range } of sources) checkRange(key, range)
        return composeObjects(client, sources, to, { ...put, ...storage })
      },
    }),
    ...(multipart && {
      createMultipart: async (key, create = {}) => {
        checkKey(key)
        checkHeaders(key, create)
        const upload = await createUpload(client, key, { ...create, ...storage })
        return checkedUpload(upload, multipart, conditionalComplete)
      },
      resumeMultipart: (token) =>
        checkedUpload(resumeUpload(client, token), multipart, conditionalComplete),
    }),
    ...(capabilities.listUploads && {
      listMultipart: (prefix: string, call?: CallOptions) => listUploads(client, prefix, call),
    }),
  } satisfies Store
}

function resultOf({ info, body }: S3Object, signal: AbortSignal | undefined): GetResult {
  const reader = body.getReader()
  const source = {
    next: async () => (await reader.read()).value,
    close: () => reader.cancel(),
  }
  return getResult(info, source, signal)
}

function sizeOf(body: Bytes | Blob): number {
  return body instanceof Blob ? body.size : body.byteLength
}
