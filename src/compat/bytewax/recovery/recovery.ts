/** What is kept at the end of an epoch: all that an execution needs to go on behind it. */
export interface Snapshot {
  /** The last epoch that is complete; 0 before the first one. */
  readonly epoch: number
  readonly source: unknown
  /** The states of the partitions that have one, by name. */
  readonly parts: ReadonlyMap<string, unknown>
}

/** Before the first epoch. */
export const BEGINNING: Snapshot = { epoch: 0, source: undefined, parts: new Map() }

/**
 * Where snapshots are kept: `storeRecovery` and `logRecovery` make one.
 *
 * Guaranteed: what `save` resolved is what the next `open` finds, or something later; `open` fences the sessions before it, whose `save`
 * rejects with `fenced` from then on, and has kept nothing.
 */
export interface Recovery {
  /** `stepId` is the step whose snapshots they are: `invalid-options` for those of another one. */
  open(stepId: string): Promise<RecoverySession>
}

export interface RecoverySession {
  /** What to go on from. */
  readonly resume: Snapshot
  /** All of it, or nothing. */
  save(snapshot: Snapshot): Promise<void>
  /** The run has ended, well or not. */
  close(): Promise<void>
}

/** What every kind of recovery takes. */
export interface RecoveryOptions {
  /**
   * How long a snapshot is kept when there is a newer one, in milliseconds. Default 0. Bytewax's backup interval: what was written
   * may then be put back to a state as old, with `resumeEpoch`.
   */
  readonly backupMs?: number | undefined
  /**
   * The first epoch to be run, instead of the one behind the last that is complete. What was written in it and after is dropped by
   * sinks that can, and written again. No other run may be alive then. Default: where the last run was. `not-found` when the snapshot before
   * it is no longer kept.
   */
  readonly resumeEpoch?: number | undefined
}
