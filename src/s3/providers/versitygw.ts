import { AWS_PROVIDER, type S3Provider } from '../provider.ts'
import type { OwnServerOptions, S3Profile } from './s3-profile.ts'

/** As AWS in all that is told here: the tests of this package find it so. */
export const VERSITYGW_PROVIDER: S3Provider = { ...AWS_PROVIDER, name: 'versitygw' }

/** The Versity S3 gateway. @see https://github.com/versity/versitygw/wiki */
export function versitygw({ endpoint, region }: OwnServerOptions): S3Profile {
  return { endpoint, region, provider: VERSITYGW_PROVIDER }
}
