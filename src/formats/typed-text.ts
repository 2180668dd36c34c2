import type { FieldType } from '../contracts/index.ts'
import { isPlainObject } from '../core/json.ts'
import { mapEntries } from '../core/schemas/map-entries.ts'
import { daysOf } from '../core/values/days-of.ts'
import { timeOf } from '../core/values/time-of.ts'
import { unitsOf } from '../core/values/units-of.ts'
import { unitsText } from '../core/values/units-text.ts'
import { uuidBytes, uuidText } from '../core/values/uuid-bytes.ts'

/**
 * The one text of values that a column takes in several forms: days, times, moments, UUIDs and decimals. `undefined` for columns of other
 * types, and for what is no value of the type.
 */
export function typedText(value: unknown, type: FieldType | undefined): string | undefined {
  if (type === 'date') {
    if (!(value instanceof Date) || daysOf(value) === undefined) return undefined
    return value.toISOString().slice(0, -'T00:00:00.000Z'.length)
  }
  if (type === 'timestamp') {
    const time = timeOf(value)
    return time === undefined ? undefined : new Date(time).toISOString()
  }
  if (type === 'uuid') {
    const bytes = uuidBytes(value)
    return bytes && uuidText(bytes)
  }
  if (typeof type !== 'object') return undefined
  if (type.kind === 'decimal') return typeof value === 'bigint' ? String(value) : undefined
  if (type.kind !== 'time' && type.kind !== 'timestamp') return undefined
  const units = unitsOf(value, type)
  return units === undefined ? undefined : unitsText(units, type)
}

/** Nested data with those texts in it, as JSON holds it: maps are objects. What does not fit the type stays as it is. */
export function typedJson(value: unknown, type: FieldType): unknown {
  const text = typedText(value, type)
  if (text !== undefined) return text
  if (typeof type === 'string') return value
  switch (type.kind) {
    case 'list':
      return Array.isArray(value)
        ? Array.from(value, (item) => typedJson(item, type.element.type))
        : value
    case 'map': {
      const entries = mapEntries(value, type.key)?.map(([key, item]) => [
        typedText(key, type.key) ?? String(key),
        typedJson(item, type.value.type),
      ])
      return entries ? Object.fromEntries(entries) : value
    }
    case 'struct': {
      if (!isPlainObject(value)) return value
      const types = new Map(type.fields.map((field) => [field.name, field.type]))
      const members = Object.entries(value)
      return Object.fromEntries(
        members.map(([key, item]) => [key, typedJson(item, types.get(key) ?? 'json')]),
      )
    }
    default:
      return value
  }
}
