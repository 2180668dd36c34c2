import { iterate } from '../../../core/reading.ts'
import type { SinkSource, StatefulSourcePartition } from '../sources.ts'
import { checkBuilt } from './output.ts'

/** Of a list and whatever else gives its items without a wait: a batch is a write, and in a file one that is synced. What comes later is written as it comes. */
const BATCH_ITEMS = 1000

export interface Input extends StatefulSourcePartition<unknown, unknown> {
  /** The run has failed. */
  cancel(reason: unknown): Promise<void>
}

export async function openInput(
  source: SinkSource<unknown, unknown>,
  resumeState: unknown,
  stepId: string,
): Promise<Input> {
  if (typeof source === 'function') {
    const partition = await source(resumeState)
    checkBuilt(stepId, 'source', partition, ['nextBatch', 'snapshot'])
    return {
      nextBatch: () => partition.nextBatch(),
      snapshot: () => partition.snapshot(),
      close: () => partition.close?.(),
      cancel: async () => {},
    }
  }
  const reading = iterate(source)
  const isThere = Symbol.iterator in source && !(Symbol.asyncIterator in source)
  const atOnce = isThere ? BATCH_ITEMS : 1
  let failure: { readonly error: unknown } | undefined
  return {
    async nextBatch() {
      if (failure) throw failure.error
      const items: unknown[] = []
      while (items.length < atOnce) {
        try {
          const { done, value } = await reading.next()
          if (done) return items.length > 0 ? items : undefined
          items.push(value)
        } catch (error) {
          // What came before it is written first.
          failure = { error }
          if (items.length === 0) throw error
          break
        }
      }
      return items
    },
    snapshot: () => undefined,
    cancel: (reason) => reading.cancel(reason),
  }
}
