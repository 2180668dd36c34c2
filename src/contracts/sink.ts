import type { ErrorCode } from './errors.ts'
import type { Row } from './format.ts'
import type { Lane, LaneRange, Rejected } from './log.ts'
import type { CallOptions } from './store.ts'

/**
 * Takes records and answers for them.
 *
 * Guaranteed: when `write` resolves, each accepted record is in the log, as durable as that log is, and will be in
 * exactly one visible file; each other record is named in `rejected` and goes to a dead-letter file under the same
 * guarantee. When `write` rejects, none of its records was kept, unless the error is `network`, `timeout`, `aborted`,
 * `unavailable` or `protocol`, whose outcome is unknown: write again under the same `producer` sequence. So it is after a `fenced`
 * without a `producerId`: who has the log now may have read them, and is to be written to. After an `already-exists` with a
 * `producerId`, what was written under that `seq` before was kept.
 *
 * Not guaranteed: order between lanes; when a file appears, beyond the rotation policy; that `close` is called.
 * Leaving an `await using` scope without `close()` aborts.
 */
export interface Sink<R = Row> extends AsyncDisposable {
  /**
   * One call is one append to the log. Waits while more is pending than the sink's limit; `slow-down` when that is
   * because the store fails. The rows belong to the sink from then on: do not change them.
   */
  write(rows: Iterable<R>, options?: SinkWriteOptions): Promise<Ack>
  /** Cuts all open files and resolves to them when they are visible. */
  flush(options?: CallOptions): Promise<readonly FileInfo[]>
  /** Flushes, gives the log back, and says what became of everything. */
  close(): Promise<SinkResult>
  /** Stops. What was acknowledged stays in the log; in a memory log it is gone. */
  abort(reason?: unknown): Promise<void>
}

export interface SinkWriteOptions extends CallOptions {
  /**
   * Makes the call repeatable: the same `seq` again gives the same answer and keeps nothing twice. Writes may overlap, in the order
   * of their numbers; after a crash, all that were not answered are written again, in that order. The logs of this package know
   * the answers of a producer's last 32 writes, or fewer where these are long (32 KiB as JSON, beside the last one's).
   *
   * Errors, none of them retryable, with a `producerId`, and nothing of this call kept: `already-exists` (the `seq` was kept before
   * those: go on with the next), `conflict` (it leaves a gap after the `expectedSeq` of the error, or its records are others than
   * those that were kept), `fenced` (a higher epoch has begun).
   */
  readonly producer?:
    | { readonly id: string; readonly epoch: number; readonly seq: number }
    | undefined
  /**
   * Records of the same request that never became rows, such as a malformed line. They are rejected with the rest, in
   * the same append. `rows` fill the places that their indices leave free.
   */
  readonly refused?: readonly Refused[] | undefined
}

/** A record that its reader could not read, and its text as it came. */
export interface Refused extends Rejected {
  readonly raw: string
  /** Where `raw`, read as JSON, would not be the record: the text that Sluice reads it from, or `null` where nothing has all of it. */
  readonly exact?: string | null | undefined
}

/** The verdict on every record of one `write`. */
export interface Ack {
  readonly accepted: number
  /**
   * By index into the rows written. Every row not named here was accepted. Paths and messages are bounded, and where there
   * are very many, only the dead letters have those of the last ones.
   */
  readonly rejected: readonly Rejected[]
  readonly duplicate: boolean
  readonly receipt: Receipt
}

/**
 * What to hold against the bucket: where the acknowledged records lie, and, once they are visible, in which files.
 *
 * After `close()` the sink has no log to ask, and answers for the files of its `SinkResult`: `not-found` when there were more than
 * that holds and the receipt's may be among the others. A sink that opens the log again can tell, by the receipt's id.
 */
export interface Receipt {
  /** All of `ranges` in one URL-safe word. */
  readonly id: string
  readonly ranges: readonly LaneRange[]
  /** Resolves when every record of the receipt is in a visible file. */
  committed(options?: CallOptions): Promise<Committed>
  /** What is visible by now. Does not wait. */
  progress(): Promise<Progress>
}

export interface Committed {
  readonly records: number
  readonly files: readonly FileInfo[]
}

export interface Progress extends Committed {
  readonly state: 'pending' | 'committed'
}

/** A visible file. */
export interface FileInfo {
  readonly key: string
  readonly etag: string
  readonly lane: Lane
  readonly begin: number
  readonly end: number
  readonly records: number
  readonly bytes: number
}

/** What a sink holds that is not visible yet. */
export interface SinkStatus {
  readonly openFiles: number
  /** Cut, and on their way to the store. */
  readonly sealedFiles: number
  /** Size of the records of both, as JSON, about, but for those that an open file has sent already. */
  readonly pendingBytes: number
  /** Age of the oldest of them; 0 when there are none. */
  readonly lagMs: number
}

export interface SinkResult {
  readonly accepted: number
  readonly rejected: number
  /** Files committed through this sink, dead letters included: the last 10,000. */
  readonly files: readonly FileInfo[]
  /** How many there were. */
  readonly fileCount: number
}

/** One record of a dead-letter file: JSON lines under `{stream}/_rejected/`. */
export interface DeadLetter {
  readonly error: ErrorCode
  readonly message: string
  /** RFC 6901 JSON Pointer into the record. */
  readonly path: string
  /** When it was rejected, ISO 8601 in UTC. */
  readonly at: string
  /**
   * The record as it came, as JSON text; a part that JSON cannot hold is named in its place, or written as JSON lines would. Of a
   * long one the first 65,536 characters.
   */
  readonly raw: string
  /**
   * Where `raw`, read as JSON, would not be the record, as with a `Date`: the text that `replayDeadLetters` reads it from. `null` where
   * no more is kept than `raw` says: with a function, in more than 64 levels, not in UTF-8, or too long. Else absent.
   */
  readonly exact?: string | null | undefined
  /** The id of a receipt of this record alone: its lane and position lie within the `receipt` that its writer was given. */
  readonly receipt: string
}
