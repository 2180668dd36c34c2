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
   * schema the encoder is given, never fail in `write()`. Nothing may pass that no log can keep: functions, objects that
   * are no data (`Map`s, `Set`s, dates, buffers and typed arrays are), more than 64 levels.
   */
  check(row: R): Rejection | undefined
  /**
   * Throws what `encoder` would of these columns, `undefined` for inferred ones: a sink asks before it acknowledges anything. Default: all
   * can be written.
   */
  checkColumns?(schema: Schema | undefined): void
  /**
   * Whether `check` has nothing against any row that has keys, and whose values are numbers, booleans, `null`, valid dates and text; keys and
   * text that UTF-8 can express. A sink does not ask it for each of such rows. Default false.
   */
  readonly takesPlainRows?: boolean | undefined
  /**
   * Whether an encoder that is given no schema takes rows whatever keys they have, so that its file can be begun before its last rows are
   * known. Default false.
   */
  readonly takesAnyKeys?: boolean | undefined
  /** How columns are to be inferred for its files where none are declared, by whoever has all rows of a file. Default: each as `Inference` says. */
  readonly inference?: Inference | undefined
  /**
   * A new encoder for one file. With `schema` the columns and their order are fixed, and a row's key outside it is
   * refused. Without, a format that needs columns infers them from the first rows: which these are, it
   * says, and a later row that does not fit them is refused.
   */
  encoder(options?: EncoderOptions): Encoder<R>
}

/** What becomes of values that are no plain columns. What is read back equals what was written; a missing key may come back as `null`. */
export interface Inference {
  /**
   * The type of what agrees on no other: values of several types, integers beyond 64 bits, objects without keys. Default `json`: exact text that every
   * reader has, where moments and bytes are text. A `variant` keeps their types; few readers have it yet.
   */
  readonly mixed?: 'json' | 'variant' | undefined
  /**
   * What arrays and objects become. Default `whole`: one value, of the type that `mixed` says. `columns`: lists and structs, to any depth
   * that a schema may have, of up to 1,000 parts in a column; a key that an object lacks is then `null` in it.
   */
  readonly nested?: 'whole' | 'columns' | undefined
}

export interface EncoderOptions {
  readonly schema?: Schema | undefined
  /** Goes on where an earlier encoder of the same format, options and schema was. `not-supported` where it cannot. */
  readonly from?: EncoderCheckpoint | undefined
}

/** One file being encoded. Used by one caller at a time: each call is awaited before the next. */
export interface Encoder<R = Row> {
  /** Bytes held back that no chunk has carried yet. An estimate, never below half of what is held. */
  readonly bufferedBytes: number
  /** How many of the file's first bytes are only known at `close()`; 0 for most formats. */
  readonly headBytes: number
  /**
   * Takes rows, `Rows` too, and gives what bytes are ready. When it has resolved `rows` are the caller's again, who may write others into
   * their memory; values that were taken out of them stay as they are. An error with code `invalid-record` leaves the
   * encoder unusable, unless its format says that it goes on: then nothing of the call was taken.
   */
  write(rows: Iterable<R>): Awaitable<readonly Chunk[]>
  /** Ends the file. Call once. `head` has exactly `headBytes` bytes, and is present only when that is above 0. */
  close(): Awaitable<EncodedEnd>
  /**
   * Gives out all that is held back, so that `checkpoint()` is behind the last row. Absent where nothing is held back, and where it can
   * only be given out at the end. What comes after may be encoded less well than if this had not been called.
   */
  pause?(): Awaitable<readonly Chunk[]>
  /**
   * The last place of the file at which a later encoder can go on; `undefined` where there is none yet. Absent where the
   * format cannot be resumed.
   */
  checkpoint?(): EncoderCheckpoint | undefined
}

export interface EncodedEnd {
  readonly chunks: readonly Chunk[]
  readonly head?: Chunk | undefined
}

/**
 * A place in a file from which a later encoder, in another process too, goes on. Given as `from`, that encoder takes the file's
 * rows from `rows` on, and its first byte is the file's byte `bytes`: what both gave out is, together, byte for byte what the
 * first alone would have.
 */
export interface EncoderCheckpoint {
  /** How many of the file's rows lie before it. */
  readonly rows: number
  /** How many of the file's bytes lie before it. All of them have been given out. */
  readonly bytes: number
  /** JSON, private to the format; another version of it answers `not-supported`. Grows with the file's index at most. */
  readonly state: string
}
