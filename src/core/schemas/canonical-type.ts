import type { ElementType, Field, FieldType } from '../../contracts/index.ts'

/**
 * The fields with nothing but what the contract names, in one order of keys: equal columns are equal JSON. The order of the keys, and
 * the types that are words, stand in logs and fingerprints, so they stay as they are.
 */
export function canonicalFields(fields: readonly Field[]): Field[] {
  return fields.map(({ name, type, nullable }) => ({ name, type: canonicalType(type), nullable }))
}

function canonicalType(type: FieldType): FieldType {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'decimal':
      return { kind: type.kind, precision: type.precision, scale: type.scale }
    case 'bytes':
      return { kind: type.kind, length: type.length }
    case 'time':
    case 'timestamp':
      return { kind: type.kind, unit: type.unit, utc: type.utc }
    case 'list':
      return { kind: type.kind, element: canonicalElement(type.element) }
    case 'map':
      return {
        kind: type.kind,
        key: canonicalType(type.key),
        value: canonicalElement(type.value),
      }
    case 'struct':
      return { kind: type.kind, fields: canonicalFields(type.fields) }
  }
}

function canonicalElement({ type, nullable }: ElementType): ElementType {
  return { type: canonicalType(type), nullable }
}

export function isSameType(a: FieldType, b: FieldType): boolean {
  return JSON.stringify(canonicalType(a)) === JSON.stringify(canonicalType(b))
}
