import type { CutReason, Lane } from './log.ts'
import type { Schema } from './schema.ts'
import type { FileInfo } from './sink.ts'

/**
 * What happens in a sink, as it happens. Events are told and not asked: an observer that throws, or that waits, changes nothing.
 * None of them holds a record's values, a token or a secret.
 */
export type SinkEvent =
  | OpenedEvent
  | AppendedEvent
  | DriftEvent
  | SlowDownEvent
  | SealedEvent
  | FailedEvent
  | CommittedEvent
  | UploadLeftEvent

/** The sink has taken its log over. */
export interface OpenedEvent {
  readonly type: 'opened'
  /** How files become visible: only created, under a condition; written again under the same key; or named by a manifest. */
  readonly design: 'create-only' | 'overwrite' | 'manifest'
  /** What this store cannot promise, each in a sentence; none where it can promise everything. */
  readonly weaker: readonly string[]
  /** Files that an earlier process had sealed, and lanes that it had left open. */
  readonly sealed: number
  readonly lanes: number
}

/** A write was answered. */
export interface AppendedEvent {
  readonly type: 'appended'
  readonly accepted: number
  readonly rejected: number
  /** The request had been kept before: neither number was kept again. */
  readonly duplicate: boolean
  /** Size of what was kept, as JSON, about. */
  readonly bytes: number
}

/** Records came that the stream's columns did not have a place for. */
export interface DriftEvent {
  readonly type: 'drift'
  /** The fingerprint of the columns that these records are written under. */
  readonly schema: string
  readonly columns: Schema
  /** In words, by column: what is new or other than before. */
  readonly changes: readonly { readonly path: string; readonly change: string }[]
}

/** A write was refused because the sink is full. */
export interface SlowDownEvent {
  readonly type: 'slow-down'
  readonly retryAfterMs: number | undefined
}

/** A file was decided. */
export interface SealedEvent {
  readonly type: 'sealed'
  readonly lane: Lane
  readonly key: string
  readonly reason: CutReason
  readonly records: number
  /** Size of its rows, as JSON, about. */
  readonly rowBytes: number
}

/** An attempt to make a file visible failed; it is made again. */
export interface FailedEvent {
  readonly type: 'failed'
  readonly key: string
  readonly error: Error
  readonly attempts: number
  readonly retryAtMs: number
}

/** A file is visible. */
export interface CommittedEvent {
  readonly type: 'committed'
  readonly file: FileInfo
  readonly reason: CutReason
  readonly rowBytes: number
  /** From the arrival of its first record to now, by the sink's clock: never below 0. */
  readonly lagMs: number
}

/**
 * An upload stays open in the store because it could not be aborted, or because the log's next owner may go on with it: what nobody
 * goes on with, the janitor or a lifecycle rule ends.
 */
export interface UploadLeftEvent {
  readonly type: 'upload-left'
  readonly key: string
  readonly uploadId: string
}
