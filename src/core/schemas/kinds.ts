import type { ScalarType } from '../../contracts/index.ts'
import { isPlainObject } from '../json.ts'
import { fitsDouble } from '../values/doubles.ts'
import { fitsInteger } from '../values/integers.ts'

// What values are, a bit for each kind, so that those of a column are one number.

const BOOLEAN = 1 << 0
const INT32 = 1 << 1
/** Safe integers outside `int32`. */
const INT53 = 1 << 2
export const DOUBLE: number = 1 << 3
/** In the signed 64-bit range, and a double as well. */
const BIG_EITHER = 1 << 4
const BIG_INT64 = 1 << 5
const BIG_DOUBLE = 1 << 6
const STRING = 1 << 7
const BYTES = 1 << 8
const TIMESTAMP = 1 << 9
export const LIST: number = 1 << 10
export const STRUCT: number = 1 << 11
/** What only a column of anything holds. */
export const OTHER: number = 1 << 12

/** The kinds that each type can hold, narrowest type first. */
const HOLDS: readonly (readonly [ScalarType, number])[] = [
  ['boolean', BOOLEAN],
  ['int32', INT32],
  ['int64', INT32 | INT53 | BIG_EITHER | BIG_INT64],
  ['double', INT32 | INT53 | DOUBLE | BIG_EITHER | BIG_DOUBLE],
  ['string', STRING],
  ['bytes', BYTES],
  ['timestamp', TIMESTAMP],
]

/** The narrowest scalar type that holds values of all of these kinds, if one does. */
export function scalarOf(kinds: number): ScalarType | undefined {
  // Integers too large for int64 are a `double` only among real ones: alone, they may be ids.
  const all = kinds & BIG_DOUBLE && !(kinds & DOUBLE) ? kinds | OTHER : kinds
  return HOLDS.find(([, holds]) => (all & ~holds) === 0)?.[0]
}

/** Of a value that is neither `null` nor `undefined`. */
export function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'string':
      return STRING
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return DOUBLE
      return (value | 0) === value ? INT32 : INT53
    case 'bigint':
      if (fitsInteger(value, 'int64')) return fitsDouble(value) ? BIG_EITHER : BIG_INT64
      return fitsDouble(value) ? BIG_DOUBLE : OTHER
    default:
      if (value instanceof Date) return TIMESTAMP
      if (value instanceof Uint8Array) return BYTES
      if (Array.isArray(value)) return 'toJSON' in value ? OTHER : LIST
      return isPlainObject(value) ? STRUCT : OTHER
  }
}
