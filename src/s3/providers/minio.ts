import { AWS_PROVIDER, type S3Provider } from '../provider.ts'
import type { OwnServerOptions, S3Profile } from './s3-profile.ts'

export const MINIO_PROVIDER: S3Provider = {
  ...AWS_PROVIDER,
  name: 'MinIO',
  // ListMultipartUploads finds only the uploads of exactly the key that is given as prefix.
  // https://docs.min.io/enterprise/aistor-object-store/developers/s3-api-compatibility
  capabilities: { ...AWS_PROVIDER.capabilities, listUploads: false },
}

/** MinIO. A completion that is sent again gets NoSuchUpload, which the client looks into. */
export function minio({ endpoint, region }: OwnServerOptions): S3Profile {
  return { endpoint, region, provider: MINIO_PROVIDER }
}
