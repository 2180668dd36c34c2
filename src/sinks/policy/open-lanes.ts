import type { Clock, Encoding, Lane, LaneRange, LaneState } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import type { Deadline, Deadlines, OpenTimes } from './deadlines.ts'

interface Tracked {
  state: LaneState
  /** When its records came, by the clock as it goes now: it may have been set back since. */
  times: OpenTimes
  /** Where the schedule cuts it. */
  boundaryMs: number
  /** When the timer rings. */
  armedMs: number
  cancelTimer: () => void
}

/** How long a lane whose cut failed waits for the next attempt. */
const RETRY_MS = 10_000

export interface OpenLanesOptions {
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** Called when a lane has reached a deadline. */
  readonly onDue: (lane: Lane) => Promise<void>
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
  #stopped = false

  constructor(options: OpenLanesOptions) {
    this.#options = options
  }

  /** What the open records weigh that the log holds. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many lanes have open records. */
  get count(): number {
    return this.#lanes.size
  }

  /** Lanes with open records. */
  open(): readonly LaneState[] {
    return Array.from(this.#lanes.values(), ({ state }) => state)
  }

  /** The `count` lanes that hold the most. */
  largest(count: number): readonly LaneState[] {
    return [...this.open()].sort((a, b) => heldBytes(b) - heldBytes(a)).slice(0, count)
  }

  /** `undefined` when the lane has no open records. */
  get(lane: Lane): LaneState | undefined {
    return this.#lanes.get(laneId(lane))?.state
  }

  /** What cuts the lane in time, the first one first. */
  deadlines(lane: Lane): readonly Deadline[] {
    const known = this.#lanes.get(laneId(lane))
    return known ? this.#options.deadlines.of(known.times, known.boundaryMs) : []
  }

  /** A lane as the log had it when it was opened. */
  restore(state: LaneState): void {
    const times = this.#timesOf(state)
    const boundaryMs = this.#options.deadlines.boundaryAfter(times)
    const lane = {
      state,
      times,
      boundaryMs,
      armedMs: Number.POSITIVE_INFINITY,
      cancelTimer: () => {},
    }
    this.#lanes.set(laneId(state.lane), lane)
    this.#bytes += heldBytes(state)
    this.#follow(lane)
  }

  appended({ lane, begin, end }: LaneRange, bytes: number, atMs: number, encoding: Encoding): void {
    const known = this.#lanes.get(laneId(lane))
    if (!known) {
      this.restore({ lane, begin, end, bytes, openedAtMs: atMs, lastAtMs: atMs, encoding })
      return
    }
    known.state = { ...known.state, end, bytes: known.state.bytes + bytes, lastAtMs: atMs }
    this.#setBack(known, (known.times.lastAtMs ?? atMs) - atMs)
    known.times = { ...known.times, lastAtMs: atMs }
    this.#bytes += bytes
    this.#follow(known)
  }

  /** The lane's first open records have a file now; `rest` is what the log says of the others. */
  cut(rest: LaneState): void {
    const known = this.#lanes.get(laneId(rest.lane))
    if (!known) return
    this.#hold(known, rest)
    known.cancelTimer()
    known.armedMs = Number.POSITIVE_INFINITY
    if (rest.begin === rest.end) {
      this.#lanes.delete(laneId(rest.lane))
      return
    }
    known.times = this.#timesOf(rest)
    known.boundaryMs = this.#options.deadlines.boundaryAfter(known.times)
    this.#follow(known)
  }

  /** Records of it have left the log, into a file that goes on. */
  grown(state: LaneState): void {
    const known = this.#lanes.get(laneId(state.lane))
    if (known) this.#hold(known, state)
  }

  /** Sets a lane's timer anew after its cut failed. */
  rearm(lane: Lane): void {
    const known = this.#lanes.get(laneId(lane))
    if (known) this.#arm(known, this.#options.clock.now() + RETRY_MS)
  }

  /** Sets no timer any more: an append that is answered after this, or a cut that fails, would set one for ever. */
  stop(): void {
    this.#stopped = true
    for (const { cancelTimer } of this.#lanes.values()) cancelTimer()
  }

  #hold(lane: Tracked, state: LaneState): void {
    this.#bytes += heldBytes(state) - heldBytes(lane.state)
    lane.state = state
  }

  /** A timer that rings too early is set again then: moving it with each record would cost more. */
  #follow(lane: Tracked): void {
    const [first] = this.#options.deadlines.of(lane.times, lane.boundaryMs)
    if (first && first.atMs < lane.armedMs) this.#arm(lane, first.atMs)
  }

  #arm(lane: Tracked, atMs: number): void {
    if (this.#stopped) return
    lane.cancelTimer()
    lane.armedMs = atMs
    lane.cancelTimer = this.#options.clock.schedule(atMs, () => this.#ring(lane))
  }

  async #ring(lane: Tracked): Promise<void> {
    const { clock, deadlines, onDue } = this.#options
    // A timer that rings before its moment was set before the clock was: what it has waited for has passed all the same.
    this.#setBack(lane, lane.armedMs - clock.now())
    lane.times = this.#timesOf(lane.times)
    lane.armedMs = Number.POSITIVE_INFINITY
    const [first] = deadlines.of(lane.times, lane.boundaryMs)
    if (!first || first.atMs > clock.now()) {
      this.#follow(lane)
      return
    }
    deadlines.passed(first)
    await onDue(lane.state.lane)
  }

  /** What is to come cannot have come: the clock was set back since, by as much at least. */
  #timesOf({ openedAtMs, lastAtMs }: OpenTimes): OpenTimes {
    const nowMs = this.#options.clock.now()
    return {
      openedAtMs: openedAtMs && Math.min(openedAtMs, nowMs),
      lastAtMs: lastAtMs && Math.min(lastAtMs, nowMs),
    }
  }

  /** The clock was set back since, by as much at least: all that the lane knows by the clock of before goes with it. */
  #setBack(lane: Tracked, byMs: number): void {
    if (byMs <= 0) return
    const { openedAtMs, lastAtMs } = lane.times
    lane.times = {
      openedAtMs: openedAtMs && openedAtMs - byMs,
      lastAtMs: lastAtMs && lastAtMs - byMs,
    }
    lane.boundaryMs -= byMs
    // Its timer is set anew.
    lane.armedMs = Number.POSITIVE_INFINITY
  }
}

function heldBytes({ bytes, begun }: LaneState): number {
  return bytes - (begun?.rowBytes ?? 0)
}
