import type { Field, FieldType, Schema } from '../../../contracts/index.ts'
import { pointerStep } from '../../../core/json.ts'
import type { ValuePlace } from './levels.ts'

/**
 * Where a value of a leaf lies in its row, as a JSON pointer: elements of lists by their number, and keys and values of maps by the number
 * of their entry, as the file has them. `path`: of the leaf.
 */
export function valuePointer(
  { fields }: Schema,
  path: readonly string[],
  { elements }: ValuePlace,
): string {
  const inFields = (of: readonly Field[], at: number, lists: number): string => {
    const name = path[at] as string
    const field = of.find((one) => one.name === name) as Field
    return pointerStep(name) + within(field.type, at + 1, lists)
  }
  const within = (type: FieldType, at: number, lists: number): string => {
    if (typeof type === 'string') return ''
    switch (type.kind) {
      case 'struct':
        return inFields(type.fields, at, lists)
      case 'list':
        return `/${elements[lists]}${within(type.element.type, at + 2, lists + 1)}`
      case 'map': {
        const part = path[at + 1] as 'key' | 'value'
        const inner = part === 'key' ? type.key : type.value.type
        return `/${elements[lists]}/${part}${within(inner, at + 2, lists + 1)}`
      }
      default:
        return ''
    }
  }
  return inFields(fields, 0, 0)
}
