import type { Leaf, LeafData } from '../chunk/leaf.ts'
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

/** What a row group has of it, after which the column is empty. */
export function takeData({ levels, values }: LeafColumn, rows: number): LeafData {
  const { count } = values
  return { ...levels.take(), count, rows, values: values.take() }
}
