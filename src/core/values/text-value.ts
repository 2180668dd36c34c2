import { DAY_MS, daysOf } from './days-of.ts'
import { fitsInteger } from './integers.ts'

const BOOLEAN = /^(?:true|false)$/i
const INTEGER = /^(?:0|-?[1-9]\d*)$/
const FRACTION = /^-?(?:0|[1-9]\d*)\.\d+$/
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
    return fitsInteger(integer, 'int64') ? integer : text
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
  const [, day = text, time] = INSTANT.exec(text) ?? []
  const days = daysOf(day)
  if (days === undefined) return undefined
  if (time === undefined) return new Date(days * DAY_MS)
  const instant = new Date(`${day}T${time}`)
  return Number.isNaN(instant.getTime()) ? undefined : instant
}
