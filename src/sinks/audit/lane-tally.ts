import type { Lane, LaneRange } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { type Interval, type Intervals, withInterval } from '../manifest/intervals.ts'

/** A lane as its files are. */
export interface AuditedLane {
  readonly lane: Lane
  readonly files: number
  /** In those files; where they overlap, each time. Of a file that does not say where it ends, up to the next one. */
  readonly records: number
  /** Positions that no file holds, from 0 to where the lane is known to reach. */
  readonly gaps: Intervals
  /** Positions that more than one file holds. */
  readonly overlaps: Intervals
}

/**
 * Counts files by lane. What is held of a lane are its gaps and overlaps, not its files: where one follows the other, both are one
 * interval. Of those that do not say where they end, it keeps where each begins.
 */
export class LaneTally {
  readonly #lanes = new Map<string, Tally>()

  /** A file that readers see. */
  add({ lane, begin, end }: LaneRange): void {
    const tally = this.#of(lane)
    tally.files++
    tally.records += end - begin
    for (const [from, to] of tally.held) {
      if (from >= end || to <= begin) continue
      const twice: Interval = [Math.max(from, begin), Math.min(to, end)]
      tally.overlaps = withInterval(tally.overlaps, twice)
    }
    tally.held = withInterval(tally.held, [begin, end])
  }

  /** A file that readers see, and that does not say where it ends. */
  addEndless(lane: Lane, begin: number): void {
    this.#of(lane).endless.push(begin)
  }

  /** Whether files hold all of these records already. */
  holds({ lane, begin, end }: LaneRange): boolean {
    return this.#of(lane).held.some(([from, to]) => from <= begin && to >= end)
  }

  /** Records that are accounted for, in whatever file. */
  account({ lane, begin, end }: LaneRange): void {
    const tally = this.#of(lane)
    tally.held = withInterval(tally.held, [begin, end])
  }

  /** The lane's records before `end` were published. */
  reaches(lane: Lane, end: number): void {
    const tally = this.#of(lane)
    tally.end = Math.max(tally.end, end)
  }

  /** Once, when all was added. */
  lanes(): AuditedLane[] {
    for (const tally of this.#lanes.values()) {
      for (const range of endsOf(tally)) this.add(range)
    }
    return [...this.#lanes.values()].map(({ lane, files, records, overlaps, held, end }) => {
      const gaps: Interval[] = []
      let at = 0
      for (const [from, to] of held) {
        if (from > at) gaps.push([at, from])
        at = to
      }
      if (end > at) gaps.push([at, end])
      return { lane, files, records, gaps, overlaps }
    })
  }

  #of(lane: Lane): Tally {
    const word = laneId(lane)
    let tally = this.#lanes.get(word)
    if (!tally) {
      tally = { lane, files: 0, records: 0, held: [], overlaps: [], end: 0, endless: [] }
      this.#lanes.set(word, tally)
    }
    return tally
  }
}

interface Tally {
  readonly lane: Lane
  files: number
  records: number
  held: Intervals
  overlaps: Intervals
  end: number
  readonly endless: number[]
}

/**
 * What the files hold that do not say it: all up to the next file, or to where the lane reaches, and one record where neither is known, or
 * where another file holds that one too.
 */
function endsOf({ lane, held, end, endless }: Tally): LaneRange[] {
  const begins = endless.sort((a, b) => a - b)
  return begins.map((begin, i) => {
    const isHeld = held.some(([from, to]) => from <= begin && begin < to)
    const isTwice = begins[i - 1] === begin || begins[i + 1] === begin
    if (isHeld || isTwice) return { lane, begin, end: begin + 1 }
    const ends = [...held.map(([from]) => from), begins[i + 1] ?? end, end]
    const next = Math.min(...ends.filter((at) => at > begin))
    return { lane, begin, end: Number.isFinite(next) ? next : begin + 1 }
  })
}
