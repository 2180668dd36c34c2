import { AWS_PROVIDER, type S3Provider } from '../provider.ts'
import type { OwnServerOptions, S3Profile } from './s3-profile.ts'

export const LOCALSTACK_PROVIDER: S3Provider = {
  ...AWS_PROVIDER,
  name: 'LocalStack',
  // It does what AWS does, conditions included (https://github.com/localstack/localstack/pull/11941). Whether it compares
  // checksums has not been tried.
  checksums: [],
}

/** LocalStack, on this machine unless told otherwise. @see https://docs.localstack.cloud/aws/services/s3/ */
export function localstack({
  endpoint = 'http://localhost:4566',
  region,
}: Partial<OwnServerOptions> = {}): S3Profile {
  return { endpoint, region, provider: LOCALSTACK_PROVIDER }
}
