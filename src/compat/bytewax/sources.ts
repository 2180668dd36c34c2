import type { Awaitable, Source } from '../../contracts/index.ts'

/** What is read, and where. Bytewax's `StatefulSourcePartition`, as far as a sink's run needs one. */
export interface StatefulSourcePartition<X, P> {
  /** The next items, maybe none; `undefined` at the end. Waits as long as there are none. */
  nextBatch(): Awaitable<readonly X[] | undefined>
  /** Where the next batch begins. Asked after each batch, before the next is. Data, as a sink's state is. */
  snapshot(): Awaitable<P>
  /** The input has ended, and all is kept. Not called when the run fails, is aborted or is killed. */
  close?(): Awaitable<void>
}

/**
 * What `runSink` reads: items as they come; or a function that begins where an earlier execution was (`undefined`: at the beginning),
 * which is what a recovery needs.
 */
export type SinkSource<X, P> =
  | Source<X>
  | ((resumeState: P | undefined) => Awaitable<StatefulSourcePartition<X, P>>)
