import type { Bytes } from './bytes.ts'
import type { EncoderCheckpoint, Rejection, Row } from './format.ts'
import type { Rows } from './rows.ts'
import type { Schema } from './schema.ts'
import type { MultipartToken, Part } from './store.ts'

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
  /** The run that they were taken for; whoever cuts them, their file is of that run. */
  readonly run?: string | undefined
}

/**
 * Where records wait between the acknowledgement and the file. Each method of its session is one atomic
 * transaction; how durable is the log's own promise: a memory log's is none.
 *
 * Guaranteed: after `append` resolved, its rows are read back by `read`, equal and in order, until `commit` takes
 * them; a second `open` fences the first session, whose calls reject with `fenced` from then on; a rejected call
 * changed nothing, but for the following.
 *
 * Not guaranteed: that a call had no effect which never answered (a crash), or rejected with `unavailable`, or with `fenced` and no
 * `producerId`: the next session may have read what this one was writing. That is what the producer's sequence is for.
 */
export interface Log<R = Row> {
  /** Whether its rows lie in this process's memory, and so count into the sink's `memoryBytes`. */
  readonly inMemory: boolean
  /** Takes the log over. `owner` is for messages. */
  open(owner: string): Promise<LogSession<R>>
}

export interface LogSession<R = Row> {
  /** What the log held when it was opened. */
  readonly state: LogState
  /**
   * All of the batch, or nothing. Errors: `fenced` (this session is an old one; with a `producerId`, that producer's epoch
   * is), `conflict` with a `producerId` and an `expectedSeq` (the sequence leaves a gap, or repeats with other content), `already-exists` with
   * both (it was kept, and its answer is forgotten), `invalid-options` (the
   * lane has open records of another encoding: cut it first, so that a file has one).
   *
   * Calls may overlap, and take effect in the order in which they were made: a log that waits for its disk makes many of
   * them durable at once (group commit).
   */
  append(batch: LogBatch<R>): Promise<Appended>
  /**
   * The rows of a sealed file in order, in batches of a bounded size; of one that was begun before, those that `begun` has not taken. A batch is
   * the caller's until it asks for the next one, which may lie in the same memory, or its file is stored or committed; rows that were taken out of it
   * stay as they are. May be called again. `not-found` once committed.
   */
  read(file: SealedFile): AsyncIterable<Rows<R>>
  /**
   * Cuts the lane at `file.end`, for good, which may lie within what one append brought. `file.begin` is the end of the
   * lane's previous file. Answers with what the file weighs and what stays open: where an append is divided, its bytes are
   * too, by the number of rows. `invalid-options` for a range that is not open, or no range of whole records.
   */
  seal(file: SealedFile): Promise<Sealed>
  /**
   * Remembers how far a sealed file's upload has come, from before its first part on; `undefined` forgets it. The rows stay, so an
   * upload that the store has dropped meanwhile is never fatal. `not-found` for a file that is not sealed, or is committed.
   */
  progress(fileId: string, upload: UploadProgress | undefined): Promise<void>
  /**
   * The files' bytes are in the store under their keys, and no reader sees them before a manifest names them: forgets their rows,
   * and keeps them among the sealed. Idempotent. `not-found` when one of them was never sealed.
   */
  store(files: readonly StoredFile[]): Promise<void>
  /**
   * The files are visible: forgets their rows and keeps what receipts need. Idempotent; of no files, the question whether this session
   * still owns the log (`fenced` if not). `not-found` when one of them was never sealed, or so long ago that the log has forgotten it.
   */
  commit(files: readonly CommittedFile[]): Promise<void>
  /**
   * Committed files that overlap the range, ascending. `not-found` when the lane does not reach to the range's end, or when the log has
   * forgotten the files of its beginning.
   */
  committed(range: LaneRange): Promise<readonly CommittedFile[]>
  /** For files that are larger than the log. Only of logs in memory. */
  readonly begun?: BegunFiles<R> | undefined
  /** Every lane that ever had a record, and how far it reaches: what an audit holds against a listing. */
  positions(): AsyncIterable<LanePosition>
  /** Gives the log back. Further calls reject. */
  close(): Promise<void>
}

/**
 * Files whose bytes go to the store while their records still come, so that a log in memory need not hold all of them. What the store has is in its
 * hands alone: when it drops the upload, these records are gone, as all of the log's are with the process.
 */
export interface BegunFiles<R = Row> {
  /** Open rows in order, in batches of a bounded size. `not-found` for rows that a begun file has taken. */
  read(range: LaneRange): AsyncIterable<Rows<R>>
  /**
   * The next file of the lane was begun, is to grow, or has grown: forgets the rows that it has taken. The lane's next cut is this file's, by its id and
   * key, and not before `until`. `undefined` gives it up, and its rows with it. Answers with the lane.
   */
  keep(lane: Lane, file: BegunFile | undefined): Promise<LaneState>
  /**
   * The upload of a file that was begun, and sealed then, is gone: gives up the rows that it has taken. What the log still has of the file is all of
   * it from now on, under its id and key; a file of which nothing is left is sealed no more. `not-found` for a file that is not sealed, or is committed.
   */
  giveUp(fileId: string): Promise<void>
}

