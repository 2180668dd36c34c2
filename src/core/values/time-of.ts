import type { TimestampType } from '../../contracts/index.ts'
import { unitsOf } from './units-of.ts'

/** What the word `timestamp` stands for. */
const TIMESTAMP: TimestampType = { kind: 'timestamp', unit: 'ms', utc: true }

/** What a `Date` can be, either way. @see https://tc39.es/ecma262/#sec-time-values-and-time-range */
const MAX_TIME = 8.64e15

/**
 * The moment as milliseconds since 1970: of a valid `Date`, or of ISO 8601 text that names one exactly, with an offset or as a day
 * alone. `undefined` for anything else; a count is none, since nobody says of what.
 */
export function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) {
    const time = value.getTime()
    return Number.isNaN(time) ? undefined : time
  }
  const time = typeof value === 'string' ? unitsOf(value, TIMESTAMP) : undefined
  return typeof time === 'number' && Math.abs(time) <= MAX_TIME ? time : undefined
}
