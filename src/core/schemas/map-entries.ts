import type { FieldType } from '../../contracts/index.ts'
import { toHex } from '../bytes.ts'
import { isPlainObject } from '../json.ts'
import { daysOf } from '../values/days-of.ts'
import { decimalUnscaled } from '../values/decimal-unscaled.ts'
import { float16Bits } from '../values/floats.ts'
import { timeOf } from '../values/time-of.ts'
import { unitsOf } from '../values/units-of.ts'
import { uuidBytes } from '../values/uuid-bytes.ts'

/** The keys and values of what can stand in a column of maps; `undefined` for what cannot. */
export function mapEntries(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)]
  return isPlainObject(value) ? Object.entries(value) : undefined
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
