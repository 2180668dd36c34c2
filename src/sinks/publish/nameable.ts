import { isDeadLetter } from '../dead-letters/lane.ts'
import type { Queued } from './publish-queue.ts'

/**
 * What an entry of the manifest may name now: files that are stored, and of whose group no other is still to be written. Those of a run
 * wait for its end, and a file without a group waits for none.
 */
export function nameable(
  items: readonly Queued[],
  gathering: number | undefined,
): [Queued, ...Queued[]] | undefined {
  const incomplete = new Set([gathering])
  for (const { file, group } of items) {
    if (!file.stored && !isDeadLetter(file.lane)) incomplete.add(group)
  }
  const [first, ...others] = items.filter(
    ({ file, group }) =>
      file.stored && file.run === undefined && (group === undefined || !incomplete.has(group)),
  )
  return first && [first, ...others]
}

/** Whether it waits for the end of its run. */
export function isOfRun({ file }: Queued): boolean {
  return file.run !== undefined && file.stored !== undefined
}
