import type { Operation } from './operation.ts'
import { xmlResponse } from './refusal.ts'

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

export async function headBucket({ region }: Operation): Promise<Response> {
  return new Response(null, { headers: { 'x-amz-bucket-region': region } })
}

/** The first region of S3 has no name here. */
export async function getBucketLocation({ region }: Operation): Promise<Response> {
  return xmlResponse('LocationConstraint', region === 'us-east-1' ? '' : region)
}
