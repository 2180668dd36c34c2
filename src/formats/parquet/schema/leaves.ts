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
    }
    for (const child of children) visit(child, here)
    if (!physical) return
    const { isVariant: _, ...levels } = here
    const order = above.isVariant ? 'none' : orderOf(physical, logical)
    leaves.push({ ...levels, physical: KINDS[physical], order })
  }
  for (const element of elements) {
    visit(element, { path: [], maxDefinition: 0, maxRepetition: 0, isVariant: false })
  }
  return leaves
}

interface Above {
  readonly path: readonly string[]
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly isVariant: boolean
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
