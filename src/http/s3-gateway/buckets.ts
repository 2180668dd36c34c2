import type { Awaitable, Store } from '../../contracts/index.ts'
import { fromUtf8 } from '../../core/bytes.ts'
import { s3Address } from '../../s3/endpoint.ts'
import { parseXml } from '../../s3/xml.ts'
import type { Operation } from './operation.ts'
import type { Payload } from './payload.ts'
import { Refusal, xmlResponse } from './refusal.ts'

/** Whose buckets come and go by requests. What a function rejects with is the answer. */
export interface S3GatewayChanges {
  /** Puts a new bucket into `buckets`. Its name has been checked: it is free, and one that S3 takes. */
  create(bucket: string): Awaitable<void>
  /** Takes a bucket out of `buckets`. It was empty when it was looked at, but for open uploads. */
  delete(bucket: string): Awaitable<void>
}

export const OWNER = [
  ['ID', 'sluice'],
  ['DisplayName', 'sluice'],
] as const

export function listBuckets(names: readonly string[], createdMs: number): Response {
  const created = new Date(createdMs).toISOString()
  return xmlResponse('ListAllMyBucketsResult', [
    ['Owner', OWNER],
    [
      'Buckets',
      [...names].sort().map((name) => [
        'Bucket',
        [
          ['Name', name],
          ['CreationDate', created],
        ],
      ]),
    ],
  ])
}

export async function headBucket(): Promise<Response> {
  return new Response()
}

/** The first region of S3 has no name here. */
export async function getBucketLocation({ region }: Operation): Promise<Response> {
  return xmlResponse('LocationConstraint', region === 'us-east-1' ? '' : region)
}

const MAX_BODY_BYTES = 4096

interface NewBucket {
  readonly taken: boolean
  readonly region: string
  readonly payload: Payload | null
}

export async function createBucket(
  bucket: string,
  { taken, region, payload }: NewBucket,
  changes: S3GatewayChanges,
): Promise<Response> {
  checkName(bucket)
  if (payload) checkLocation(fromUtf8(await payload.bytes(MAX_BODY_BYTES)), region)
  else if (region !== 'us-east-1') throw wrongLocation('unspecified')
  if (taken) {
    throw new Refusal(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it',
    )
  }
  await changes.create(bucket)
  return new Response(null, { headers: { location: `/${bucket}` } })
}

export async function deleteBucket(
  bucket: string,
  store: Store,
  changes: S3GatewayChanges,
  signal: AbortSignal,
): Promise<Response> {
  for await (const _ of store.list({ signal })) {
    throw new Refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty')
  }
  await changes.delete(bucket)
  return new Response(null, { status: 204 })
}

function checkName(bucket: string): void {
  try {
    s3Address({ bucket })
  } catch {
    throw new Refusal('InvalidBucketName', 'The specified bucket is not valid')
  }
}

/** As S3: its first region is meant by no name, and refused by its own. */
function checkLocation(text: string, region: string): void {
  const root = parseXml(text)
  if (text !== '' && root?.name !== 'CreateBucketConfiguration') {
    throw new Refusal('MalformedXML', 'A CreateBucketConfiguration document is needed')
  }
  const given = root?.text('LocationConstraint')
  if (given === 'us-east-1') {
    throw new Refusal('InvalidLocationConstraint', 'The specified location-constraint is not valid')
  }
  if ((given ?? 'us-east-1') !== region) throw wrongLocation(given ?? 'unspecified')
}

function wrongLocation(given: string): Refusal {
  return new Refusal(
    'IllegalLocationConstraintException',
    `The ${given} location constraint is incompatible for the region specific endpoint this request was sent to`,
  )
}
