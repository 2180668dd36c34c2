import type { LeafValues } from '../chunk/leaf.ts'

/** The values of one leaf, nulls left out, until their row group is written. */
export interface Values {
  readonly count: number
  /** Takes one, and keeps nothing of it but a copy; `false` when it is not of the column's type. */
  add(value: unknown): boolean
  /**
   * Takes one after the other, from one to before another, while they are neither null nor of another type, and the tally is below its
   * limit. Returns where it stopped. Each class has its own, with `add` inside: V8 makes slower code of a call that meets several.
   */
  addAll(values: ArrayLike<unknown>, from: number, to: number): number
  /** Remembers what there is: what it returns forgets what came after. */
  mark(): () => void
  /** Takes all of an array whose values are as the column keeps them: only where the type says that there is such an array. */
  append?(values: KeptArray): void
  /** Takes texts of ASCII, whose places in `bytes` are one more than they are: only where the type is text. */
  appendAscii?(bytes: Uint8Array, places: Uint32Array): void
  /** Ends what is held back of the values so far. Which of them turns out to be no text, or `undefined`. */
  settle(): number | undefined
  /** All of them, which stay here. Only once settled. */
  data(): LeafValues
  /** Begins anew, with memory of its own. */
  clear(): void
}

/** Arrays that may be taken as they are. */
export type KeptArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** How many a new array has place for: a file of few rows should not hold much. */
export const FIRST_VALUES = 32
export const FIRST_BYTES = 256
/** What a value of any number of bytes takes besides them. */
export const OFFSET_BYTES = 4
