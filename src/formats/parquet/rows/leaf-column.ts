import type { Leaf, LeafData } from '../chunk/leaf.ts'
import { keepArray } from './array-pool.ts'
import { Levels } from './levels.ts'
import type { Tally } from './tally.ts'
import type { Values } from './values.ts'

/** One leaf of the rows of a row group. */
export interface LeafColumn {
  readonly leaf: Leaf
  readonly levels: Levels
  readonly values: Values
}

export function leafColumn(leaf: Leaf, values: Values, tally: Tally): LeafColumn {
  return { leaf, values, levels: new Levels(leaf, tally) }
}

/** What a row group has of it. */
export function dataOf({ levels, values }: LeafColumn, rows: number): LeafData {
  return { ...levels.data(), count: values.count, rows, values: values.data() }
}

/** Empties the column, and gives the memory back that its data are in. */
export function releaseColumn(
  column: LeafColumn,
  { values, definition, repetition }: LeafData,
): void {
  column.levels.clear()
  column.values.clear()
  if ('values' in values) keepArray(values.values)
  else keepArray(values.bytes)
  if ('offsets' in values) keepArray(values.offsets)
  if (definition) keepArray(definition)
  if (repetition) keepArray(repetition)
}
