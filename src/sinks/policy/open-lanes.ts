import type { Clock, Encoding, Lane, LaneRange, LaneState } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'

type Tracked = { -readonly [K in keyof LaneState]: LaneState[K] } & { cancelTimer: () => void }

export interface OpenLanesOptions {
  readonly clock: Clock
  readonly ageMs: number
  /** Called when a lane's oldest open record has reached `ageMs`. */
  readonly onAged: (lane: LaneState) => Promise<void>
}

/**
 * What the log holds that no file has yet, as this process knows it, and a timer for each lane that has something open.
 * Follows the log, never leads it: change it after the log's transaction. A lane with nothing open is forgotten: there
 * may be one for each value that a partition ever had.
 */
export class OpenLanes {
  readonly #options: OpenLanesOptions
  readonly #lanes = new Map<string, Tracked>()
  #bytes = 0

  constructor(options: OpenLanesOptions) {
    this.#options = options
  }

  /** What the open records weigh. */
  get bytes(): number {
    return this.#bytes
  }

  /** Lanes with open records. */
  open(): readonly LaneState[] {
    return [...this.#lanes.values()]
  }

  /** `undefined` when the lane has no open records. */
  get(lane: Lane): LaneState | undefined {
    return this.#lanes.get(laneId(lane))
  }

  /** A lane as the log had it when it was opened. */
  restore(state: LaneState): void {
    const lane: Tracked = { ...state, cancelTimer: () => {} }
    this.#lanes.set(laneId(state.lane), lane)
    this.#bytes += state.bytes
    this.#armTimer(lane)
  }

  appended({ lane, begin, end }: LaneRange, bytes: number, atMs: number, encoding: Encoding): void {
    const known = this.#lanes.get(laneId(lane))
    if (!known) {
      this.restore({ lane, begin, end, bytes, openedAtMs: atMs, lastAtMs: atMs, encoding })
      return
    }
    known.end = end
    known.bytes += bytes
    known.lastAtMs = atMs
    this.#bytes += bytes
  }

  /** The lane's first open records have a file now; `rest` is what the log says of the others. */
  cut(rest: LaneState): void {
    const known = this.#lanes.get(laneId(rest.lane))
    if (!known) return
    this.#bytes += rest.bytes - known.bytes
    Object.assign(known, rest)
    if (rest.begin < rest.end) {
      this.#armTimer(known)
    } else {
      known.cancelTimer()
      this.#lanes.delete(laneId(rest.lane))
    }
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
