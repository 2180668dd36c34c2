import { iterate } from '../../../core/reading.ts'
import type { SinkSource, StatefulSourcePartition } from '../sources.ts'
import { checkBuilt } from './output.ts'

/** Of a list, which is there anyway. What comes later is written as it comes. */
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
  const atOnce = Array.isArray(source) ? BATCH_ITEMS : 1
  return {
    async nextBatch() {
      const items: unknown[] = []
      while (items.length < atOnce) {
        const { done, value } = await reading.next()
        if (done) return items.length > 0 ? items : undefined
        items.push(value)
      }
      return items
    },
    snapshot: () => undefined,
    cancel: (reason) => reading.cancel(reason),
  }
}
