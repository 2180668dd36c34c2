import type { Clock, Store } from '../contracts/index.ts'
import { EMPTY, toBase64, toHex } from '../core/bytes.ts'
import { systemClock } from '../core/clock.ts'
import { SluiceError } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import type { S3Credentials } from '../s3/credentials.ts'
import { UNSIGNED_PAYLOAD } from '../s3/sign.ts'
import {
  createBucket,
  deleteBucket,
  listBuckets,
  type S3GatewayChanges,
} from './s3-gateway/buckets.ts'
import { allowOrigin, preflight, type S3GatewayCors } from './s3-gateway/cors.ts'
import { withoutChecksums } from './s3-gateway/digests.ts'
import { refuseUnknown, type Uploads } from './s3-gateway/operation.ts'
import { payloadOf } from './s3-gateway/payload.ts'
import { isForm, postObject } from './s3-gateway/post-object.ts'
import { authorize } from './s3-gateway/presigned.ts'
import { Refusal, refusalResponse, toRefusal } from './s3-gateway/refusal.ts'
import { routeOf } from './s3-gateway/routes.ts'
import type { SignatureOptions } from './s3-gateway/signature.ts'
import { queryMap, targetOf } from './s3-gateway/target.ts'

export type { S3GatewayChanges, S3GatewayCors }

export interface S3GatewayOptions {
  /** What each bucket's name stands for. Looked at for every request, so it may change. */
  readonly buckets: Readonly<Record<string, Store>>
  /** Whoever signs with them may do everything. */
  readonly credentials: S3Credentials
  /** How requests make and delete buckets. Default: not at all, `NotImplemented`. */
  readonly changes?: S3GatewayChanges | undefined
  /** What requests must be signed for. Default `us-east-1`. */
  readonly region?: string | undefined
  /** Which pages of other origins may ask. Default: none. */
  readonly cors?: S3GatewayCors | undefined
  readonly clock?: Clock | undefined
}

/**
 * A fetch handler that speaks S3 over any stores, path style (`/bucket/key`): ListBuckets, HeadBucket, with `changes` CreateBucket and
 * DeleteBucket, GetBucketLocation, ListObjects (both versions), PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects,
 * CopyObject, the multipart calls with UploadPartCopy, and uploads by a form (POST policy).
 *
 * Guaranteed: nothing without a valid signature (version 4), be it in the header, in the query (presigned, 1 to 604,800
 * seconds) or of a policy, with clocks at most 15 minutes apart; an object appears whole, and only when its bytes had the
 * length, the signed hash and the checksums (CRC32, CRC32C, CRC64NVME, SHA-1, SHA-256, MD5; in a header or behind an
 * `aws-chunked` body) that were announced, and each of its chunks its signature, where they are signed; what a request asks for and the gateway does not know is refused with
 * `NotImplemented`, never ignored; headers, queries, documents and forms are bounded; the handler never rejects.
 *
 * Not guaranteed: bounded memory for a part, or for a conditional put where the store completes no upload under a
 * condition: each is held whole (another large body is not). ListParts of an upload that was created through another
 * handler or object of its store, where the store has no `listParts`. Checksums are not kept. Dot segments in a path are resolved before a `Request` exists: refuse them in the
 * server in front, as `sluice serve` does.
 *
 * An ETag of a part ends in the part's size; no ETag is promised to be an MD5.
 *
 * Errors: `invalid-options` here for credentials that lack a part; to clients S3's own XML errors, without one in the
 * answer to a HEAD.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function s3Gateway(options: S3GatewayOptions): (request: Request) => Promise<Response> {
  const { buckets, credentials, region = 'us-east-1', cors, clock = systemClock } = options
  const { changes } = options
  checkCredentials(credentials)
  const signature: SignatureOptions = { credentials, region, clock }
  /** By their store and not by its bucket's name, which may come to stand for another one. */
  const uploads = new WeakMap<Store, Uploads>()
  const beganMs = clock.now()

  function storeOf(bucket: string): Store {
    const store = Object.hasOwn(buckets, bucket) ? buckets[bucket] : undefined
    if (store) return store
    throw new Refusal('NoSuchBucket', 'The specified bucket does not exist')
  }

  function uploadsOf(store: Store): Uploads {
    const found = uploads.get(store) ?? new Map()
    uploads.set(store, found)
    return found
  }

  async function answer(request: Request): Promise<Response> {
    const { method, signal } = request
    const target = targetOf(request)
    if (method === 'OPTIONS') return preflight(request, cors)
    if (isForm(request, target)) return postObject(request, target, storeOf, signature)
    const signed = { ...target, method, headers: request.headers }
    const authorized = await authorize(signed, signature)
    const { payloadHash, headers } = authorized
    const query = queryMap(authorized.query)
    // There they are of the object and not of the document.
    const completion = method === 'POST' && query.has('uploadId')
    const bodyHeaders = completion ? withoutChecksums(headers) : headers
    const payload = payloadOf(request, { ...authorized, headers: bodyHeaders })
    const { bucket, key } = target
    if (bucket === '' && method === 'GET') {
      refuseUnknown(method, headers, query, [])
      return listBuckets(Object.keys(buckets), beganMs)
    }
    if (key === '' && (method === 'PUT' || method === 'DELETE')) {
      refuseUnknown(method, headers, query, [])
      if (!changes) throw new Refusal('NotImplemented', 'The buckets of this gateway are given')
      if (method === 'DELETE') return deleteBucket(bucket, storeOf(bucket), changes, signal)
      if (!request.body) await checkNoBody(payloadHash)
      const taken = Object.hasOwn(buckets, bucket)
      return createBucket(bucket, { taken, region, payload: request.body && payload }, changes)
    }
    const route = routeOf(method, key !== '', query, headers)
    refuseUnknown(method, headers, query, route.parameters)
    if (!route.body) await checkNoBody(payloadHash)
    const store = storeOf(bucket)
    return route.run({
      ...{ store, storeOf, bucket, region, key, query, headers, signal, payload, clock },
      uploads: uploadsOf(store),
    })
  }

  return async (request) => {
    const requestId = toHex(crypto.getRandomValues(new Uint8Array(8))).toUpperCase()
    const { pathname } = new URL(request.url)
    const hostId = toBase64(crypto.getRandomValues(new Uint8Array(48)))
    let response: Response
    try {
      response = await answer(request)
    } catch (error) {
      response = refusalResponse(toRefusal(error), pathname, { requestId, hostId })
    }
    // Whatever the answer: the one to a HEAD has no other place to say what to sign for. It is the same for names that are no buckets.
    if (pathname !== '/') response.headers.set('x-amz-bucket-region', region)
    response.headers.set('x-amz-request-id', requestId)
    response.headers.set('x-amz-id-2', hostId)
    allowOrigin(request, response, cors)
    if (request.method !== 'HEAD' || response.body === null) return response
    await response.body.cancel()
    return new Response(null, response)
  }
}

/** A variable of the environment that is not set would be a secret that everybody knows. */
function checkCredentials(credentials: S3Credentials): void {
  for (const name of ['accessKeyId', 'secretAccessKey'] as const) {
    if (typeof credentials[name] === 'string' && credentials[name] !== '') continue
    throw new SluiceError('invalid-options', `The gateway's credentials lack ${name}`)
  }
}

async function checkNoBody(payloadHash: string): Promise<void> {
  if (payloadHash === UNSIGNED_PAYLOAD || payloadHash === (await sha256Hex(EMPTY))) return
  throw new Refusal('XAmzContentSHA256Mismatch', 'A body was signed where none is taken')
}
