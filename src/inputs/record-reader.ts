import type { ErrorCode, Refused, Row, Source } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { derive, type Reading } from '../core/reading.ts'
import { toReadableStream } from '../core/streams.ts'

/** What every input takes. */
export interface InputOptions {
  /**
   * A record of more bytes is refused with `too-large`. Also the measure of what is held: a small multiple of it, however
   * small the chunks are. Default 1 MiB.
   */
  readonly maxRecordBytes?: number | undefined
  /**
   * Is told of each record that cannot be read, with its text (of one that is too large, its beginning), and the reading
   * goes on behind it. Absent, the first such record ends the input with its error. What it is given fits the `refused`
   * option of `Sink.write`; `index` counts rows and refused records together.
   */
  readonly onReject?: ((refused: Refused) => void) | undefined
}

/** A record that cannot be read, in its place among the rows. */
export class Unreadable {
  readonly refused: Refused

  constructor(refused: Refused) {
    this.refused = refused
  }
}

/** Bytes to records, in pieces. Each call's iterable is read to its end before the next call. */
export interface RecordParser {
  push(chunk: Uint8Array): Iterable<Row | Unreadable>
  end(): Iterable<Row | Unreadable>
}

/** Larger chunks are parsed in slices: what is derived from a chunk is held beside it. */
const SLICE_BYTES = 64 * 1024

/** All records of a source, those of each slice together. */
export async function* parsed(
  chunks: AsyncIterable<Uint8Array>,
  parser: RecordParser,
): AsyncGenerator<Iterable<Row | Unreadable>, void, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      yield parser.push(chunk.subarray(at, at + SLICE_BYTES))
    }
  }
  yield parser.end()
}

/** The rows of a source of bytes, read as they are asked for. */
export function readRows(
  source: Source<Uint8Array>,
  parser: RecordParser,
  { onReject }: InputOptions,
): Reading<Row> {
  return derive(source, async function* (chunks) {
    for await (const records of parsed(chunks, parser)) {
      // Not `yield*`, which would wrap the iterator and each of its results in promises.
      for (const record of records) {
        if (!(record instanceof Unreadable)) yield record
        else if (onReject) onReject(record.refused)
        else throw new SluiceError(record.refused.code, record.refused.message)
      }
    }
  })
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

/** Counts the records of one input. */
export interface RecordCounter {
  readonly maxRecordBytes: number
  /** Rows and refused records so far. */
  readonly index: number
  taken(): void
  /** `place` is where the record begins; `exact` is `null` where `raw` is not what came. */
  refuse(code: ErrorCode, place: string, message: string, raw: string, exact?: null): Unreadable
}

export function recordCounter({ maxRecordBytes = 1024 * 1024 }: InputOptions): RecordCounter {
  checkCount('maxRecordBytes', maxRecordBytes)
  let index = 0
  return {
    maxRecordBytes,
    get index() {
      return index
    },
    taken() {
      index++
    },
    refuse(code, place, problem, raw, exact) {
      const message = `${place}: ${problem}`
      return new Unreadable({ index: index++, code, path: '', message, raw, exact })
    },
  }
}

export function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return
  throw new SluiceError('invalid-options', `${name} must be a whole number above 0, not ${value}`)
}
