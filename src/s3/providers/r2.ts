import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export interface R2Options {
  readonly accountId: string
  /** Of a bucket that was created in one. */
  readonly jurisdiction?: 'eu' | 'fedramp' | 'us' | undefined
}

export const R2_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Cloudflare R2',
  // It documents conditions for PutObject and CopyObject, and none for CompleteMultipartUpload, where one may be ignored.
  // https://developers.cloudflare.com/r2/api/s3/extensions/#conditional-operations-in-putobject
  capabilities: { ...GENERIC_PROVIDER.capabilities, conditionalComplete: false },
  // More are answered with InternalError.
  // https://github.com/apache/opendal/blob/main/core/services/s3/src/compatible_services.md
  deleteBatchKeys: 700,
  // The others it takes of parts only. https://developers.cloudflare.com/r2/api/s3/api/#checksum-types
  checksums: ['crc64nvme'],
  // https://developers.cloudflare.com/r2/api/s3/extensions/#conditional-operations-in-copyobject-for-the-destination-object
  copyConditionPrefix: 'cf-copy-destination-',
}

/**
 * Cloudflare R2. A bucket of a jurisdiction answers at that jurisdiction's endpoint only.
 *
 * Equal parts; no tags, no ACLs, and of encryption by keys only that by the customer's. 700 keys in a DeleteObjects.
 *
 * @see https://developers.cloudflare.com/r2/reference/data-location/
 */
export function r2({ accountId, jurisdiction }: R2Options): S3Profile {
  const within = jurisdiction ? `.${jurisdiction}` : ''
  return {
    endpoint: `https://${accountId}${within}.r2.cloudflarestorage.com`,
    region: 'auto',
    provider: R2_PROVIDER,
  }
}
