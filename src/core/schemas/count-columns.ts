import type { Field, FieldType } from '../../contracts/index.ts'

/** How many columns there are with all parts of the nested ones. */
export function countColumns(fields: readonly Field[]): number {
  return fields.reduce((count, { type }) => count + columnsOf(type), 0)
}

function columnsOf(type: FieldType): number {
  if (typeof type === 'string') return 1
  switch (type.kind) {
    case 'list':
      return 1 + columnsOf(type.element.type)
    case 'map':
      return 1 + columnsOf(type.key) + columnsOf(type.value.type)
    case 'struct':
      return 1 + countColumns(type.fields)
    default:
      return 1
  }
}
