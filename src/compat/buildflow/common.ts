/** All of `sluice/buildflow` but `S3Bucket`, which a runtime may have its own of. */
export { type ConsumerOptions, type ConsumerResult, consumer } from './consumer.ts'
export {
  type BucketChange,
  type BucketManagement,
  type BucketPlan,
  manage,
} from './manage.ts'
export type { SinkPrimitive, SinkReplica, SinkReplicaOptions } from './primitive.ts'
export type { PullResponse, PullSource } from './pull-source.ts'
export type {
  FileFormat,
  S3BucketConnection,
  S3BucketOptions,
  S3BucketSettings,
  S3BucketStore,
  S3FileOptions,
} from './s3-bucket-options.ts'
export type { S3BucketSink } from './s3-bucket-sink.ts'
