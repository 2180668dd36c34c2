import type { LaneRange } from '../contracts/index.ts'
import { utf8Length } from '../core/bytes.ts'
import { laneId } from '../core/lane.ts'

/** Of an id about 6,000 characters, in the longest address that servers and proxies take. */
const MAX_QUESTION_LENGTH = 4000

/** Ranges of lanes, in as few pieces as there are gaps: requests of one writer lie behind one another. */
export class LaneRanges {
  readonly #byLane = new Map<string, LaneRange[]>()

  constructor(ranges: Iterable<LaneRange> = []) {
    this.add(ranges)
  }

  add(ranges: Iterable<LaneRange>): void {
    for (const range of ranges) {
      const id = laneId(range.lane)
      const others = this.#byLane.get(id) ?? []
      this.#byLane.set(id, others)
      const last = others.at(-1)
      if (last?.end === range.begin) others[others.length - 1] = { ...last, end: range.end }
      else others.push(range)
    }
  }

  /** Ascending in each lane, and without overlaps: an answer that was given twice counts once. */
  toArray(): readonly LaneRange[] {
    return [...this.#byLane.values()].flatMap(merged)
  }
}

function merged(ranges: readonly LaneRange[]): readonly LaneRange[] {
  const all: LaneRange[] = []
  for (const range of [...ranges].sort((a, b) => a.begin - b.begin)) {
    const last = all.at(-1)
    if (!last || range.begin > last.end) all.push(range)
    else all[all.length - 1] = { ...last, end: Math.max(last.end, range.end) }
  }
  return all
}

/** The ranges in parts whose receipt ids fit into an address. */
export function* questionsOf(ranges: readonly LaneRange[]): Generator<readonly LaneRange[]> {
  let part: LaneRange[] = []
  let length = 0
  for (const range of ranges) {
    const { partition, shard, schema } = range.lane
    // Besides these: two positions, quotes and commas.
    const more = utf8Length(partition) + shard.length + schema.length + 45
    if (part.length > 0 && length + more > MAX_QUESTION_LENGTH) {
      yield part
      part = []
      length = 0
    }
    part.push(range)
    length += more
  }
  if (part.length > 0) yield part
}
