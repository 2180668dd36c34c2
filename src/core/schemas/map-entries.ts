import type { FieldType, ScalarType } from '../../contracts/index.ts'
import { toHex } from '../bytes.ts'
import { isPlainObject } from '../json.ts'
import { daysOf } from '../values/days-of.ts'
import { decimalUnscaled } from '../values/decimal-unscaled.ts'
import { float16Bits } from '../values/floats.ts'
import { integerOfText } from '../values/integers.ts'
import { timeOf } from '../values/time-of.ts'
import { unitsOf } from '../values/units-of.ts'
import { uuidBytes } from '../values/uuid-bytes.ts'

/**
 * The keys and values of what can stand in a column of maps; `undefined` for what cannot. Keys of an object are texts, of which those that
 * are how a number or a boolean of the key's type is written stand for it: `{ 7: 'x' }` has a key of `int32`.
 */
export function mapEntries(
  value: unknown,
  key: FieldType,
): readonly (readonly [unknown, unknown])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)]
  if (!isPlainObject(value)) return undefined
  const read = typeof key === 'string' ? READ[key] : undefined
  const entries = Object.entries(value)
  return read ? entries.map(([text, member]) => [read(text) ?? text, member]) : entries
}

const READ: Readonly<Partial<Record<ScalarType, (text: string) => unknown>>> = {
  boolean: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
  int8: integerOfText,
  int16: integerOfText,
  int32: integerOfText,
  int64: integerOfText,
  uint8: integerOfText,
  uint16: integerOfText,
  uint32: integerOfText,
  uint64: integerOfText,
  float16: numberOfText,
  float32: numberOfText,
  double: numberOfText,
}

/** As JavaScript writes it, and in no other way: two texts are never one key. */
function numberOfText(text: string): number | undefined {
  const number = Number(text)
  return String(number) === text ? number : undefined
}

/**
 * Two keys of a type are one key in the file where this text is the same: `1n` and `1`, `1.0` and `1.00`, a UUID in either case. The
 * key must fit the type.
 */
export function keyText(type: FieldType, key: unknown): string {
  if (typeof type === 'object') {
    switch (type.kind) {
      case 'decimal':
        return String(decimalUnscaled(key, type))
      case 'bytes':
        return toHex(key as Uint8Array)
      case 'time':
      case 'timestamp':
        return String(unitsOf(key, type))
    }
  }
  switch (type) {
    case 'uuid':
      return toHex(uuidBytes(key) as Uint8Array)
    case 'bytes':
      return toHex(key as Uint8Array)
    case 'date':
      return String(daysOf(key))
    case 'timestamp':
      return String(timeOf(key))
    case 'float16':
      return String(float16Bits(Number(key)))
    case 'float32':
      return String(Math.fround(Number(key)))
  }
  return String(key)
}
