import type { FormatName } from './arguments.ts'
import type { InputKind } from './data-sets.ts'

/** A record as an independent reader gave it. */
export type ReadRecord = Readonly<Record<string, unknown>>

/** What one value is compared by. */
export interface CanonicalValue {
  /** What only compares with its like; `any` where all is text. */
  readonly type: 'number' | 'boolean' | 'text' | 'json' | 'any'
  readonly text: string
  /** For the column's sum. */
  readonly number?: number | bigint
}

/** The form in which values of both sides are compared; `undefined` is no value at all. */
export type Canonical = (value: unknown) => CanonicalValue | undefined

/**
 * How values compare, by the formats on the two sides. Everywhere a missing key, `undefined` and `null` are the same, and
 * the order of keys does not count.
 *
 * JSON in, Parquet or JSON Lines out: by type and value. Numbers compare exactly, whatever holds them (`1`, `1.0`
 * and a 64-bit 1 are one number; `0` and `-0` are two); text is never a number; `''` is not `null`; nested data compares as JSON.
 *
 * CSV on either side: by text, because CSV has nothing else. An empty field, `''` and `null` are then the same; a
 * text that JSON would read as a number compares as that number (`1.50` is 1.5, `007` is text); `TRUE` is true; a text
 * that JSON would read as a list or an object compares as that.
 */
export function canonicalFor(input: InputKind, output: FormatName): Canonical {
  return input === 'csv' || output === 'csv' ? byText : byType
}

const byType: Canonical = (value) => {
  if (value === null || value === undefined) return undefined
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return { type: 'number', text: numberText(value), number: value }
    case 'boolean':
      return { type: 'boolean', text: String(value) }
    case 'string':
      return { type: 'text', text: value }
    default:
      return { type: 'json', text: jsonText(value) }
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const byText: Canonical = (value) => {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'number' || typeof value === 'bigint') {
    return { type: 'any', text: numberText(value), number: value }
  }
  if (typeof value !== 'string') return { type: 'any', text: jsonText(value) }
  if (JSON_NUMBER.test(value)) {
    const number = numberOf(value)
    return { type: 'any', text: numberText(number), number }
  }
  if (/^(?:true|false)$/i.test(value)) return { type: 'any', text: value.toLowerCase() }
  if (/^\s*[[{]/.test(value)) {
    try {
      return { type: 'any', text: jsonText(parseJson(value)) }
    } catch {
      // Text after all.
    }
  }
  return { type: 'any', text: value }
}

/**
 * One text for one number, whether a double or a 64-bit integer holds it. Integers beyond 2^53 that a double holds are
 * written as JavaScript prints that double: so they come back from JSON, which may have rounded the digits it shows.
 */
function numberText(value: number | bigint): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  const double = Number(value)
  return BigInt(double) === value ? String(double) : String(value)
}

function numberOf(digits: string): number | bigint {
  const number = Number(digits)
  if (Number.isSafeInteger(number) || !/^-?\d+$/.test(digits)) return number
  const integer = BigInt(digits)
  return String(number) === digits ? number : integer
}

/** `JSON.parse`, with integers beyond 2^53 as they are. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined
      ? numberOf(context.source)
      : value) as (key: string, value: unknown) => unknown)
}

/** JSON with sorted keys and exact numbers. A member without a value counts as absent. */
export function jsonText(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`).join(',')}}`
}
