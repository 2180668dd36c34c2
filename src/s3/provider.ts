import type { StoreCapabilities } from '../contracts/index.ts'

/**
 * What a provider does otherwise than another. Data: nobody asks for a name, only for what is said here, so that a provider
 * nobody has heard of is one more object of this shape.
 */
export interface S3Provider {
  /** For messages. Never branched on. */
  readonly name: string
  /** What a store over its buckets can do. */
  readonly capabilities: StoreCapabilities
  /** How many keys one DeleteObjects may name; 0 where the provider has no such operation. S3's own limit is 1,000. */
  readonly deleteBatchKeys: number
}

const MIB = 1024 ** 2
const GIB = 1024 ** 3

/**
 * What is assumed of a provider that nothing is known of: S3's own features, and R2's demand for equal parts, which
 * every other provider takes as well.
 */
export const GENERIC_PROVIDER: S3Provider = {
  name: 'S3-compatible',
  capabilities: {
    conditionalPut: true,
    conditionalComplete: true,
    copy: true,
    compose: true,
    rangeGet: true,
    multipart: {
      minPartBytes: 5 * MIB,
      maxPartBytes: 5 * GIB,
      maxParts: 10_000,
      equalParts: true,
    },
    listUploads: true,
    maxPutBytes: 5 * GIB,
  },
  deleteBatchKeys: 1000,
}
