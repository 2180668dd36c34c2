import type { ElementType, Field, FieldType, Schema } from '../../../contracts/index.ts'
import type { Repetition } from '../thrift/enums.ts'
import type { SchemaElement } from './element.ts'
import { leafType } from './physical.ts'

/** The columns of a file as Parquet has them: their root is left out, as its name and repetition mean nothing. */
export function schemaElements(schema: Schema): readonly SchemaElement[] {
  return schema.fields.map(fieldElement)
}

function fieldElement({ name, type, nullable }: Field): SchemaElement {
  return element(name, type, nullable ? 'optional' : 'required')
}

function element(name: string, type: FieldType, repetition: Repetition): SchemaElement {
  if (type === 'variant') return variant(name, repetition)
  if (typeof type === 'string') return { name, repetition, ...leafType(type) }
  switch (type.kind) {
    case 'struct':
      return { name, repetition, children: type.fields.map(fieldElement) }
    // Lists and maps have a repeated group of their own, so that a null one, an empty one and one of nulls are three things.
    case 'list': {
      const children = [member('element', type.element)]
      const list: SchemaElement = { name: 'list', repetition: 'repeated', children }
      return {
        name,
        repetition,
        children: [list],
        logical: { kind: 'list' },
        converted: 'list',
      }
    }
    case 'map': {
      const children = [element('key', type.key, 'required'), member('value', type.value)]
      const entries: SchemaElement = { name: 'key_value', repetition: 'repeated', children }
      return { name, repetition, children: [entries], logical: { kind: 'map' }, converted: 'map' }
    }
    default:
      return { name, repetition, ...leafType(type) }
  }
}

function member(name: string, { type, nullable }: ElementType): SchemaElement {
  return element(name, type, nullable ? 'optional' : 'required')
}

/** @see https://github.com/apache/parquet-format/blob/master/VariantEncoding.md */
function variant(name: string, repetition: Repetition): SchemaElement {
  const binary = { repetition: 'required', physical: 'byte_array' } as const
  const children = [
    { name: 'metadata', ...binary },
    { name: 'value', ...binary },
  ]
  return { name, repetition, children, logical: { kind: 'variant' } }
}
