import type { TimestampType, TimeType, TimeUnit } from '../../contracts/index.ts'
import { DAY_MS } from './days-of.ts'
import { fitsInteger } from './integers.ts'

/** How many of them a millisecond has. */
const PER_MS: Readonly<Record<TimeUnit, number>> = { ms: 1, us: 1_000, ns: 1_000_000 }

/** No second 60: days have 86,400 seconds, as everywhere in JavaScript. */
const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?$/

/**
 * The value in units of its type, since midnight or since 1970: a number where that is exact, else a `bigint`. `undefined` where the
 * type cannot hold it exactly.
 *
 * A whole number or a `bigint` counts units. A time of day is also `HH:MM:SS` with at most 9 digits of a fraction; zeros behind the
 * last digit of the unit change nothing and are taken. A timestamp is also a `Date`, and one of no zone is what its fields in UTC
 * say. 64 bits of `ns` reach from 1677 to 2262.
 */
export function unitsOf(
  value: unknown,
  { kind, unit }: TimeType | TimestampType,
): number | bigint | undefined {
  if (kind === 'timestamp') return value instanceof Date ? unitsOfDate(value, unit) : whole(value)
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

/** Within 64 bits, and as a number where that is exact. */
function whole(value: unknown): number | bigint | undefined {
  if (!fitsInteger(value, 'int64')) return undefined
  const number = Number(value)
  // A 0 behind the sum, not -0.
  return Number.isSafeInteger(number) ? number + 0 : (value as bigint)
}
