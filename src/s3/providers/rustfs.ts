import { AWS_PROVIDER, type S3Provider } from '../provider.ts'
import type { OwnServerOptions, S3Profile } from './s3-profile.ts'

/** As AWS in all that is told here: the tests of this package find it so. */
export const RUSTFS_PROVIDER: S3Provider = { ...AWS_PROVIDER, name: 'rustfs' }

/** rustfs. @see https://docs.rustfs.com */
export function rustfs({ endpoint, region }: OwnServerOptions): S3Profile {
  return { endpoint, region, provider: RUSTFS_PROVIDER }
}
