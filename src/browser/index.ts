/** `sluice/browser`: from a file that somebody dropped on a page to a Sluice Worker. A page never holds keys of a bucket. */
export {
  type HttpFile,
  type HttpSink,
  type HttpSinkOptions,
  type HttpSinkResult,
  httpSink,
} from '../client/index.ts'
export type { SchemaInferrer } from '../core/schemas/schema-inferrer.ts'
export type { BatchOptions, RecordBatch } from '../inputs/batches.ts'
export { batchesOf, type FileLike, type RecordsOfOptions, recordsOf } from './records-of.ts'
export { typesOf } from './types-of.ts'
