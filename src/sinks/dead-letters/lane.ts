import type { Lane } from '../../contracts/index.ts'

/** Where a stream's dead letters go: a partition of its own, which no partition of records can be. */
export function deadLetterLane(stream: string, shard: string): Lane {
  return { stream, partition: '_rejected', shard, schema: 'rejected' }
}

export function isDeadLetter(lane: Lane): boolean {
  return lane.schema === 'rejected'
}
