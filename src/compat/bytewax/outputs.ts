import type { Awaitable } from '../../contracts/index.ts'

/**
 * Part of an output that knows where it is. Bytewax's `StatefulSinkPartition`.
 * @see https://docs.bytewax.io/stable/api/bytewax/bytewax.outputs.html
 */
export interface StatefulSinkPartition<V, S> {
  /** Takes values, without their keys, in their order. What it resolved has been written. Batches are cut as it happens. */
  writeBatch(values: readonly V[]): Awaitable<void>
  /**
   * Where the next write goes: built again with this, the partition goes on behind what was written last, and drops what it had
   * written after. The state is data: what JSON holds, `Date`, `bigint`, bytes and `undefined`.
   *
   * Called when the partition was built anew, and at the end of each epoch in which it was written, or was told `committed`. Never
   * after `close`.
   */
  snapshot(): Awaitable<S>
  /**
   * The last `snapshot` is kept: an execution that resumes builds this partition with that state, or a later one, and the executions before this one
   * keep nothing more. Here is where what was prepared may be made visible, and what others have left be removed. A crash may come before it:
   * whoever builds with that state does the same. Beyond Bytewax, which has no exactly-once output where nothing can be truncated.
   */
  committed?(): Awaitable<void>
  /** The input has ended, and all is kept. Not called when the run fails, is aborted or is killed. */
  close?(): Awaitable<void>
}

/** An output with a fixed number of independent partitions, each of which resumes from its own state. Bytewax's. */
export interface FixedPartitionedSink<V, S> {
  /**
   * The partitions that this worker can reach; called once for each worker. One that several reach is written by one of them.
   * Bytewax tells it neither the worker nor how many there are; a sink that needs neither leaves the arguments out.
   */
  listParts(workerIndex: number, workerCount: number): Awaitable<readonly string[]>
  /**
   * A number for the key, 0 or more and whole: of all partitions, in the order of their names' UTF-8 bytes, the one at this index,
   * wrapped around. Must be the same in every execution. Default {@link adler32}.
   */
  partFn?(itemKey: string): number
  /** Builds a partition anew, or where `resumeState` says. Once for each that is listed, on one worker, also when no item comes for it. */
  buildPart(
    stepId: string,
    forPart: string,
    resumeState: S | undefined,
  ): Awaitable<StatefulSinkPartition<V, S>>
}

/** A worker's part of an output without state. Bytewax's. */
export interface StatelessSinkPartition<X> {
  /** Takes items in their order. What it resolved has been written. */
  writeBatch(items: readonly X[]): Awaitable<void>
  /** The input has ended. Not called when the run fails, is aborted or is killed. */
  close?(): Awaitable<void>
}

/** An output that all workers write to at once. It has no state, so an epoch that is run again is written again. Bytewax's. */
export interface DynamicSink<X> {
  /** Called once on each worker. */
  build(
    stepId: string,
    workerIndex: number,
    workerCount: number,
  ): Awaitable<StatelessSinkPartition<X>>
}
