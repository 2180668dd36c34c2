import type { Leaf, LeafData } from '../chunk/leaf.ts'
import { grown } from './array-pool.ts'
import type { Tally } from './tally.ts'

const FIRST_SLOTS = 64

export interface ValuePlace {
  /** From 0 on. */
  readonly row: number
  /** The number in each of the lists and maps around it, from the outermost on. */
  readonly elements: readonly number[]
}

/**
 * The levels of one leaf: how much of its path is there, and at which list an element goes on.
 *
 * @see https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding
 */
export class Levels {
  readonly #maxDefinition: number
  readonly #maxRepetition: number
  readonly #tally: Tally
  #slots = 0
  /** Begun late: most columns that may hold nulls hold none. */
  #definition: Uint8Array | undefined
  #repetition: Uint8Array | undefined

  constructor(leaf: Pick<Leaf, 'maxDefinition' | 'maxRepetition'>, tally: Tally) {
    this.#maxDefinition = leaf.maxDefinition
    this.#maxRepetition = leaf.maxRepetition
    this.#tally = tally
  }

  /** A slot with a value. */
  present(repetition: number): void {
    if (this.#maxRepetition > 0 || this.#definition) this.#add(this.#maxDefinition, repetition)
    else this.#slots++
  }

  /** As many of a column outside of lists. */
  allPresent(count: number): void {
    const slots = this.#slots + count
    if (this.#definition) {
      this.#definition = grown(this.#definition, slots)
      this.#definition.fill(this.#maxDefinition, this.#slots, slots)
      this.#tally.bytes += count
    }
    this.#slots = slots
  }

  /** A slot without one. */
  absent(definition: number, repetition: number): void {
    if (!this.#definition) {
      const slots = this.#slots
      this.#definition = grown(new Uint8Array(FIRST_SLOTS), slots + 1)
      this.#definition.fill(this.#maxDefinition, 0, slots)
      this.#tally.bytes += slots
    }
    this.#add(definition, repetition)
  }

  #add(definition: number, repetition: number): void {
    const slot = this.#slots++
    if (this.#definition) {
      this.#definition = grown(this.#definition, slot + 1)
      this.#definition[slot] = definition
      this.#tally.bytes += 1
    }
    if (this.#maxRepetition > 0) {
      this.#repetition = grown(this.#repetition ?? new Uint8Array(FIRST_SLOTS), slot + 1)
      this.#repetition[slot] = repetition
      this.#tally.bytes += 1
    }
  }

  /** Remembers what there is: what it returns forgets what came after. */
  mark(): () => void {
    const slots = this.#slots
    const hasDefinition = this.#definition !== undefined
    return () => {
      this.#slots = slots
      if (!hasDefinition) this.#definition = undefined
    }
  }

  /** Where a value lies. */
  placeOf(value: number): ValuePlace {
    const elements = new Array<number>(this.#maxRepetition).fill(0)
    let row = -1
    for (let slot = 0, values = 0; slot < this.#slots; slot++) {
      const repetition = this.#repetition?.[slot] ?? 0
      if (repetition === 0) row++
      else elements[repetition - 1] = (elements[repetition - 1] as number) + 1
      // Those within begin anew.
      elements.fill(0, repetition)
      const isPresent = (this.#definition?.[slot] ?? this.#maxDefinition) === this.#maxDefinition
      if (isPresent && values++ === value) break
    }
    return { row, elements }
  }

  /** All of them, which stay here. */
  data(): Pick<LeafData, 'slots' | 'definition' | 'repetition'> {
    const slots = this.#slots
    return {
      slots,
      definition: this.#definition?.subarray(0, slots),
      repetition: this.#repetition?.subarray(0, slots),
    }
  }

  /** Begins anew, with memory of its own. */
  clear(): void {
    this.#slots = 0
    this.#definition = undefined
    this.#repetition = undefined
  }
}
