import type { LaneRange, LogState, ProducerRun, ProducerStep } from '../contracts/index.ts'
import { laneId } from '../core/lane.ts'

/**
 * The producers' epochs of which a run's records are visible, or may be. An epoch's records are told once: those to come stand beside
 * these, and take the place of none. All that waits of a run becomes visible at once, so one range speaks for what came with it.
 */
export class VisibleEpochs {
  /** Whether one of them has records that wait, too. */
  readonly isWaiting: boolean
  readonly #known: ReadonlySet<string>

  constructor(state: LogState) {
    const isHeld = heldIn(state)
    const epochs = state.runs.filter(({ ranges }) => !ranges || !isHeld(ranges[0]))
    this.#known = new Set(epochs.map(wordOf))
    const { lanes, sealed } = state
    const goesOn = [...lanes, ...sealed].some(({ encoding }) => encoding.run !== undefined)
    this.isWaiting = goesOn && epochs.some(({ ranges }) => !ranges || isHeld(ranges[1]))
  }

  has(step: Pick<ProducerStep, 'id' | 'epoch'>): boolean {
    return this.#known.has(wordOf(step))
  }
}

/** Tells whether records of a range are in no visible file yet. */
function heldIn({ lanes, sealed }: LogState): (range: LaneRange) => boolean {
  const held = new Map<string, LaneRange[]>()
  for (const range of [...lanes, ...sealed]) {
    const word = laneId(range.lane)
    const known = held.get(word)
    if (known) known.push(range)
    else held.set(word, [range])
  }
  return ({ lane, begin, end }) =>
    held.get(laneId(lane))?.some((one) => one.begin < end && one.end > begin) ?? false
}

function wordOf({ id, epoch }: Pick<ProducerRun, 'id' | 'epoch'>): string {
  return `${epoch} ${id}`
}
