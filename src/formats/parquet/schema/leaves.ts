import type { Leaf, LeafValues } from '../chunk/leaf.ts'
import type { PhysicalType } from '../thrift/enums.ts'
import type { LogicalType, SchemaElement } from './element.ts'

const KINDS: Readonly<Record<PhysicalType, LeafValues['kind']>> = {
  boolean: 'boolean',
  int32: 'int32',
  int64: 'int64',
  float: 'float',
  double: 'double',
  byte_array: 'bytes',
  fixed_len_byte_array: 'fixed',
}

/** The leaves in the order in which their column chunks lie in a row group: depth first. */
export function leavesOf(elements: readonly SchemaElement[]): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (element: SchemaElement, above: Above): void => {
    const { name, repetition, children = [], physical, logical } = element
    const here = {
      path: [...above.path, name],
      maxDefinition: above.maxDefinition + (repetition === 'required' ? 0 : 1),
      maxRepetition: above.maxRepetition + (repetition === 'repeated' ? 1 : 0),
      isVariant: logical?.kind === 'variant',
      isNullByStruct:
        repetition === 'optional' || (repetition === 'required' && above.isNullByStruct),
    }
    for (const child of children) visit(child, here)
    if (!physical) return
    const { path, maxDefinition, maxRepetition } = here
    const order = above.isVariant ? 'none' : orderOf(physical, logical)
    const isNullByStruct = repetition === 'required' && above.isNullByStruct && !above.isVariant
    leaves.push({
      ...{ path, maxDefinition, maxRepetition, isNullByStruct },
      physical: KINDS[physical],
      order,
    })
  }
  for (const element of elements) {
    visit(element, ROOT)
  }
  return leaves
}

/** What is above an element. */
interface Above {
  readonly path: readonly string[]
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly isVariant: boolean
  /** Whether one of the structs since the last repeated one can be null. */
  readonly isNullByStruct: boolean
}

const ROOT: Above = {
  path: [],
  maxDefinition: 0,
  maxRepetition: 0,
  isVariant: false,
  isNullByStruct: false,
}

/** How the bounds of a column compare. @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (ColumnOrder) */
function orderOf(physical: PhysicalType, logical: LogicalType | undefined): Leaf['order'] {
  switch (physical) {
    case 'boolean':
      return 'unsigned'
    case 'int32':
    case 'int64':
      return logical?.kind === 'integer' && !logical.signed ? 'unsigned' : 'signed'
    case 'float':
    case 'double':
      return 'float'
    case 'byte_array':
      return 'bytes'
    case 'fixed_len_byte_array':
      if (logical?.kind === 'decimal') return 'decimal'
      return logical?.kind === 'float16' ? 'float16' : 'bytes'
  }
}
