import type { ElementType, Field, FieldType, ScalarType, Schema } from '../../contracts/index.ts'
import { isSameType } from './canonical-type.ts'

/** What each word holds beside itself without losing anything that the narrower one keeps. */
const HELD: Readonly<Partial<Record<ScalarType, readonly ScalarType[]>>> = {
  int16: ['int8', 'uint8'],
  int32: ['int8', 'int16', 'uint8', 'uint16'],
  int64: ['int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32'],
  uint16: ['uint8'],
  uint32: ['uint8', 'uint16'],
  uint64: ['uint8', 'uint16', 'uint32'],
  float32: ['float16'],
  double: ['float16', 'float32', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32'],
  string: ['enum'],
  enum: ['string'],
}

/** Whether every row that fits `narrow`, and that a format can hold, fits `wide`. */
export function holdsSchema(wide: Schema, narrow: Schema): boolean {
  return holdsFields(wide.fields, narrow.fields)
}

function holdsFields(wide: readonly Field[], narrow: readonly Field[]): boolean {
  const fields = new Map(wide.map((field) => [field.name, field]))
  const taken = narrow.every((part) => {
    const field = fields.get(part.name)
    fields.delete(part.name)
    return field !== undefined && holdsPart(field, part)
  })
  return taken && [...fields.values()].every((field) => field.nullable)
}

function holdsPart(wide: ElementType, narrow: ElementType): boolean {
  return (wide.nullable || !narrow.nullable) && holdsType(wide.type, narrow.type)
}

/**
 * The same of two types. `json` and `variant` hold all others. A `date` is no moment, and a count has a unit, so neither is held by
 * another type of time; a `timestamp` is by one in UTC whose 64 bits reach as far.
 */
export function holdsType(wide: FieldType, narrow: FieldType): boolean {
  if (wide === 'json' || wide === 'variant') return true
  if (typeof wide === 'string') {
    if (typeof narrow === 'object') return wide === narrow.kind && narrow.kind === 'bytes'
    return wide === narrow || (HELD[wide]?.includes(narrow) ?? false)
  }
  if (narrow === 'timestamp') return wide.kind === 'timestamp' && wide.utc && wide.unit !== 'ns'
  if (typeof narrow === 'string') return false
  if (wide.kind === 'decimal' && narrow.kind === 'decimal') {
    const { precision, scale } = narrow
    return wide.scale >= scale && wide.precision - wide.scale >= precision - scale
  }
  if (wide.kind === 'list' && narrow.kind === 'list') return holdsPart(wide.element, narrow.element)
  if (wide.kind === 'map' && narrow.kind === 'map') {
    return holdsType(wide.key, narrow.key) && holdsPart(wide.value, narrow.value)
  }
  if (wide.kind === 'struct' && narrow.kind === 'struct') {
    return holdsFields(wide.fields, narrow.fields)
  }
  return isSameType(wide, narrow)
}
