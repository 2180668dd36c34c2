import type { MultipartLimits, StoreCapabilities } from '../contracts/index.ts'
import type { CrcName } from '../core/crc.ts'

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
  /**
   * The checksums of a whole object, on a put and on a completion, that the provider is known to compare with the bytes; the
   * best first. Empty where nothing is known: some providers refuse the header, and some ignore it.
   */
  readonly checksums: readonly CrcName[]
  /**
   * R2's extension of CopyObject: what stands before `if-match` and `if-none-match` for the object that is written, while the
   * metadata directive `MERGE` adds to the source's metadata. Absent where a copy under a condition is made in parts, whose
   * completion takes the condition.
   */
  readonly copyConditionPrefix?: string | undefined
}

const MIB = 1024 ** 2
const GIB = 1024 ** 3

/** Those of S3. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const LIMITS: MultipartLimits = {
  minPartBytes: 5 * MIB,
  maxPartBytes: 5 * GIB,
  maxParts: 10_000,
  equalParts: false,
}

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
    multipart: { ...LIMITS, equalParts: true },
    listUploads: true,
    maxPutBytes: 5 * GIB,
  },
  deleteBatchKeys: 1000,
  checksums: [],
}

/**
 * Amazon's own, and what a client has that is given no endpoint.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export const AWS_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Amazon S3',
  capabilities: { ...GENERIC_PROVIDER.capabilities, multipart: LIMITS },
  checksums: ['crc64nvme', 'crc32c', 'crc32'],
}
