import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { OwnServerOptions, S3Profile } from './s3-profile.ts'

export const GARAGE_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Garage',
  // It ignores a condition. https://hex.pm/packages/livery_s3/0.2.0/files/CHANGELOG.md
  capabilities: {
    ...GENERIC_PROVIDER.capabilities,
    conditionalPut: false,
    conditionalComplete: false,
  },
}

/**
 * Garage, which ignores conditions on a write. Its region is what its configuration says, `garage` in its documents.
 *
 * @see https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/
 */
export function garage({ endpoint, region = 'garage' }: OwnServerOptions): S3Profile {
  return { endpoint, region, provider: GARAGE_PROVIDER }
}
