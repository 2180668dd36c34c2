import { AWS_PROVIDER, GENERIC_PROVIDER } from '../provider.ts'
import { B2_PROVIDER } from './b2.ts'
import { GCS_PROVIDER } from './gcs.ts'
import { LOCALSTACK_PROVIDER } from './localstack.ts'
import { OSS_PROVIDER } from './oss.ts'
import { R2_PROVIDER } from './r2.ts'
import type { S3Profile } from './s3-profile.ts'
import { TIGRIS_PROVIDER } from './tigris.ts'

/** By the host's name. The first group, if any, is the region. */
const HOSTS: readonly (readonly [host: RegExp, profile: Omit<S3Profile, 'endpoint'>])[] = [
  [
    /^s3(?:-fips)?(?:\.dualstack)?\.([a-z0-9-]+)\.(?:amazonaws\.(?:com|com\.cn|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov|cloud\.adc-e\.uk)$/,
    { provider: AWS_PROVIDER },
  ],
  [/^s3\.amazonaws\.com$/, { provider: AWS_PROVIDER }],
  [/\.r2\.cloudflarestorage\.com$/, { region: 'auto', provider: R2_PROVIDER }],
  [/^s3\.([a-z0-9-]+)\.backblazeb2\.com$/, { provider: B2_PROVIDER }],
  [/^storage\.googleapis\.com$/, { region: 'auto', provider: GCS_PROVIDER }],
  [
    /^(?:t3\.storage\.dev|fly\.storage\.tigris\.dev)$/,
    { region: 'auto', provider: TIGRIS_PROVIDER },
  ],
  [
    /^(?:s3\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/,
    { pathStyle: false, provider: OSS_PROVIDER },
  ],
  [/^(?:s3\.)?localhost\.localstack\.cloud$/, { provider: LOCALSTACK_PROVIDER }],
]

/**
 * What an endpoint's host tells of its provider and region: for an address that comes from a configuration. One that is not known,
 * as that of any server of one's own, gets S3's own features and parts of one size.
 *
 * ```ts
 * s3Client({ ...profileOf('https://s3.us-west-004.backblazeb2.com'), bucket, credentials })
 * ```
 */
export function profileOf(endpoint: string): S3Profile {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  for (const [pattern, profile] of HOSTS) {
    const [found, region = profile.region] = pattern.exec(host) ?? []
    if (found !== undefined) return { ...profile, endpoint, region }
  }
  return { endpoint, provider: GENERIC_PROVIDER }
}
