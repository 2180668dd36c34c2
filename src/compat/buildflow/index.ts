/** `sluice/buildflow`: BuildFlow's `S3Bucket`, as a sink and as a resource; see docs/coming-from/buildflow.md. */
export type { BucketPrimitive } from './bucket-primitive.ts'
export * from './common.ts'
export { S3Bucket } from './s3-bucket.ts'
