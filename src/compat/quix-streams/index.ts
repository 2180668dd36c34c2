/**
 * `sluice/quix-streams`: Quix Streams' `FileSink` over any store, for every runtime; see docs/coming-from/quix-streams.md. `sluice/node/quix-streams` is the same for
 * Node, Deno and Bun, with local folders and the credentials of the environment; `sluice/kafka` consumes topics into it.
 */
export type { S3Connection } from '../s3-connection.ts'
export type { Destination } from './destinations/destination.ts'
export { type S3DestinationOptions, s3Destination } from './destinations/s3-destination.ts'
export { type FileSink, fileSink } from './file-sink.ts'
export type { FileSinkOptions } from './file-sink-options.ts'
export type { KnownOfPartition, WrittenFile } from './files/partition-files.ts'
export type { BatchFormat } from './formats/batch-format.ts'
export { type JsonFormatOptions, type JsonRow, jsonFormat } from './formats/json-format.ts'
export {
  type ParquetCompression,
  type ParquetFormatOptions,
  parquetFormat,
} from './formats/parquet-format.ts'
export type { FileLayout } from './layout.ts'
export type { SinkBatch } from './sink-batch.ts'
export type { SinkItem, SinkRecord, TopicPartition } from './sink-record.ts'
