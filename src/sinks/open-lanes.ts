import type { Clock, Lane, LaneRange, LaneState } from '../contracts/index.ts'
import { laneId } from '../core/lane.ts'

/** A lane and the records of it that no file has yet. */
export interface OpenLane {
  readonly lane: Lane
  /** The first position that no file has. */
  readonly begin: number
  /** The next position. */
  readonly end: number
  /** What its open records weigh. */
  readonly bytes: number
  /** When the first of them came; `undefined` when there are none. */
  readonly openedAtMs: number | undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Tracked = Mutable<OpenLane> & { cancelTimer: () => void }

export interface OpenLanesOptions {
  readonly clock: Clock
  readonly ageMs: number
  /** Called when a lane's oldest open record has reached `ageMs`. */
  readonly onAged: (lane: OpenLane) => Promise<void>
}

/**
 * What the log holds that no file has yet, as this process knows it: how much per lane, since when, and a timer for each
 * lane that has something open. Follows the log, never leads it: change it after the log's transaction.
 */
export class OpenLanes {
  readonly #options: OpenLanesOptions
  readonly #lanes = new Map<string, Tracked>()

  constructor(options: OpenLanesOptions) {
    this.#options = options
  }

  /** Lanes with open records. */
  open(): readonly OpenLane[] {
    return [...this.#lanes.values()].filter(({ begin, end }) => end > begin)
  }

  get(lane: Lane): OpenLane | undefined {
    return this.#lanes.get(laneId(lane))
  }

  /** A lane as the log had it when it was opened. */
  restore(state: LaneState): void {
    const lane: Tracked = { ...state, cancelTimer: () => {} }
    this.#lanes.set(laneId(state.lane), lane)
    this.#armTimer(lane)
  }

  appended({ lane, begin, end }: LaneRange, bytes: number, atMs: number): void {
    let known = this.#lanes.get(laneId(lane))
    if (!known) {
      known = { lane, begin, end, bytes: 0, openedAtMs: undefined, cancelTimer: () => {} }
      this.#lanes.set(laneId(lane), known)
    }
    known.end = end
    known.bytes += bytes
    if (known.openedAtMs === undefined) {
      known.openedAtMs = atMs
      this.#armTimer(known)
    }
  }

  /** The lane's first open records, up to `end`, have a file now. Gives what they weigh. */
  cut(lane: Lane, end: number): number {
    const known = this.#lanes.get(laneId(lane))
    if (!known) return 0
    const bytes = Math.round((known.bytes * (end - known.begin)) / (known.end - known.begin))
    known.begin = end
    known.bytes -= bytes
    if (known.begin === known.end) {
      known.openedAtMs = undefined
      known.cancelTimer()
    }
    return bytes
  }

  /** Sets a lane's timer anew after its cut failed. */
  rearm(lane: Lane): void {
    const known = this.#lanes.get(laneId(lane))
    if (known) this.#armTimer(known, this.#options.clock.now())
  }

  cancelTimers(): void {
    for (const { cancelTimer } of this.#lanes.values()) cancelTimer()
  }

  #armTimer(lane: Tracked, sinceMs: number | undefined = lane.openedAtMs): void {
    const { clock, ageMs, onAged } = this.#options
    lane.cancelTimer()
    if (sinceMs === undefined || ageMs === Number.POSITIVE_INFINITY) return
    lane.cancelTimer = clock.schedule(sinceMs + ageMs, () => onAged(lane))
  }
}
