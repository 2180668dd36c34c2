import type { ErrorCode, Refused, Row, Source } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { iterate, toReadableStream } from '../core/streams.ts'

/** What every input takes. */
export interface InputOptions {
  /** A record of more bytes is refused with `too-large`. Also the bound of what is held. Default 1 MiB. */
  readonly maxRecordBytes?: number | undefined
  /**
   * Is told of each record that cannot be read, with its text (of one that is too large, its beginning), and the reading
   * goes on behind it. Absent, the first such record ends the input with its error. What it is given fits the `refused`
   * option of `Sink.write`; `index` counts rows and refused records together.
   */
  readonly onReject?: ((refused: Refused) => void) | undefined
}

/** Bytes to rows, in pieces. Each call's iterable is read to its end before the next call. */
export interface RecordParser {
  push(chunk: Uint8Array): Iterable<Row>
  end(): Iterable<Row>
}

/** Larger chunks are parsed in slices: what is derived from a chunk is held beside it. */
const SLICE_BYTES = 64 * 1024

/** The rows of a source of bytes, read as they are asked for. Leaving the loop cancels the source. */
export async function* readRows(
  source: Source<Uint8Array>,
  parser: RecordParser,
): AsyncGenerator<Row, void, undefined> {
  for await (const chunk of iterate(source)) {
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      // Not `yield*`, which would wrap the iterator and each of its results in promises.
      for (const row of parser.push(chunk.subarray(at, at + SLICE_BYTES))) yield row
    }
  }
  for (const row of parser.end()) yield row
}

/**
 * A transform whose rows are pulled one by one: the `transform()` of a `TransformStream` would queue all rows of a chunk,
 * however large it is.
 */
export function rowTransform(
  rows: (source: ReadableStream<Uint8Array>) => AsyncIterable<Row>,
): TransformStream<Uint8Array, Row> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  return { readable: toReadableStream(rows(readable)), writable }
}

/** Counts the records of one input and says of the unreadable ones what `InputOptions` asks for. */
export interface RecordCounter {
  readonly maxRecordBytes: number
  /** Rows and refused records so far. */
  readonly index: number
  taken(): void
  /** `place` is where the record begins. Throws unless there is an `onReject`. */
  refuse(code: ErrorCode, place: string, message: string, raw: string): void
}

export function recordCounter(options: InputOptions): RecordCounter {
  const { maxRecordBytes = 1024 * 1024, onReject } = options
  if (!Number.isSafeInteger(maxRecordBytes) || maxRecordBytes < 1) {
    throw new SluiceError(
      'invalid-options',
      `maxRecordBytes must be a whole number above 0, not ${maxRecordBytes}`,
    )
  }
  let index = 0
  return {
    maxRecordBytes,
    get index() {
      return index
    },
    taken() {
      index++
    },
    refuse(code, place, problem, raw) {
      const message = `${place}: ${problem}`
      if (!onReject) throw new SluiceError(code, message)
      onReject({ index: index++, code, path: '', message, raw })
    },
  }
}
