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

/** The partitions that are not under amazonaws.com, by the beginning of their regions' names. */
const SUFFIXES: readonly (readonly [region: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]

/**
 * Amazon S3: the bucket in the host's name, or in the path where it has a dot. Whether a region has the endpoint that is asked
 * for is not known here: AWS adds some.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/s3.html
 */
export function aws({ region, dualStack, fips }: AwsOptions = {}): S3Profile {
  const host = `s3${fips ? '-fips' : ''}${dualStack ? '.dualstack' : ''}.{region}`
  const [, suffix] = SUFFIXES.find(([beginning]) => region?.startsWith(beginning)) ?? []
  return {
    endpoint: `https://${host}.${suffix ?? 'amazonaws.com'}`,
    region,
    provider: AWS_PROVIDER,
  }
}
