import type { LeafValues } from '../chunk/leaf.ts'

/** The values of one leaf, nulls left out, until their row group is written. */
export interface Values {
  readonly count: number
  /** Takes one, and keeps nothing of it but a copy; `false` when it is not of the column's type. */
  add(value: unknown): boolean
  /** Ends what is held back of the values so far. Which of them turns out to be no text, or `undefined`. */
  settle(): number | undefined
  /** Gives them away, and begins anew. Only once settled. */
  take(): LeafValues
}

/** How many a new array has place for: a file of few rows should not hold much. */
export const FIRST_VALUES = 32
export const FIRST_BYTES = 256
/** What a value of any number of bytes takes besides them. */
export const OFFSET_BYTES = 4
