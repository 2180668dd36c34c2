export type { ObjectWritten } from '../core/parts-writer.ts'
export type { PutBody, Resumable } from '../core/put-body.ts'
/** The S3 protocol by `fetch` and WebCrypto: a client for one bucket, and the operations as functions that take it. */
export {
  type BodyCheck,
  type S3Call,
  type S3Checksum,
  type S3Client,
  type S3ClientOptions,
  type S3Headers,
  s3Client,
} from './client.ts'
export { copyObject } from './copy.ts'
export type {
  S3Credentials,
  S3CredentialsFunction,
  S3CredentialsSource,
} from './credentials.ts'
export { deleteObjects } from './delete-objects.ts'
export type { S3EndpointOptions, S3Query } from './endpoint.ts'
export type { CallContext } from './errors.ts'
export { listObjects } from './list.ts'
export { createUpload, resumeUpload } from './multipart.ts'
export { deleteObject, getObject, headObject, putObject, type S3Object } from './objects.ts'
export { GENERIC_PROVIDER, type S3Provider } from './provider.ts'
export { put, type S3PutOptions } from './put.ts'
export type {
  S3CopyOptions,
  S3KmsKey,
  S3PutObjectOptions,
  S3StorageOptions,
  S3Tags,
  S3UploadOptions,
} from './put-options.ts'
