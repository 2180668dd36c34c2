import type { DecimalType } from '../../../contracts/index.ts'
import { jsonProblem, jsonText } from '../../../core/json.ts'
import { daysOf } from '../../../core/values/days-of.ts'
import { decimalUnscaled } from '../../../core/values/decimal-unscaled.ts'
import { doubleOf } from '../../../core/values/doubles.ts'
import { fitsFloat16, fitsFloat32, float16Bits } from '../../../core/values/floats.ts'
import { fitsInteger, INTEGER_RANGES, type LargeInteger } from '../../../core/values/integers.ts'
import { unitsOf } from '../../../core/values/units-of.ts'
import { uuidBytes } from '../../../core/values/uuid-bytes.ts'
import { type LeafFieldType, leafType } from '../schema/physical.ts'
import { ByteValues, FixedValues, type PutFixed } from './byte-values.ts'
import {
  BooleanValues,
  ConvertedValues,
  DoubleValues,
  FloatValues,
  IntegerValues,
  LongValues,
  TimeValues,
} from './number-values.ts'
import type { Tally } from './tally.ts'
import { TextValues } from './text-values.ts'
import type { Values } from './values.ts'

/** Where values of the type gather. What is taken fits the type, and may still be refused by `checkRow`'s finer points. */
export function leafValues(type: LeafFieldType, tally: Tally): Values {
  if (typeof type === 'object') {
    if (type.kind === 'decimal') return decimalValues(type, tally)
    if (type.kind === 'bytes') return new FixedValues(type.length, putBytes(type.length), tally)
    const convert = (value: unknown): number | bigint | undefined => unitsOf(value, type)
    return storedLong(type) ? new LongValues(convert, tally) : new ConvertedValues(convert, tally)
  }
  switch (type) {
    case 'boolean':
      return new BooleanValues(tally)
    case 'int64':
    case 'uint64':
      return new LongValues((value) => integerOf(value, type), tally)
    case 'float16':
      return new FixedValues(2, putFloat16, tally)
    case 'float32':
      return new FloatValues(float32Of, tally)
    case 'double':
      return new DoubleValues(doubleOf, tally)
    case 'string':
    case 'enum':
      return new TextValues(tally)
    case 'json':
      return new TextValues(tally, jsonOf)
    case 'bytes':
      return new ByteValues(tally)
    case 'uuid':
      return new FixedValues(16, putUuid, tally)
    case 'date':
      return new ConvertedValues(daysOf, tally)
    case 'timestamp':
      return new TimeValues(tally)
    default:
      return new IntegerValues(INTEGER_RANGES[type], tally)
  }
}

function storedLong(type: LeafFieldType): boolean {
  return leafType(type).physical === 'int64'
}

function integerOf(value: unknown, type: LargeInteger): number | bigint | undefined {
  return fitsInteger(value, type) ? asNumber(value as number | bigint) : undefined
}

/** A number where that is exact. */
function asNumber(integer: number | bigint): number | bigint {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

function float32Of(value: unknown): number | undefined {
  const double = doubleOf(value)
  return double !== undefined && fitsFloat32(double) ? double : undefined
}

/** A number that has no text in JSON becomes the string of its name. */
function jsonOf(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  return jsonProblem(value) ? undefined : jsonText(value)
}

const putFloat16: PutFixed = (value, into, at) => {
  const double = doubleOf(value)
  if (double === undefined || !fitsFloat16(double)) return false
  const bits = float16Bits(double)
  into[at] = bits
  into[at + 1] = bits >> 8
  return true
}

const putBytes =
  (length: number): PutFixed =>
  (value, into, at) => {
    const fits = value instanceof Uint8Array && value.byteLength === length
    if (fits) into.set(value, at)
    return fits
  }

const putUuid: PutFixed = (value, into, at) => {
  const bytes = uuidBytes(value)
  if (bytes) into.set(bytes, at)
  return bytes !== undefined
}

function decimalValues(type: DecimalType, tally: Tally): Values {
  const { physical, width = 0 } = leafType(type)
  const unscaledOf = (value: unknown): number | bigint | undefined => {
    const unscaled = decimalUnscaled(value, type)
    return unscaled === undefined ? undefined : asNumber(unscaled)
  }
  if (physical === 'int32') return new ConvertedValues(unscaledOf, tally)
  if (physical === 'int64') return new LongValues(unscaledOf, tally)
  const put: PutFixed = (value, into, at) => {
    const unscaled = decimalUnscaled(value, type)
    if (unscaled === undefined) return false
    // Two's complement, the most significant byte first.
    let rest = unscaled
    for (let i = at + width - 1; i >= at; i--) {
      into[i] = Number(BigInt.asUintN(8, rest))
      rest >>= 8n
    }
    return true
  }
  return new FixedValues(width, put, tally)
}
