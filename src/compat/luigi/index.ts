/**
 * `sluice/luigi`: Luigi's `S3Client` and `S3Target` over any store, for every runtime. `sluice/node/luigi` is the same for Node, Deno and Bun,
 * with local files and the credentials of the environment.
 */
export type { S3Connection } from '../s3-connection.ts'
export type { Copied } from './copy-files.ts'
export type { S3TimeRange } from './folders.ts'
export { bytes } from './formats/bytes.ts'
export { chainFormats } from './formats/chain-formats.ts'
export { pipedWriter } from './formats/piped-writer.ts'
export type { FormatValue, TargetFormat, TargetWriter } from './formats/target-format.ts'
export { type TextOptions, text } from './formats/text.ts'
export type { S3PutMultipartOptions, S3PutOptions } from './put-options.ts'
export { runTask, type Target, type Task } from './run-task.ts'
export { S3Client } from './s3-client.ts'
export type {
  PutSource,
  S3BucketsOptions,
  S3ClientOptions,
  S3CopyFilesOptions,
  S3ListOptions,
  S3MkdirOptions,
  S3MoveOptions,
  S3RemoveOptions,
} from './s3-client-options.ts'
export { S3FlagTarget, type S3FlagTargetOptions } from './s3-flag-target.ts'
export { type OpenReadOptions, S3Target, type S3TargetOptions } from './s3-target.ts'
export type { TargetReader } from './target-reader.ts'
