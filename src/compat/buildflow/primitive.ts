import type { Ack, Awaitable, CallOptions, SinkResult } from '../../contracts/index.ts'

/** A place that a consumer's results go to: an `S3Bucket`, or one's own. */
export interface SinkPrimitive {
  /** One replica of it. Takes nothing before its first `push`. */
  sink(options: SinkReplicaOptions): Awaitable<SinkReplica>
}

export interface SinkReplicaOptions {
  /** Its number, from 0. Default 0. */
  readonly replica?: number | undefined
}

/** One replica of a sink. Its user awaits each call before the next. */
export interface SinkReplica {
  /** Whether what `push` has taken outlives this process, before anything of it is visible. */
  readonly durable: boolean
  /** Takes what a process gave for a batch. `undefined` when that were no records. What it rejects with has not been taken. */
  push(batch: Iterable<unknown>, options?: CallOptions): Promise<Ack | undefined>
  /** Makes everything visible. */
  close(): Promise<SinkResult>
  /** Lets go of what is not visible. */
  abort(reason?: unknown): Promise<void>
}
