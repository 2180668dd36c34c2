import type { LaneState } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Rotate } from './rotation.ts'

/** Moments at which open files are cut, whatever they hold: `k * everyMs + offsetMs` since 1970, for each whole `k`. */
export interface Schedule {
  readonly everyMs: number
  /** Default 0, which makes `everyMs: 3_600_000` each full hour of UTC. */
  readonly offsetMs?: number | undefined
}

/** When an open file's records came. */
export type OpenTimes = Pick<LaneState, 'openedAtMs' | 'lastAtMs'>

/** A limit of time, and when an open file reaches it if nothing more comes. */
export interface Deadline {
  readonly reason: 'age' | 'idle' | 'schedule'
  readonly atMs: number
}

const DEFAULT_AGE_MS = 300_000

/** The limits of time of one sink. */
export class Deadlines {
  readonly #ageMs: number
  readonly #idleMs: number
  readonly #schedule: { readonly everyMs: number; readonly offsetMs: number } | undefined
  /** The last boundary that has come. */
  #passedMs = Number.NEGATIVE_INFINITY

  constructor({ schedule, ageMs, idleMs = Number.POSITIVE_INFINITY }: Rotate = {}) {
    // A schedule bounds a file's age by itself.
    this.#ageMs = ageMs ?? (schedule ? Number.POSITIVE_INFINITY : DEFAULT_AGE_MS)
    this.#idleMs = idleMs
    this.#schedule = schedule && { everyMs: schedule.everyMs, offsetMs: schedule.offsetMs ?? 0 }
    if (schedule && !Number.isFinite(this.#schedule?.offsetMs)) {
      throw new SluiceError('invalid-options', 'rotate.schedule.offsetMs must be a number')
    }
  }

  /** What cuts this lane in time, the first one first; none while it has nothing open. `boundaryMs` is its `boundaryAfter`. */
  of({ openedAtMs, lastAtMs }: OpenTimes, boundaryMs: number): readonly Deadline[] {
    if (openedAtMs === undefined || lastAtMs === undefined) return []
    const all: Deadline[] = [
      { reason: 'age', atMs: sinceMs(openedAtMs, lastAtMs) + this.#ageMs },
      { reason: 'idle', atMs: lastAtMs + this.#idleMs },
      { reason: 'schedule', atMs: boundaryMs },
    ]
    return all.filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY).sort((a, b) => a.atMs - b.atMs)
  }

  /** The boundary at which what was opened then is cut. Decided once, when a file is opened. */
  boundaryAfter({ openedAtMs = 0, lastAtMs = 0 }: OpenTimes): number {
    if (!this.#schedule) return Number.POSITIVE_INFINITY
    const { everyMs, offsetMs } = this.#schedule
    const periods = Math.floor((sinceMs(openedAtMs, lastAtMs) - offsetMs) / everyMs) + 1
    const nextMs = periods * everyMs + offsetMs
    // A clock that was set back a little comes to the same boundary again, or to one whose moment was taken back with it.
    const againMs = nextMs - this.#passedMs
    return againMs >= 0 && againMs < everyMs ? nextMs + everyMs : nextMs
  }

  /** Remembers that a boundary has come. */
  passed({ reason, atMs }: Deadline): void {
    if (reason === 'schedule') this.#passedMs = atMs
  }
}

/** If the clock was set back since the first record came, that one is older than it seems. */
function sinceMs(openedAtMs: number, lastAtMs: number): number {
  return Math.min(openedAtMs, lastAtMs)
}
