import type { Lane } from '../../contracts/index.ts'

/** A partition of its own, which no partition of records can be. */
export const REJECTED_PARTITION = '_rejected'

/** Where a stream's dead letters go. */
export function deadLetterLane(stream: string, shard: string): Lane {
  return { stream, partition: REJECTED_PARTITION, shard, schema: 'rejected' }
}

export function isDeadLetter(lane: Lane): boolean {
  return lane.schema === 'rejected'
}

/** Where files of dead letters go whose records were given to the sink again. */
export const REPLAYED_PARTITION = '_replayed'

/** The lane that a file was written in, wherever it was moved to: letters that were replayed are still those of their lane. */
export function originalLane(lane: Lane): Lane {
  if (!isDeadLetter(lane) || lane.partition !== REPLAYED_PARTITION) return lane
  return deadLetterLane(lane.stream, lane.shard)
}
