import type { EncoderCheckpoint, Rejection, Row } from './format.ts'
import type { Schema } from './schema.ts'
import type { MultipartToken } from './store.ts'

/**
 * Rows that go into the same files: one stream, one partition of it, written by one shard under one schema. A lane
 * numbers its records densely from 0, and each of its files holds `[begin, end)` of them.
 */
export interface Lane {
  readonly stream: string
  /** Path segments without slashes at its ends, such as `country=DE/2026-11-21`; `''` when there are no partitions. */
  readonly partition: string
  readonly shard: string
  /** The declared schema's fingerprint, or `auto` when each file's schema is taken from its records. */
  readonly schema: string
}

/** Records `[begin, end)` of a lane. */
export interface LaneRange {
  readonly lane: Lane
  readonly begin: number
  readonly end: number
}

/**
 * How records are to be written: what they were checked against before they were acknowledged. Kept with them, since the
 * options of the stream may be others by the time that their file is written.
 */
export interface Encoding {
  /** The `extension` of the format. */
  readonly format: string
  /** The declared columns; `undefined` when they are inferred from the records of each file. */
  readonly schema: Schema | undefined
}

/**
 * Where records wait between the acknowledgement and the file. Each method of its session is one atomic
 * transaction; how durable is the log's own promise: a memory log's is none.
 *
 * Guaranteed: after `append` resolved, its rows are read back by `read`, equal and in order, until `commit` takes
 * them; a second `open` fences the first session, whose calls reject with `fenced` from then on; a rejected call
 * changed nothing.
 *
 * Not guaranteed: that a call which never answered (a crash) had no effect. That is what the producer's sequence is for.
 */
export interface Log<R = Row> {
  /** Takes the log over. `owner` is for messages. */
  open(owner: string): Promise<LogSession<R>>
}

export interface LogSession<R = Row> {
  /** What the log held when it was opened. */
  readonly state: LogState
  /**
   * All of the batch, or nothing. Errors: `fenced` (this session is an old one; with a `producerId`, that producer's epoch
   * is), `conflict` with a `producerId` (the sequence leaves a gap, or repeats with other content), `invalid-options` (the
   * lane has open records of another encoding: cut it first, so that a file has one).
   */
  append(batch: LogBatch<R>): Promise<Appended>
  /** The rows of a sealed file in order, in batches of a bounded size. May be called again. `not-found` once committed. */
  read(file: SealedFile): AsyncIterable<readonly R[]>
  /**
   * Cuts the lane at `file.end`, for good, which may lie within what one append brought. `file.begin` is the end of the
   * lane's previous file. Answers with what the file weighs and what stays open: where an append is divided, its bytes are
   * too, by the number of rows. `invalid-options` for a range that is not open, or no range of whole records.
   */
  seal(file: SealedFile): Promise<Sealed>
  /** Remembers the upload that is about to receive the file's parts; `undefined` forgets it. */
  progress(
    fileId: string,
    upload: MultipartToken | undefined,
    checkpoint?: EncoderCheckpoint,
  ): Promise<void>
  /** The files are visible: forgets their rows and keeps what receipts need. Idempotent. */
  commit(files: readonly CommittedFile[]): Promise<void>
  /** Committed files that overlap the range, ascending. `not-found` when the lane does not reach to the range's end. */
  committed(range: LaneRange): Promise<readonly CommittedFile[]>
  /** Gives the log back. Further calls reject. */
  close(): Promise<void>
}

export interface LogState {
  /** Lanes with open records. */
  readonly lanes: readonly LaneState[]
  /** Sealed and not committed, oldest first. */
  readonly sealed: readonly PendingFile[]
}

export interface LaneState {
  readonly lane: Lane
  /** The first position that no file has. */
  readonly begin: number
  /** The next position. Equal to `begin` when nothing is open. */
  readonly end: number
  /** Size of the open records, as the appends declared it. */
  readonly bytes: number
  /** When the first of the open records came, in milliseconds since 1970; `undefined` when nothing is open. */
  readonly openedAtMs: number | undefined
  /** How the open records are written. */
  readonly encoding: Encoding
}

export interface LogBatch<R = Row> {
  readonly lanes: readonly {
    readonly lane: Lane
    readonly rows: readonly R[]
    /** Their size, as the sink measures it. */
    readonly bytes: number
    readonly encoding: Encoding
  }[]
  /** What the answer says of records that were not taken. Kept beside the producer's sequence. */
  readonly rejected: readonly Rejected[]
  readonly producer?: ProducerStep | undefined
  readonly atMs: number
}

/** A producer's numbered request: sent again under the same number, it is answered again and not kept again. */
export interface ProducerStep {
  readonly id: string
  /** Raised by the producer when it starts anew; older ones are fenced. */
  readonly epoch: number
  /** 0 for an epoch's first request, then one more for each. */
  readonly seq: number
  /** SHA-256 of the request's records, in hex. */
  readonly hash: string
}

export interface Appended {
  readonly ranges: readonly LaneRange[]
  readonly rejected: readonly Rejected[]
  /** The producer's sequence had been kept before; the answer is the first one's. */
  readonly duplicate: boolean
}

/** A rejection and the place of its record in the request. */
export interface Rejected extends Rejection {
  readonly index: number
}

/** A file that is decided and not yet visible. All of it is fixed before the first byte is sent. */
export interface SealedFile extends LaneRange {
  /** Random; written into the object's metadata. The object under `key` is this file if it carries this id. */
  readonly id: string
  readonly key: string
  readonly reason: CutReason
  readonly sealedAtMs: number
}

/** What a cut has made of a lane. */
export interface Sealed {
  readonly file: PendingFile
  /** The lane after the cut. */
  readonly rest: LaneState
}

export interface PendingFile extends SealedFile {
  /** Size of its rows, as the appends declared it. */
  readonly rowBytes: number
  /** How its rows are written. */
  readonly encoding: Encoding
  /** An upload that an earlier process may have left open. */
  readonly upload?: MultipartToken | undefined
  readonly checkpoint?: EncoderCheckpoint | undefined
}

/** `options`: the sink was opened with another format or other columns than the lane's open records were taken for. */
export type CutReason = 'records' | 'bytes' | 'age' | 'memory' | 'flush' | 'close' | 'options'

/** A file that is visible in the store. */
export interface CommittedFile extends SealedFile {
  readonly etag: string
  readonly bytes: number
}
