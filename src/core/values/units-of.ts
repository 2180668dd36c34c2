import type { TimestampType, TimeType, TimeUnit } from '../../contracts/index.ts'
import { DAY_MS, daysOf } from './days-of.ts'
import { fitsInteger } from './integers.ts'

/** How many of them a millisecond has. */
export const PER_MS: Readonly<Record<TimeUnit, number>> = { ms: 1, us: 1_000, ns: 1_000_000 }

/** No second 60: days have 86,400 seconds, as everywhere in JavaScript. */
const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?$/
const MOMENT =
  /^([+-]?\d{4,6}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|([+-])([01]\d|2[0-3]):([0-5]\d))?)?$/

/**
 * The value in units of its type, since midnight or since 1970: a number where that is exact, else a `bigint`. `undefined` where the
 * type cannot hold it exactly.
 *
 * A whole number or a `bigint` counts units. A time of day is also `HH:MM:SS` with at most 9 digits of a fraction; zeros behind the
 * last digit of the unit change nothing and are taken. A timestamp is also a `Date`, and one of no zone is what its fields in UTC
 * say; and ISO 8601 text: a day, which begins at midnight, or a day and a time as above, whose seconds may be left out, with an offset
 * where the type is in UTC and without one where it is not. 64 bits of `ns` reach from 1677 to 2262.
 */
export function unitsOf(
  value: unknown,
  type: TimeType | TimestampType,
): number | bigint | undefined {
  const { kind, unit } = type
  if (kind === 'timestamp') {
    if (typeof value === 'string') return unitsOfMoment(value, type)
    return value instanceof Date ? unitsOfDate(value, unit) : whole(value)
  }
  const units = typeof value === 'string' ? unitsOfTime(value, unit) : whole(value)
  return typeof units === 'number' && units >= 0 && units < DAY_MS * PER_MS[unit]
    ? units
    : undefined
}

function unitsOfDate(date: Date, unit: TimeUnit): number | bigint | undefined {
  const time = date.getTime()
  const units = time * PER_MS[unit]
  if (Number.isSafeInteger(units)) return units
  return Number.isNaN(time) ? undefined : whole(BigInt(time) * BigInt(PER_MS[unit]))
}

function unitsOfTime(text: string, unit: TimeUnit): number | undefined {
  const [, hours, minutes, seconds, fraction = ''] = TIME.exec(text) ?? []
  if (hours === undefined) return undefined
  const nanoseconds = Number(fraction.padEnd(9, '0'))
  const units = (nanoseconds * PER_MS[unit]) / PER_MS.ns
  const wholeSeconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return Number.isInteger(units) ? wholeSeconds * 1000 * PER_MS[unit] + units : undefined
}

function unitsOfMoment(text: string, { unit, utc }: TimestampType): number | bigint | undefined {
  const [, day, time, rest = ':00', zone, sign, hours, minutes] = MOMENT.exec(text) ?? []
  const days = daysOf(day)
  if (days === undefined) return undefined
  if (time !== undefined && (zone !== undefined) !== utc) return undefined
  const units = unitsOfTime(`${time ?? '00:00'}${rest}`, unit)
  if (units === undefined) return undefined
  const offset =
    (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -60_000 : 60_000)
  const midnight = (days * DAY_MS - offset) * PER_MS[unit]
  const sum = midnight + units
  return Number.isSafeInteger(midnight) && Number.isSafeInteger(sum)
    ? sum
    : whole(BigInt(days * DAY_MS - offset) * BigInt(PER_MS[unit]) + BigInt(units))
}

/** Within 64 bits, and as a number where that is exact. */
function whole(value: unknown): number | bigint | undefined {
  if (!fitsInteger(value, 'int64')) return undefined
  const number = Number(value)
  // A 0 behind the sum, not -0.
  return Number.isSafeInteger(number) ? number + 0 : (value as bigint)
}
