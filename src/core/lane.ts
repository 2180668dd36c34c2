import type { Lane } from '../contracts/index.ts'

/** One word for a lane, unique within a log: no part of a lane holds a space. */
export function laneId(lane: Lane): string {
  return `${lane.stream} ${lane.partition} ${lane.shard} ${lane.schema}`
}
