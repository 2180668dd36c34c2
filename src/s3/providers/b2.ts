import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export const B2_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Backblaze B2',
  // A condition is answered with NotImplemented. https://github.com/sathinduga/obsidian-s3-sync-and-backup/pull/84
  // Checksums are left out, since some of its clusters refuse them. https://github.com/home-assistant/core/issues/143995
  capabilities: {
    ...GENERIC_PROVIDER.capabilities,
    conditionalPut: false,
    conditionalComplete: false,
  },
}

/**
 * Backblaze B2, which honours no condition on a write.
 *
 * @param options.region The bucket's, such as `us-west-004`: it is in its endpoint.
 * @see https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api
 */
export function b2({ region }: { readonly region: string }): S3Profile {
  return { endpoint: 'https://s3.{region}.backblazeb2.com', region, provider: B2_PROVIDER }
}
