import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export const GCS_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Google Cloud Storage',
  // If-Match and If-None-Match "apply to requests for retrieving data"; a write has conditions on generations instead, which
  // are no ETags. https://cloud.google.com/storage/docs/request-preconditions
  capabilities: {
    ...GENERIC_PROVIDER.capabilities,
    conditionalPut: false,
    conditionalComplete: false,
    // It knows no UploadPartCopy. https://github.com/ClickHouse/ClickHouse/pull/49390
    compose: false,
  },
  // NotImplemented. https://github.com/supabase/storage/issues/898
  deleteBatchKeys: 0,
}

/**
 * Google Cloud Storage by its XML API, with an HMAC key. No conditions on a write, no DeleteObjects (each key is a request), no UploadPartCopy, no
 * checksums of S3's (https://github.com/aws/aws-sdk-go-v2/issues/1816).
 *
 * @see https://cloud.google.com/storage/docs/interoperability
 */
export function gcs(): S3Profile {
  return { endpoint: 'https://storage.googleapis.com', region: 'auto', provider: GCS_PROVIDER }
}
