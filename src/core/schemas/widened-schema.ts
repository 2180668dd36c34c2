import type {
  ElementType,
  Field,
  FieldType,
  Row,
  ScalarType,
  Schema,
} from '../../contracts/index.ts'
import { isPlainObject } from '../json.ts'
import { holdsType } from './holds-schema.ts'
import { mapEntries } from './map-entries.ts'
import { inferredType } from './schema-inferrer.ts'
import { valueFault } from './value-fault.ts'

/**
 * The narrowest schema that takes the row and all that `schema` takes: its columns, wider or nullable where the row needs it, and
 * behind them those that the row brings, nullable, as they would be inferred. So it goes on within lists, maps and structs; what
 * agrees on nothing narrower is `json`.
 */
export function widenedSchema({ fields }: Schema, row: Row): Schema {
  return { fields: widenedFields(fields, row) }
}

function widenedFields(fields: readonly Field[], value: Row): Field[] {
  const widened = fields.map((field): Field => {
    const { name } = field
    return { name, ...widenedPart(field, Object.hasOwn(value, name) ? value[name] : undefined) }
  })
  const names = new Set(fields.map(({ name }) => name))
  for (const name of Object.keys(value)) {
    if (!names.has(name)) widened.push({ name, ...newPart(value[name]) })
  }
  return widened
}

/** What never had a value is a `string`, as when it is inferred. */
function newPart(value: unknown): ElementType {
  return { type: isAbsent(value) ? 'string' : inferredType(value), nullable: true }
}

function widenedPart({ type, nullable }: ElementType, value: unknown): ElementType {
  return isAbsent(value) ? { type, nullable: true } : { type: widenedType(type, value), nullable }
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** The numbers, narrowest first: there may be one that takes this value too. */
const NUMBERS: readonly ScalarType[] = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'double',
]

function widenedType(type: FieldType, value: unknown): FieldType {
  if (!valueFault(type, value)) return type
  const wider =
    typeof type === 'string'
      ? NUMBERS.find((number) => isWider(number, type, value))
      : widenedParts(type, value)
  return wider && !valueFault(wider, value) ? wider : 'json'
}

function isWider(wide: ScalarType, narrow: ScalarType, value: unknown): boolean {
  // An integer too large for 64 bits may be an id: it is a `double` only where doubles were before.
  if (wide === 'double' && typeof value !== 'number') return false
  return holdsType(wide, narrow) && !valueFault(wide, value)
}

function widenedParts(type: Exclude<FieldType, ScalarType>, value: unknown): FieldType | undefined {
  switch (type.kind) {
    case 'list': {
      if (!Array.isArray(value)) return undefined
      let { element } = type
      for (const item of value as unknown[]) element = widenedPart(element, item)
      return { kind: 'list', element }
    }
    case 'map': {
      let { key, value: part } = type
      for (const [one, item] of mapEntries(value, type.key) ?? []) {
        key = widenedType(key, one)
        part = widenedPart(part, item)
      }
      // A key that agrees with no other is no key.
      return key === 'json' ? undefined : { kind: 'map', key, value: part }
    }
    case 'struct':
      if (!isPlainObject(value)) return undefined
      return { kind: 'struct', fields: widenedFields(type.fields, value) }
    case 'bytes':
      return 'bytes'
    default:
      return undefined
  }
}
