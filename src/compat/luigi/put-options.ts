import type { CallOptions, PutOptions } from '../../contracts/index.ts'
import type { UploadOptions } from '../../core/object-upload.ts'
import type { OptionNames } from '../../core/option-names.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'
import type { S3CopyFilesOptions, S3MoveOptions } from './s3-client-options.ts'

/** What boto3 calls `ExtraArgs`: headers, conditions, and how S3 is to keep the object. */
export interface S3PutOptions extends PutOptions, S3StorageOptions {}

export interface S3PutMultipartOptions extends S3PutOptions {
  /** Size of a part in bytes, and the most that goes in one piece. Default 8 MiB; raised to what the store demands. */
  readonly partSize?: number | undefined
}

/** The same options, each where it belongs. */
export interface DividedOptions {
  readonly storage: S3StorageOptions | undefined
  readonly upload: UploadOptions & CallOptions
}

const STORAGE: OptionNames<S3StorageOptions> = {
  storageClass: true,
  serverSideEncryption: true,
  tags: true,
}
export const PUT_OPTIONS: OptionNames<S3PutMultipartOptions> = {
  ...STORAGE,
  contentType: true,
  cacheControl: true,
  contentDisposition: true,
  contentEncoding: true,
  metadata: true,
  ifNoneMatch: true,
  ifMatch: true,
  signal: true,
  partSize: true,
}
/** A copy has the headers of its source; and its times would leave files out, which a removal after it does not. */
export const MOVE_OPTIONS: OptionNames<S3MoveOptions> = { ...STORAGE, threads: true, signal: true }
export const COPY_OPTIONS: OptionNames<S3CopyFilesOptions> = {
  ...MOVE_OPTIONS,
  startTime: true,
  endTime: true,
}

/** Their names are the caller's to check, before anything is read or sent. */
export function dividedOptions(options: S3PutMultipartOptions): DividedOptions {
  const { storageClass, serverSideEncryption, tags, partSize, ...upload } = options
  const storage = { storageClass, serverSideEncryption, tags }
  const isGiven = Object.values(storage).some((value) => value !== undefined)
  return { storage: isGiven ? storage : undefined, upload: { ...upload, partBytes: partSize } }
}
