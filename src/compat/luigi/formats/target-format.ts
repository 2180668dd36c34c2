import type { Bytes, Writer } from '../../../contracts/index.ts'
import type { ObjectWritten } from '../../../core/parts-writer.ts'

/** What a format is written with, and what reading it gives. */
export type FormatValue = string | Bytes

/** Whole or absent: see `Writer`. `close()` answers with what was written. */
export type TargetWriter<Value> = Writer<Value, ObjectWritten>

/**
 * Between what a task writes and what is stored: a pipe for each direction. `chainFormats` puts one behind another.
 *
 * `input` and `output` say the same as the types, for callers without them. A pipe passes on the failures of what is below it, and fails with a
 * `SluiceError`.
 */
export interface TargetFormat<Value extends FormatValue, Stored extends FormatValue = Bytes> {
  readonly input: 'text' | 'bytes'
  readonly output: 'text' | 'bytes'
  /** What is read, from what is stored: in pieces of any size. */
  pipeReader(source: AsyncIterable<Stored>): AsyncIterable<Value>
  /** `pipedWriter` makes such a writer. */
  pipeWriter(target: TargetWriter<Stored>): TargetWriter<Value>
}
