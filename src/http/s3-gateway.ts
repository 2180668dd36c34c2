import type { Clock, Store } from '../contracts/index.ts'
import { EMPTY, toHex } from '../core/bytes.ts'
import { systemClock } from '../core/clock.ts'
import { sha256Hex } from '../core/hash.ts'
import type { S3Credentials } from '../s3/credentials.ts'
import { UNSIGNED_PAYLOAD } from '../s3/sign.ts'
import { copyObject, copyPart } from './s3-gateway/copy.ts'
import { deleteObjects } from './s3-gateway/delete-objects.ts'
import { listObjects, listUploads } from './s3-gateway/list.ts'
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  putPart,
} from './s3-gateway/multipart.ts'
import { deleteObject, getObject, headObject, putObject } from './s3-gateway/objects.ts'
import {
  type Operation,
  readSignedBody,
  refuseUnknown,
  targetOf,
  type Uploads,
} from './s3-gateway/operation.ts'
import { Refusal, refusalResponse, toRefusal } from './s3-gateway/refusal.ts'
import { type SignatureOptions, verifySignature } from './s3-gateway/signature.ts'

export interface S3GatewayOptions {
  /** What each bucket's name stands for. Looked at for every request, so it may change. */
  readonly buckets: Readonly<Record<string, Store>>
  /** Whoever signs with them may do everything. */
  readonly credentials: S3Credentials
  /** What requests must be signed for. Default `us-east-1`. */
  readonly region?: string | undefined
  readonly clock?: Clock | undefined
}

/**
 * A fetch handler that speaks S3 over any stores, path style (`/bucket/key`): PutObject, GetObject, HeadObject,
 * DeleteObject, DeleteObjects, CopyObject, ListObjectsV2, HeadBucket, and the multipart calls.
 *
 * Guaranteed: nothing without a valid signature (version 4, in the headers); what a request asks for and the gateway
 * does not know is refused with `NotImplemented`, never ignored; the handler never rejects.
 *
 * Not guaranteed: uploads beyond the life of this handler, which remembers their parts; bodies are held in memory up
 * to what the store takes at once. Dot segments in a path are resolved before a `Request` exists: refuse them in the
 * server in front.
 *
 * Errors: S3's own XML errors.
 */
export function s3Gateway(options: S3GatewayOptions): (request: Request) => Promise<Response> {
  const { buckets, credentials, region = 'us-east-1', clock = systemClock } = options
  const signature: SignatureOptions = { credentials, region, clock }
  const uploads: Uploads = new Map()

  function storeOf(bucket: string): Store {
    const store = Object.hasOwn(buckets, bucket) ? buckets[bucket] : undefined
    if (store) return store
    throw new Refusal('NoSuchBucket', 'The specified bucket does not exist')
  }

  async function answer(request: Request): Promise<Response> {
    const { method, headers, signal } = request
    const target = targetOf(request)
    const payloadHash = await verifySignature({ ...target, method, headers }, signature)
    const query = new Map(target.query)
    if (query.size < target.query.length) {
      throw new Refusal('InvalidArgument', 'A query parameter was given twice')
    }
    if (target.bucket === '') throw new Refusal('NotImplemented', 'This gateway lists no buckets')
    const route = routeOf(method, target.key !== '', query, headers)
    refuseUnknown(headers, query, route.parameters)
    if (!route.body) await checkNoBody(payloadHash)
    const { bucket, key } = target
    return route.run({
      method,
      store: storeOf(bucket),
      storeOf,
      bucket,
      key,
      query,
      headers,
      signal,
      uploads,
      body: (maxBytes) => readSignedBody(request, payloadHash, maxBytes),
    })
  }

  return async (request) => {
    const requestId = toHex(crypto.getRandomValues(new Uint8Array(8))).toUpperCase()
    let response: Response
    try {
      response = await answer(request)
    } catch (error) {
      response = refusalResponse(toRefusal(error), new URL(request.url).pathname, requestId)
    }
    response.headers.set('x-amz-request-id', requestId)
    if (request.method !== 'HEAD' || response.body === null) return response
    await response.body.cancel()
    return new Response(null, response)
  }
}

interface Route {
  /** Query parameters that it knows. */
  readonly parameters: readonly string[]
  /** Whether it reads the request's body. */
  readonly body?: true
  run(operation: Operation): Promise<Response>
}

const LIST_PARAMETERS = [
  ...['list-type', 'prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token'],
  ...['encoding-type', 'fetch-owner'],
]
const UPLOADS_PARAMETERS = [
  ...['uploads', 'prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
]

/** By method, target and the parameter or header that names the operation. `undefined` in the table: not known here. */
function routeOf(
  method: string,
  toObject: boolean,
  query: ReadonlyMap<string, string>,
  headers: Headers,
): Route {
  const part = query.has('uploadId')
  const copy = headers.has('x-amz-copy-source')
  const route = toObject ? objectRoute(method, part, copy, query) : bucketRoute(method, query)
  if (route) return route
  throw new Refusal(
    'NotImplemented',
    `${method} of ${toObject ? 'an object' : 'a bucket'} with these parameters is not implemented`,
  )
}

function bucketRoute(method: string, query: ReadonlyMap<string, string>): Route | undefined {
  if (method === 'HEAD') return { parameters: [], run: async () => new Response(null) }
  if (method === 'GET' && query.get('list-type') === '2') {
    return { parameters: LIST_PARAMETERS, run: listObjects }
  }
  if (method === 'GET' && query.has('uploads')) {
    return { parameters: UPLOADS_PARAMETERS, run: listUploads }
  }
  if (method === 'POST' && query.has('delete')) {
    return { parameters: ['delete'], body: true, run: deleteObjects }
  }
  return undefined
}

function objectRoute(
  method: string,
  toUpload: boolean,
  copy: boolean,
  query: ReadonlyMap<string, string>,
): Route | undefined {
  if (method === 'PUT' && toUpload) {
    const parameters = ['uploadId', 'partNumber']
    return copy ? { parameters, run: copyPart } : { parameters, body: true, run: putPart }
  }
  if (method === 'PUT') {
    return copy
      ? { parameters: [], run: copyObject }
      : { parameters: [], body: true, run: putObject }
  }
  if (method === 'POST' && query.has('uploads'))
    return { parameters: ['uploads'], run: createUpload }
  if (method === 'POST' && toUpload) {
    return { parameters: ['uploadId'], body: true, run: completeUpload }
  }
  if (method === 'GET' && toUpload) {
    return { parameters: ['uploadId', 'max-parts', 'part-number-marker'], run: listParts }
  }
  if (method === 'DELETE' && toUpload) return { parameters: ['uploadId'], run: abortUpload }
  if (method === 'GET') return { parameters: [], run: getObject }
  if (method === 'HEAD') return { parameters: [], run: headObject }
  if (method === 'DELETE') return { parameters: [], run: deleteObject }
  return undefined
}

async function checkNoBody(payloadHash: string): Promise<void> {
  if (payloadHash === UNSIGNED_PAYLOAD || payloadHash === (await sha256Hex(EMPTY))) return
  throw new Refusal('XAmzContentSHA256Mismatch', 'A body was signed where none is taken')
}
