export const DAY_MS = 86_400_000

/** Years outside of 0000 to 9999 as ECMAScript writes them; the year 0 has no sign. */
const DAY = /^(\d{4}|\+\d{6}|-(?!000000)\d{6})-(\d\d)-(\d\d)$/

/** What a `Date` can be, either way. @see https://tc39.es/ecma262/#sec-time-values-and-time-range */
const MAX_DAYS = 100_000_000

/**
 * The day as days since 1970-01-01, in the Gregorian calendar at all times: of a `Date` at midnight in UTC, or of `YYYY-MM-DD`, with
 * a sign and six digits for years that have no four. `undefined` for anything else: another time of the day, a 30th of February,
 * a day that no `Date` can be.
 */
export function daysOf(value: unknown): number | undefined {
  if (value instanceof Date) {
    const days = value.getTime() / DAY_MS
    return Number.isInteger(days) ? days : undefined
  }
  const [, year, month, day] = (typeof value === 'string' && DAY.exec(value)) || []
  if (year === undefined) return undefined
  return daysOfDate(Number(year), Number(month), Number(day))
}

/** Not by `Date`: it takes a 30th of February for a day in March, and the year 5 for 1905. */
function daysOfDate(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // The year begins in March here, so that the day that leap years have more is its last.
  const years = month > 2 ? year : year - 1
  const months = (month + 9) % 12
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  // March to July, and August to December, are each 153 days long.
  const days = years * 365 + leapDays + Math.floor((months * 153 + 2) / 5) + day - 1
  const since1970 = days - DAYS_TO_1970
  return Math.abs(since1970) <= MAX_DAYS ? since1970 : undefined
}

/** From the 1st of March of the year 0. */
const DAYS_TO_1970 = 719_468

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}
