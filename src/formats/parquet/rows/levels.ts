import type { Leaf, LeafData } from '../chunk/leaf.ts'
import { grown } from './grown.ts'
import type { Tally } from './tally.ts'

const FIRST_SLOTS = 64

/**
 * The levels of one leaf: how much of its path is there, and at which list an element goes on.
 *
 * @see https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding
 */
export class Levels {
  readonly #maxDefinition: number
  readonly #isRepeated: boolean
  readonly #tally: Tally
  #slots = 0
  /** Begun late: most columns that may hold nulls hold none. */
  #definition: Uint8Array | undefined
  #repetition: Uint8Array | undefined

  constructor(leaf: Pick<Leaf, 'maxDefinition' | 'maxRepetition'>, tally: Tally) {
    this.#maxDefinition = leaf.maxDefinition
    this.#isRepeated = leaf.maxRepetition > 0
    this.#tally = tally
  }

  /** A slot with a value. */
  present(repetition: number): void {
    if (this.#isRepeated || this.#definition) this.#add(this.#maxDefinition, repetition)
    else this.#slots++
  }

  /** A slot without one. */
  absent(definition: number, repetition: number): void {
    if (!this.#definition) {
      const slots = this.#slots
      this.#definition = new Uint8Array(Math.max(FIRST_SLOTS, slots + 1))
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
    if (this.#isRepeated) {
      this.#repetition = grown(this.#repetition ?? new Uint8Array(FIRST_SLOTS), slot + 1)
      this.#repetition[slot] = repetition
      this.#tally.bytes += 1
    }
  }

  /** The row, from 0 on, that a value lies in. */
  rowOf(value: number): number {
    let values = -1
    let rows = -1
    for (let slot = 0; slot < this.#slots; slot++) {
      if (!this.#repetition?.[slot]) rows++
      if ((this.#definition?.[slot] ?? this.#maxDefinition) === this.#maxDefinition) values++
      if (values === value) break
    }
    return rows
  }

  /** Gives them away, and begins anew. */
  take(): Pick<LeafData, 'slots' | 'definition' | 'repetition'> {
    const slots = this.#slots
    const levels = {
      slots,
      definition: this.#definition?.subarray(0, slots),
      repetition: this.#repetition?.subarray(0, slots),
    }
    this.#slots = 0
    this.#definition = undefined
    this.#repetition = undefined
    return levels
  }
}
