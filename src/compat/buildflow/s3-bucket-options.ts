import type { Format, Log, Store } from '../../contracts/index.ts'
import type { BucketCorsRule } from '../../s3/buckets/index.ts'
import type { S3CredentialsSource } from '../../s3/credentials/index.ts'
import type { SinkOptions } from '../../sinks/create-sink.ts'
import type { S3StoreOptions } from '../../stores/s3.ts'

/** The original's names, in any case. */
export type FileFormat = 'JSON' | 'CSV' | 'PARQUET' | 'json' | 'csv' | 'parquet'

/** What replicas write. Only looked at when the bucket is used as a sink. */
export interface S3FileOptions
  extends Pick<SinkOptions, 'schema' | 'drift' | 'memoryBytes' | 'maxRecordBytes' | 'clock'> {
  /**
   * Size, as JSON, of what may wait in a `log` on a disk: a replica's file ends when half of it is full, and `push` waits when all of it is. Default: none, so
   * that the disk bounds it.
   */
  readonly maxPendingBytes?: number | undefined
  /** The base of each file's path in the bucket: `{filePath}-{uuid}.{extension}`. */
  readonly filePath?: string | undefined
  /** `JSON` is one record on each line, `.jsonl`. Any other format is given as itself, such as `gzip(jsonl())`. */
  readonly fileFormat?: FileFormat | Format<object> | undefined
  /** What `{uuid}` is. Default `uuid`. */
  readonly fileIds?: SinkOptions['fileIds']
  /** When a replica begins its next file, as `rotate` of `createSink`. Default: never. */
  readonly rotate?: SinkOptions['rotate']
  /**
   * A log for each replica, of its own, which keeps what was pushed until its file is visible: `(replica) => fileLog(…)`. Default: memory,
   * and a source hears that its batch is kept when the file is visible.
   */
  readonly log?: ((replica: number) => Log<object>) | undefined
}

/** A bucket of S3. What is not named here is as `s3Store` takes it: `endpoint`, `provider`, `retry`, `storage` … */
export interface S3BucketConnection
  extends Omit<S3StoreOptions, 'bucket' | 'region' | 'credentials'> {
  /** Where the bucket is, or is to be. Default `us-east-1`. */
  readonly awsRegion?: string | undefined
  /** A key, with its session token if it has one; a source; or `'anonymous'`, which signs nothing. */
  readonly credentials?: S3CredentialsSource | 'anonymous' | undefined
}

/** A bucket that is there already, such as `r2Store(env.BUCKET)`. It can be a sink, and is managed by other means. */
export interface S3BucketStore {
  readonly store: Store
}

export type S3BucketOptions = { readonly bucketName: string } & S3FileOptions &
  (S3BucketConnection | S3BucketStore)

/** How the bucket is managed. */
export interface S3BucketSettings {
  /**
   * What `destroy()` does with a bucket that is not empty: `true` deletes all that is in it, for good, and `false` refuses. Default `false`. The
   * original documentation has it the other way round; what BuildFlow does is this.
   */
  readonly forceDestroy?: boolean | undefined
  /** All rules that the bucket is to have for pages of other origins; `[]` takes them away. Default: as they are. */
  readonly cors?: readonly BucketCorsRule[] | undefined
  /**
   * After how many days uploads that nobody has completed are aborted, by a lifecycle rule of this package's; 0 is no such rule.
   * Default 7, where the server has such rules.
   */
  readonly abortUploadsAfterDays?: number | undefined
}
