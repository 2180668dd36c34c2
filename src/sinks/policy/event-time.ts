import type { Rejection, Row } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { pointerStep, refuseRecord } from '../../core/json.ts'
import { textValue } from '../../core/values/text-value.ts'
import { type CalendarUnit, WallClock } from './wall-clock.ts'

/**
 * By the time at which a record's event was, in one Hive level: `month=2026-11`, `day=2026-11-21`, `hour=2026-11-21T13`,
 * `minute=2026-11-21T13-05`. One level, and a text in the order of time, so that readers find a range by one comparison
 * (`hour BETWEEN '2026-11-21T22' AND '2026-11-22T03'`); DuckDB and Spark read `day` as a date and the others as text. Of
 * `hour=05` in a level of its own DuckDB makes a text and Spark a number, and a range over midnight needs both levels.
 */
export interface TimePartition<R = Row> {
  /** The field that holds it, or a function: a `Date`, milliseconds since 1970, or (a field) text in ISO 8601 with an offset. */
  readonly time: string | ((row: R) => Date | number)
  readonly by: CalendarUnit
  /** An IANA name such as `Europe/Berlin`. An hour that a clock shows twice is one partition. Default `UTC`. */
  readonly timeZone?: string | undefined
  /**
   * How long a partition stays open for stragglers. The stream's watermark is the greatest time that was seen, at most now,
   * less this; a partition whose end it has passed is cut, and its records are late from then on. It begins anew with each
   * process. Default: there is no watermark, and nothing is late.
   */
  readonly allowedLateMs?: number | undefined
  /**
   * What becomes of late records: `accept` puts them where they belong, as another file; `separate` adds the level `late=true` to
   * theirs and `late=false` to all others, since DuckDB wants the same levels everywhere; `reject` makes them dead letters.
   * Default `accept`.
   */
  readonly late?: 'accept' | 'separate' | 'reject' | undefined
}

/** A record's place in time. */
export interface EventTime {
  readonly atMs: number
  /** The value of its level. */
  readonly text: string
  /** When its partition ends. */
  readonly endMs: number
}

/** One level of a partition that is made of times. */
export interface TimeLevel<R> {
  readonly name: CalendarUnit
  /** Of a record, until the next one is asked about; why there is none. */
  of(row: R): EventTime | Rejection
  /** Of a level's value; `undefined` where it is none. */
  endOf(text: string): number | undefined
}

const UNITS: Readonly<Record<CalendarUnit, true>> = {
  minute: true,
  hour: true,
  day: true,
  month: true,
}
const LATE: readonly unknown[] = [undefined, 'accept', 'separate', 'reject']

/** Years of four digits: what sorts as text, and what readers take for a date. */
const FIRST_MS = Date.parse('0001-01-02T00:00:00Z')
const LAST_MS = Date.parse('9999-12-30T00:00:00Z')

/** Throws `invalid-options` for a unit, a time zone or a policy that there is not. */
export function timeLevel<R>(partition: TimePartition<R>): TimeLevel<R> {
  const { time, by, timeZone = 'UTC', allowedLateMs, late } = partition
  if (!Object.hasOwn(UNITS, by)) throw refused(`by is one of ${Object.keys(UNITS).join(', ')}`)
  if (typeof time !== 'string' && typeof time !== 'function') {
    throw refused('time is the name of a field, or a function')
  }
  const isFromZero = typeof allowedLateMs === 'number' && allowedLateMs >= 0
  if (allowedLateMs !== undefined && !isFromZero) {
    throw refused('allowedLateMs is a number from 0')
  }
  if (!LATE.includes(late)) throw refused('late is one of accept, separate, reject')
  if (late !== undefined && allowedLateMs === undefined) throw refused('late needs allowedLateMs')
  const wall = new WallClock(by, timeZone)
  const path = typeof time === 'string' ? pointerStep(time) : ''
  // Records come in the order of time, mostly: most lie where the one before did.
  let last: { atMs: number; readonly text: string; readonly endMs: number } | undefined
  let lastMinute = Number.NaN
  return {
    name: by,
    of(row) {
      const value = typeof time === 'function' ? time(row) : ownTime(row as Row, time)
      const atMs = value instanceof Date ? value.getTime() : value
      if (typeof atMs !== 'number' || !(atMs >= FIRST_MS && atMs <= LAST_MS)) {
        return refuseRecord(path, 'is no time that a partition can be made of')
      }
      const minute = Math.floor(atMs / 60_000)
      if (!last || minute !== lastMinute) {
        const text = wall.text(atMs)
        if (last?.text !== text) last = { atMs, text, endMs: wall.endOf(text) ?? LAST_MS }
        lastMinute = minute
      }
      last.atMs = atMs
      return last
    },
    endOf: (text) => wall.endOf(text),
  }
}

function ownTime(row: Row, field: string): unknown {
  const value = Object.hasOwn(row, field) ? row[field] : undefined
  return typeof value === 'string' ? textValue(value) : value
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `createSink: of a partition by time, ${why}`)
}
