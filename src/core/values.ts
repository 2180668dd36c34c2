const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Whether a signed 64-bit integer can hold it. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX
}

/**
 * Whether the digits are those of a double: its exact value, or how JavaScript prints it. The second is how doubles
 * from 2^53 to 10^21 come back from JSON, where they have no exponent.
 */
export function fitsDouble(value: bigint): boolean {
  const double = Number(value)
  return Number.isFinite(double) && (BigInt(double) === value || String(double) === String(value))
}

/**
 * The double nearest to a decimal, which may have an exponent. `undefined` where that is an infinity, or 0 for what is
 * not 0: no double is near it.
 */
export function nearestDouble(decimal: string): number | undefined {
  const double = Number(decimal)
  if (!Number.isFinite(double)) return undefined
  return double === 0 && /^[^eE]*[1-9]/.test(decimal) ? undefined : double
}

const BOOLEAN = /^(?:true|false)$/i
const INTEGER = /^(?:0|-?[1-9]\d*)$/
const FRACTION = /^-?(?:0|[1-9]\d*)\.\d+$/
/** Years outside of 0000 to 9999 as ECMAScript writes them. */
const DAY = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d$/
const INSTANT =
  /^((?:\d{4}|[+-]\d{6})-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))$/

/**
 * What a text says, if another value says it without loss; else the text. `true` and `false` in any case are booleans;
 * plain decimal digits in the 64-bit range are a number, or a `bigint` where a number would be inexact; fractions are a
 * number unless they have more digits than a double keeps; ISO 8601 dates, and times with an offset and at most
 * milliseconds, are a `Date`. Leading zeros, plus signs, exponents, spaces, hex and `NaN` stay text.
 */
export function textValue(text: string): boolean | number | bigint | Date | string {
  if (BOOLEAN.test(text)) return text.length === 'true'.length
  if (INTEGER.test(text)) {
    const number = Number(text)
    if (Number.isSafeInteger(number)) return number
    const integer = BigInt(text)
    return fitsInt64(integer) ? integer : text
  }
  if (text === '-0' || (FRACTION.test(text) && isExact(text))) return Number(text)
  return timeOf(text) ?? text
}

/** Smaller doubles than this have fewer digits. */
const LEAST_NORMAL_DOUBLE = 2 ** -1022

/**
 * Doubles keep every decimal of 15 significant digits, unless it is tiny; of the others, those are exact that print as they
 * were.
 */
function isExact(fraction: string): boolean {
  const plain = fraction.replace(/\.?0+$/, '')
  const digits = plain.replace(/^-?0?\.?0*/, '').replace('.', '')
  const double = Number(plain)
  if (digits.length <= 15 && Math.abs(double) >= LEAST_NORMAL_DOUBLE) return true
  return digits === '' || String(double) === plain
}

function timeOf(text: string): Date | undefined {
  const [, day, time] = INSTANT.exec(text) ?? []
  if (day === undefined && !DAY.test(text)) return undefined
  // Engines disagree on the 30th of February: some take it for a day in March.
  const midnight = new Date(`${day ?? text}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day ?? text)) {
    return undefined
  }
  if (time === undefined) return midnight
  const instant = new Date(`${day}T${time}`)
  return Number.isNaN(instant.getTime()) ? undefined : instant
}
