import type { DynamicSink, StatelessSinkPartition } from '../outputs.ts'
import { all } from './all.ts'
import { checkBuilt, type Output, type OutputSettings } from './output.ts'

const NO_STATES: ReadonlyMap<string, unknown> = new Map()

/** Builds every worker's part. */
export async function openDynamicOutput(
  sink: DynamicSink<unknown>,
  { stepId, workers }: OutputSettings,
): Promise<Output> {
  const parts: StatelessSinkPartition<unknown>[] = []
  for (let worker = 0; worker < workers; worker++) {
    const part = await sink.build(stepId, worker, workers)
    checkBuilt(stepId, 'sink', part, ['writeBatch'])
    parts.push(part)
  }
  /** Who gets the first items of the next batch: small batches go around, too. */
  let first = 0
  return {
    dirty: false,
    async write(items) {
      const share = Math.ceil(items.length / workers)
      const writing: Promise<void>[] = []
      for (let at = 0; at < items.length; at += share) {
        const part = parts[first++ % workers]
        const write = async (): Promise<void> => part?.writeBatch(items.slice(at, at + share))
        writing.push(write())
      }
      await all(writing)
    },
    snapshot: async () => NO_STATES,
    async committed() {},
    async close() {
      await all(parts.map(async (part) => part.close?.()))
    },
  }
}