/** A file that is not sealed yet, and whose first bytes are in the store or on their way there. */
export interface BegunFile {
  readonly id: string
  readonly key: string
  readonly upload: BegunUpload
}

export interface LogState {
  /** Lanes with open records. */
  readonly lanes: readonly LaneState[]
  /** Sealed and not committed, oldest first. */
  readonly sealed: readonly PendingFile[]
  /** What the producers brought for runs, each in the last epoch that the log knows of it. Those that brought nothing are left out. */
  readonly runs: readonly ProducerRun[]
}

/** Where the records lie that a producer's epoch brought for runs: those whose `encoding` has one. */
export interface ProducerRun {
  readonly id: string
  readonly epoch: number
  /**
   * One range of the first request that had such records, and one of the last. `undefined` where nobody knows: an earlier release kept
   * the epoch's first requests, whose records may be visible and may wait.
   */
  readonly ranges: readonly [first: LaneRange, last: LaneRange] | undefined
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
  /** When the last of the open records came; `undefined` when nothing is open. */
  readonly lastAtMs: number | undefined
  /** How the open records are written. */
  readonly encoding: Encoding
  /** The file that they go into, where it was begun, and what the records weigh that it has taken: they are no longer in memory. */
  readonly begun?: (BegunFile & { readonly rowBytes: number }) | undefined
}

/** How far a lane reaches. */
export interface LanePosition {
  readonly lane: Lane
  /** Everything before this position is in committed files, or was given up with the upload of a file that was begun. */
  readonly committed: number
  /** The next position: everything before it was acknowledged. */
  readonly end: number
}

export interface LogBatch<R = Row> {
  readonly lanes: readonly {
    readonly lane: Lane
    /** The log's from here on: a caller changes none of them, and reads them again by `read`. */
    readonly rows: Rows<R>
    /** Their size, as the sink measures it. */
    readonly bytes: number
    readonly encoding: Encoding
  }[]
  /** What the answer says of records that were not taken. Kept beside the producer's sequence. */
  readonly rejected: readonly Rejected[]
  readonly producer?: ProducerStep | undefined
  readonly atMs: number
}

/**
 * A producer's numbered request: sent again under the same number, it is not kept again. A log answers an epoch's last
 * requests as it did before, the last one always and the four before it where their answers are not long: a producer may have
 * several under way, and lose all of their answers.
 */
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
  /** When the first of its records came. */
  readonly openedAtMs: number
  readonly sealedAtMs: number
  /** The run whose files become visible together, where the sink has one. */
  readonly run?: string | undefined
}

/** How far a sealed file's upload has come. */
export interface UploadProgress {
  readonly token: MultipartToken
  /** Of the first part; `partPlan` makes the others' sizes of it. */
  readonly partBytes: number
  /** What has arrived, ascending by number from 1 without holes. */
  readonly parts: readonly Part[]
  /** From where an encoder goes on, at most at the end of `parts`; `undefined` when only from the start. */
  readonly checkpoint?: EncoderCheckpoint | undefined
}

/** Of a file that was begun before it was sealed. */
export interface BegunUpload extends UploadProgress {
  readonly checkpoint: EncoderCheckpoint
  readonly begun: {
    /** How many of its rows it has taken. */
    readonly rows: number
    /**
     * How many it is to take next, where that was tried and has failed, else `rows`. Parts of as many may still be on their way, and one that arrives late takes
     * the place of the one that was sent after it: so whoever goes on encodes as many first, and calls `pause()` there, and each part has the same bytes
     * however often it is sent.
     */
    readonly until: number
    /** Its columns, which were decided when it was begun; `undefined` where its format needs none. */
    readonly schema: Schema | undefined
    /** The file's bytes between the end of the parts and the end of those rows. */
    readonly tail: Bytes
  }
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
  /** What those of its rows weigh that it took before it was sealed, and which the log holds no longer. Default 0. */
  readonly takenBytes?: number | undefined
  /** How its rows are written. */
  readonly encoding: Encoding
  /** An upload that an earlier process may have left open, or that was begun while the file's records came. */
  readonly upload?: UploadProgress | BegunUpload | undefined
  /** What its object is, once its bytes are in the store; its rows are gone from the log then. */
  readonly stored?: ObjectFacts | undefined
}

/** What a store says of a file's object. */
export interface ObjectFacts {
  readonly etag: string
  readonly bytes: number
}

/**
 * What a file was cut for: `records`, `bytes`, `age`, `idle`, `schedule` and `watermark` are the rotation's limits; `memory` and
 * `files` make room (for bytes, or for another open file); `flush` and `close` were asked for; `options`: the sink was opened with
 * another format or other columns than the lane's open records were taken for; `compact`: it stands for others.
 */
export type CutReason =
  | 'records'
  | 'bytes'
  | 'age'
  | 'idle'
  | 'schedule'
  | 'watermark'
  | 'memory'
  | 'files'
  | 'flush'
  | 'close'
  | 'options'
  | 'compact'

/** A file whose bytes are in the store. */
export interface StoredFile extends SealedFile, ObjectFacts {}

/** A file that is visible to readers: listed, or named by the manifest where the stream has one. */
export interface CommittedFile extends StoredFile {}
