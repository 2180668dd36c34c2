import type { Awaitable, Bytes, Rejection } from '../../../contracts/index.ts'
import type { SinkBatch } from '../sink-batch.ts'
import type { SinkItem } from '../sink-record.ts'

/** Makes a file of a batch: `jsonFormat()`, `parquetFormat()`, or one of one's own. */
export interface BatchFormat {
  /** With its dot: `.jsonl.gz`. */
  readonly fileExtension: string
  /** Default `application/octet-stream`. */
  readonly contentType?: string | undefined
  /** Whether two files, one after the other, are a file. */
  readonly supportsAppend: boolean
  /** Why a message can never be written, or `undefined`: `add` then refuses it. Without, every message is taken. */
  check?(item: SinkItem): Rejection | undefined
  /** The same batch gives the same bytes. What it throws fails the flush, and the batch stays. */
  serialize(batch: SinkBatch): Awaitable<Bytes | Blob>
}
