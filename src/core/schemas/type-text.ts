import type { ElementType, FieldType } from '../../contracts/index.ts'
import { clipText } from '../bound-refused.ts'

const MAX_LENGTH = 200

/** A type for people: `int32`, `decimal(10, 2)`, `timestamp(us, utc)`, `list<string?>`; what may be null has a `?`. */
export function typeText(type: FieldType): string {
  const text = wholeText(type)
  return text.length > MAX_LENGTH ? `${clipText(text, MAX_LENGTH)}…` : text
}

function wholeText(type: FieldType): string {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`
    case 'bytes':
      return `bytes(${type.length})`
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.unit}${type.utc ? ', utc' : ''})`
    case 'list':
      return `list<${partText(type.element)}>`
    case 'map':
      return `map<${wholeText(type.key)}, ${partText(type.value)}>`
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}: ${partText(field)}`).join(', ')}>`
  }
}

function partText({ type, nullable }: ElementType): string {
  return wholeText(type) + (nullable ? '?' : '')
}
