import type { LeafValues } from '../chunk/leaf.ts'
import { grown } from './array-pool.ts'
import type { Tally } from './tally.ts'
import { FIRST_BYTES, FIRST_VALUES, OFFSET_BYTES, type Values } from './values.ts'

/** Bytes of any number, one value behind the other. */
export class ByteValues implements Values {
  readonly #tally: Tally
  #bytes = new Uint8Array(FIRST_BYTES)
  #offsets = new Uint32Array(FIRST_VALUES)
  #byteLength = 0
  count = 0

  constructor(tally: Tally) {
    this.#tally = tally
  }

  add(value: unknown): boolean {
    if (!(value instanceof Uint8Array)) return false
    const end = this.#byteLength + value.byteLength
    this.#bytes = grown(this.#bytes, end)
    this.#bytes.set(value, this.#byteLength)
    this.#byteLength = end
    this.count++
    this.#offsets = grown(this.#offsets, this.count + 1)
    this.#offsets[this.count] = end
    this.#tally.bytes += value.byteLength + OFFSET_BYTES
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    const { limit = Number.POSITIVE_INFINITY } = this.#tally
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || this.#tally.bytes >= limit) return i
      if (!this.add(value)) return i
    }
    return to
  }

  mark(): () => void {
    const { count } = this
    return () => {
      this.count = count
      this.#byteLength = this.#offsets[count] as number
    }
  }

  settle(): undefined {}

  data(): LeafValues {
    return {
      kind: 'bytes',
      bytes: this.#bytes.subarray(0, this.#byteLength),
      offsets: this.#offsets.subarray(0, this.count + 1),
    }
  }

  clear(): void {
    this.#bytes = new Uint8Array(FIRST_BYTES)
    this.#offsets = new Uint32Array(FIRST_VALUES)
    this.#byteLength = 0
    this.count = 0
  }
}

/** Puts the value's bytes at a place of the array; `false` when it is not of the type. */
export type PutFixed = (value: unknown, into: Uint8Array, at: number) => boolean

/** Values of one width, one behind the other. */
export class FixedValues implements Values {
  readonly #width: number
  readonly #put: PutFixed
  readonly #tally: Tally
  #bytes: Uint8Array
  count = 0

  constructor(width: number, put: PutFixed, tally: Tally) {
    this.#width = width
    this.#put = put
    this.#tally = tally
    this.#bytes = new Uint8Array(FIRST_VALUES * width)
  }

  add(value: unknown): boolean {
    const at = this.count * this.#width
    this.#bytes = grown(this.#bytes, at + this.#width)
    if (!this.#put(value, this.#bytes, at)) return false
    this.count++
    this.#tally.bytes += this.#width
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || !this.add(value)) return i
    }
    return to
  }

  mark(): () => void {
    const { count } = this
    return () => {
      this.count = count
    }
  }

  settle(): undefined {}

  data(): LeafValues {
    const width = this.#width
    return { kind: 'fixed', bytes: this.#bytes.subarray(0, this.count * width), width }
  }

  clear(): void {
    this.#bytes = new Uint8Array(FIRST_VALUES * this.#width)
    this.count = 0
  }
}
