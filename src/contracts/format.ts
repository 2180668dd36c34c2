import type { Awaitable, Chunk } from './bytes.ts'
import type { ErrorCode } from './errors.ts'
import type { Schema } from './schema.ts'

/** A record: a plain object. */
export type Row = Readonly<Record<string, unknown>>

/** Why a record was not taken, and where in it the reason lies. */
export interface Rejection {
  readonly code: ErrorCode
  /** RFC 6901 JSON Pointer into the record; `''` is the record itself. */
  readonly path: string
  readonly message: string
}

/** Records to bytes. Pure: no I/O, no clock, no randomness; the same rows and options give the same bytes. */
export interface Format<R = Row> {
  /** Without a leading dot: `parquet`, `jsonl.gz`. */
  readonly extension: string
  /** The object's `Content-Type`. A compressed format is a type of its own: Sluice sets no `Content-Encoding`. */
  readonly contentType: string
  /**
   * Why this row could never be written, or `undefined`. Called before the log: rows that pass, and that fit the
   * schema the encoder is given, never fail in `write()`.
   */
  check(row: R): Rejection | undefined
  /**
   * A new encoder for one file. With `schema` the columns and their order are fixed, and a row's key outside it is
   * refused. Without, a format that needs columns takes them from the first `write()`.
   */
  encoder(options?: EncoderOptions): Encoder<R>
}

export interface EncoderOptions {
  readonly schema?: Schema | undefined
  /** Goes on where an earlier encoder of the same format and options stopped. `not-supported` where it cannot. */
  readonly from?: EncoderCheckpoint | undefined
}

/** One file being encoded. Used by one caller at a time: each call is awaited before the next. */
export interface Encoder<R = Row> {
  /** Bytes held back that no chunk has carried yet. An estimate, never below half of what is held. */
  readonly bufferedBytes: number
  /** How many of the file's first bytes are only known at `close()`; 0 for most formats. */
  readonly headBytes: number
  /** Takes rows and gives what bytes are ready. An error with code `invalid-record` leaves the encoder unusable. */
  write(rows: Iterable<R>): Awaitable<readonly Chunk[]>
  /** Ends the file. Call once. `head` has exactly `headBytes` bytes, and is present only when that is above 0. */
  close(): Awaitable<EncodedEnd>
  /** Absent where the format cannot be resumed. */
  checkpoint?(): EncoderCheckpoint
}

export interface EncodedEnd {
  readonly chunks: readonly Chunk[]
  readonly head?: Chunk | undefined
}

/** What a later process needs to go on with a file. */
export interface EncoderCheckpoint {
  /** JSON, private to the format. */
  readonly state: string
  /** The bytes that would end the file now. */
  readonly trailing: Chunk
}
