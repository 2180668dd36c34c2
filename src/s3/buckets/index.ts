/** Buckets themselves: made, found, emptied, deleted and set up. Each function takes the client whose bucket it means. */
export {
  type BucketInfo,
  type CreateBucketOptions,
  createBucket,
  type DeleteBucketOptions,
  deleteBucket,
  getBucketLocation,
  headBucket,
} from './bucket.ts'
export { deleteBucketCors, getBucketCors, putBucketCors } from './cors.ts'
export type { BucketCorsRule } from './cors-rule.ts'
export { deleteBucketLifecycle, getBucketLifecycle, putBucketLifecycle } from './lifecycle.ts'
export type {
  BucketLifecycleRule,
  OtherLifecycleRule,
  PlainLifecycleRule,
} from './lifecycle-rule.ts'
export {
  type DeleteMarker,
  type ListObjectVersionsOptions,
  listObjectVersions,
  type ObjectVersion,
} from './list-object-versions.ts'
