import type { Awaitable, CallOptions, Source } from '../../contracts/index.ts'
import { checkSource, iterate } from '../../core/reading.ts'

/** A batch, and what its source knows it by. BuildFlow's. */
export interface PullResponse<T, A> {
  readonly payload: readonly T[]
  readonly ackInfo: A
}

/** A source that is told what became of each batch, and gives again what was not acknowledged, such as a queue. BuildFlow's. */
export interface PullSource<T, A = unknown> {
  /** The next batch; `undefined` when there will be none. Waits while there is nothing. Replicas call it at the same time. */
  pull(options: CallOptions): Awaitable<PullResponse<T, A> | undefined>
  /**
   * `true` when all of the batch is kept: visible, or in a log that outlives the process. `false` when it is not, and is to be given
   * again. Once for each batch, in any order; neither, when the process ends before.
   */
  ack(ackInfo: A, success: boolean): Awaitable<void>
}

/** Anything that gives elements, as batches. */
export interface Input<T> {
  /** Whether it gives again what has failed. */
  readonly redelivers: boolean
  pull(options: CallOptions): Promise<InputBatch<T> | undefined>
  cancel(reason: unknown): Promise<void>
}

export interface InputBatch<T> {
  readonly elements: readonly T[]
  /** Holds no elements. */
  readonly settle: (success: boolean) => Promise<void>
}

/** `invalid-options` for what gives no elements. */
export function checkInput(source: Source<unknown> | PullSource<unknown>): void {
  if (!isPullSource(source)) checkSource(source)
}

function isPullSource<T>(source: Source<T> | PullSource<T>): source is PullSource<T> {
  return typeof source === 'object' && source !== null && 'pull' in source && 'ack' in source
}

export function openInput<T>(source: Source<T> | PullSource<T>): Input<T> {
  if (isPullSource(source)) {
    return {
      redelivers: true,
      async pull(options) {
        const response = await source.pull(options)
        if (!response) return undefined
        // Not the response: its payload need not wait for the file.
        const { payload, ackInfo } = response
        return { elements: payload, settle: async (success) => source.ack(ackInfo, success) }
      },
      cancel: async () => {},
    }
  }
  const reading = iterate(source)
  return {
    redelivers: false,
    async pull() {
      // One by one, so that replicas share what there is.
      const { done, value } = await reading.next()
      return done ? undefined : { elements: [value as T], settle: async () => {} }
    },
    cancel: (reason) => reading.cancel(reason),
  }
}
