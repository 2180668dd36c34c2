import type { OptionNames } from '../core/option-names.ts'
import type { S3StoreOptions } from '../stores/s3.ts'

/** What goes on to the client of a bucket and its store as it is, whatever the rest is called. */
export const CLIENT_OPTIONS: OptionNames<
  Omit<S3StoreOptions, 'bucket' | 'region' | 'endpoint' | 'credentials' | 'storage'>
> = {
  pathStyle: true,
  allowInsecure: true,
  provider: true,
  fetch: true,
  retry: true,
  attemptTimeoutMs: true,
  checksum: true,
  clock: true,
  capabilities: true,
}
