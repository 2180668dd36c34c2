import type { SluiceError } from '../../core/errors.ts'
import type { TopicPartition, WrittenFile } from '../quix-streams/index.ts'

/** What happens in a run, as it happens. Told and not asked: an observer that throws changes nothing. No event holds a message. */
export type KafkaSinkEvent =
  | AssignedEvent
  | CommittedEvent
  | FencedEvent
  | PausedEvent
  | SkippedEvent
  | FailedEvent

/** A stream begins: after a rebalance, after a pause, and after a failure. */
export interface AssignedEvent {
  readonly type: 'assigned'
  /** All partitions of this consumer, each with the offset from which on it is read. */
  readonly partitions: readonly PartitionOffset[]
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: bigint
}

/** Files were written, and then their offsets committed. */
export interface CommittedEvent {
  readonly type: 'committed'
  readonly files: readonly WrittenFile[]
}

/** Exactly once: another consumer has written the file that was to be written, so what was read is forgotten. */
export interface FencedEvent extends TopicPartition {
  readonly type: 'fenced'
}

/** The sink could not take what was read: nothing is read for so long, and then all that was not written again. */
export interface PausedEvent {
  readonly type: 'paused'
  readonly error: SluiceError
  readonly retryAfterMs: number
}

/** The topic no longer has the messages of `[from, to)`, which were to be read next. */
export interface SkippedEvent extends TopicPartition {
  readonly type: 'skipped'
  readonly from: bigint
  readonly to: bigint
}

/** Kafka failed, and is tried again, unless it was the eighth time in a row, a refusal, or the run ends. */
export interface FailedEvent {
  readonly type: 'failed'
  readonly error: SluiceError
  readonly attempts: number
}
