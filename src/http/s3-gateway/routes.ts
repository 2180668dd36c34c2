import { getBucketLocation, headBucket } from './buckets.ts'
import { copyObject, copyPart } from './copy.ts'
import { deleteObjects } from './delete-objects.ts'
import { listObjects, listObjectsV1, listUploads } from './list.ts'
import { abortUpload, completeUpload, createUpload, listParts, putPart } from './multipart.ts'
import { deleteObject, getObject, headObject, OVERRIDES } from './objects.ts'
import type { Operation } from './operation.ts'
import { putObject } from './put-object.ts'
import { Refusal } from './refusal.ts'

export interface Route {
  /** Query parameters that it knows. */
  readonly parameters: readonly string[]
  /** Whether it reads the request's body. */
  readonly body?: true
  run(operation: Operation): Promise<Response>
}

const LIST_PARAMETERS = ['prefix', 'delimiter', 'max-keys', 'encoding-type']
const LIST_V2_PARAMETERS = [
  ...[...LIST_PARAMETERS, 'list-type', 'start-after', 'continuation-token', 'fetch-owner'],
]
const LIST_V1_PARAMETERS = [...LIST_PARAMETERS, 'marker']
const UPLOADS_PARAMETERS = [
  ...['uploads', 'prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
]

/** By method, target and the parameter or header that names the operation. Throws `NotImplemented`. */
export function routeOf(
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
  if (method === 'HEAD') return { parameters: [], run: headBucket }
  if (method === 'POST' && query.has('delete')) {
    return { parameters: ['delete'], body: true, run: deleteObjects }
  }
  if (method !== 'GET') return undefined
  if (query.has('location')) return { parameters: ['location'], run: getBucketLocation }
  if (query.has('uploads')) return { parameters: UPLOADS_PARAMETERS, run: listUploads }
  if (query.get('list-type') === '2') return { parameters: LIST_V2_PARAMETERS, run: listObjects }
  return { parameters: LIST_V1_PARAMETERS, run: listObjectsV1 }
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
  if (method === 'GET') return { parameters: OVERRIDES, run: getObject }
  if (method === 'HEAD') return { parameters: OVERRIDES, run: headObject }
  if (method === 'DELETE') return { parameters: [], run: deleteObject }
  return undefined
}
