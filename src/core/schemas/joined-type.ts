import type { ElementType, Field, FieldType } from '../../contracts/index.ts'
import { holdsType } from './holds-schema.ts'

/**
 * The narrowest of the two types that takes the values of both; of two structs the one with the fields of both, nullable where one
 * lacks them; else `json`.
 */
export function joinedType(a: FieldType, b: FieldType): FieldType {
  if (holdsType(a, b)) return a
  if (holdsType(b, a)) return b
  if (typeof a === 'string' || typeof b === 'string') return 'json'
  if (a.kind === 'list' && b.kind === 'list') {
    return { kind: 'list', element: joinedPart(a.element, b.element) }
  }
  if (a.kind === 'struct' && b.kind === 'struct') {
    return { kind: 'struct', fields: joinedFields(a.fields, b.fields) }
  }
  return 'json'
}

function joinedPart(a: ElementType, b: ElementType): ElementType {
  return { type: joinedType(a.type, b.type), nullable: a.nullable || b.nullable }
}

function joinedFields(a: readonly Field[], b: readonly Field[]): Field[] {
  const others = new Map(b.map((field) => [field.name, field]))
  const fields = a.map((field): Field => {
    const other = others.get(field.name)
    others.delete(field.name)
    return other ? { name: field.name, ...joinedPart(field, other) } : { ...field, nullable: true }
  })
  for (const other of others.values()) fields.push({ ...other, nullable: true })
  return fields
}
