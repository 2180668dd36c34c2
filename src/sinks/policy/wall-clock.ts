import { SluiceError } from '../../core/errors.ts'

export type CalendarUnit = 'minute' | 'hour' | 'day' | 'month'

const MINUTE_MS = 60_000

/** How many characters of `2026-11-21T13:05` each unit has. */
const LENGTHS: Readonly<Record<CalendarUnit, number>> = { month: 7, day: 10, hour: 13, minute: 16 }
const TEXT = /^\d{4}-\d\d(-\d\d(T\d\d(-\d\d)?)?)?$/

/** More than any zone is, or ever was, away from UTC. */
const FARTHEST_MS = 16 * 3_600_000

/**
 * What clocks show in a time zone, down to one unit, and when they stop showing it. To the minute: the few zones whose offset had
 * seconds, before 1972, are taken as if it had none.
 */
export class WallClock {
  readonly #unit: CalendarUnit
  readonly #format: Intl.DateTimeFormat | undefined
  /** The last answer of `endOf`: it is asked for each append, and a zone's clocks are slow to ask. */
  #end: { readonly text: string; readonly ms: number } | undefined

  /** Throws `invalid-options` for a zone that the runtime does not know. */
  constructor(unit: CalendarUnit, timeZone: string) {
    this.#unit = unit
    if (timeZone === 'UTC') return
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        calendar: 'iso8601',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      })
    } catch (cause) {
      const message = `createSink: there is no time zone "${String(timeZone).slice(0, 100)}"`
      throw new SluiceError('invalid-options', message, { cause })
    }
  }

  /** `2026-11`, `2026-11-21`, `2026-11-21T13` or `2026-11-21T13-05`. */
  text(ms: number): string {
    const local = new Date(this.#localMs(ms)).toISOString()
    return local.slice(0, LENGTHS[this.#unit]).replace(':', '-')
  }

  /** The first moment after all that have this text; `undefined` for what is no text of the unit. */
  endOf(text: string): number | undefined {
    if (text.length !== LENGTHS[this.#unit] || !TEXT.test(text)) return undefined
    if (this.#end?.text !== text) this.#end = { text, ms: this.#endMs(text) }
    return this.#end.ms
  }

  #endMs(text: string): number {
    const [date = '', time = '00'] = text.split('T')
    const [year = 0, month = 1, day = 1] = date.split('-').map(Number)
    const [hour = 0, minute = 0] = time.split('-').map(Number)
    const next = { month: 0, day: 0, hour: 0, minute: 0, [this.#unit]: 1 }
    const end = new Date(0)
    end.setUTCFullYear(year, month - 1 + next.month, day + next.day)
    end.setUTCHours(hour + next.hour, minute + next.minute)
    const localMs = end.getTime()
    if (!this.#format) return localMs
    // Clocks that are set back show an hour twice: of the offsets before and after, the later moment that this text leads up to.
    const before = localMs - this.#offsetMs(localMs - FARTHEST_MS)
    const after = localMs - this.#offsetMs(localMs + FARTHEST_MS)
    const [later, earlier] = before > after ? [before, after] : [after, before]
    return this.text(later - MINUTE_MS) === text ? later : earlier
  }

  #offsetMs(ms: number): number {
    return this.#localMs(ms) - ms
  }

  /** What the clocks show at `ms`, as if it were UTC. */
  #localMs(ms: number): number {
    if (!this.#format) return ms
    const minuteMs = Math.floor(ms / MINUTE_MS) * MINUTE_MS
    const parts: Record<string, string> = {}
    for (const { type, value } of this.#format.formatToParts(minuteMs)) parts[type] = value
    const local = new Date(0)
    local.setUTCFullYear(Number(parts.year), Number(parts.month) - 1, Number(parts.day))
    local.setUTCHours(Number(parts.hour), Number(parts.minute))
    return local.getTime() + (ms - minuteMs)
  }
}
