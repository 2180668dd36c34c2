import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export const TIGRIS_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Tigris',
  // Conditions are documented for objects that are written at once.
  // https://www.tigrisdata.com/docs/objects/conditionals/
  capabilities: { ...GENERIC_PROVIDER.capabilities, conditionalComplete: false },
}

/** Tigris. @see https://www.tigrisdata.com/docs/sdks/s3/ */
export function tigris(): S3Profile {
  return { endpoint: 'https://t3.storage.dev', region: 'auto', provider: TIGRIS_PROVIDER }
}
