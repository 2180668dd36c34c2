import { BucketPrimitive } from './bucket-primitive.ts'
import type { S3BucketOptions } from './s3-bucket-options.ts'

/**
 * BuildFlow's `S3Bucket`: a bucket that is managed (`manage`), a sink of which each replica writes one file (`consumer`, `sink()`), or both.
 *
 * A file is `{filePath}-{uuid}.{extension}`, of one format from its first byte to its last however often it was pushed to, and is there when its
 * replica is closed, as a whole. It has the columns of all of its records, whichever came first. Records that nobody can write become
 * dead letters in a folder beside it, named as the last part of `filePath` and `_rejected`.
 *
 * A file may be of any size. Without a `log`, one whose records do not fit into memory (`memoryBytes` of each replica, 64 MiB, of which they may take 24 as JSON) is
 * sent while they come, and has the columns of those that came until then.
 *
 * Not guaranteed: one file where such columns have no place for a record, where the memory is full and the format cannot be gone on with (gzip) or the store takes no
 * parts, or where half of a `maxPendingBytes` is full. Then what came so far is a file, and the rest comes to the next one.
 *
 * Errors of the constructor: `invalid-options`, and `unauthenticated` without credentials.
 * @see https://github.com/launchflow/buildflow
 */
export class S3Bucket extends BucketPrimitive {
  constructor(options: S3BucketOptions) {
    super(options, async () => (await import('../../formats/parquet/index.ts')).parquet<object>())
  }
}
