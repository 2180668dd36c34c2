import { awsDomain } from '../aws-domain.ts'
import { AWS_PROVIDER } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export interface AwsOptions {
  /** Default `us-east-1`. */
  readonly region?: string | undefined
  /** Over IPv6 as well as IPv4. */
  readonly dualStack?: boolean | undefined
  /** By a cryptographic module validated under FIPS 140: in the regions of the United States and Canada. */
  readonly fips?: boolean | undefined
}

/**
 * Amazon S3: the bucket in the host's name, or in the path where it has a dot. Whether a region has the endpoint that is asked
 * for is not known here: AWS adds some.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/s3.html
 */
export function aws({ region, dualStack, fips }: AwsOptions = {}): S3Profile {
  const host = `s3${fips ? '-fips' : ''}${dualStack ? '.dualstack' : ''}.{region}`
  return {
    endpoint: `https://${host}.${awsDomain(region)}`,
    region,
    provider: AWS_PROVIDER,
  }
}
