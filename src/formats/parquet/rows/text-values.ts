import { utf8Length } from '../../../core/bytes.ts'
import { isWellFormed } from '../../../core/keys.ts'
import type { LeafValues } from '../chunk/leaf.ts'
import { grown } from './array-pool.ts'
import type { Tally } from './tally.ts'
import { FIRST_BYTES, FIRST_VALUES, OFFSET_BYTES, type Values } from './values.ts'

const encoder = new TextEncoder()

/** How much text is gathered for one call of the encoder: for each alone the call would cost more than its work. */
const GATHERED_UNITS = 64 * 1024

/** Texts in UTF-8, one behind the other. */
export class TextValues implements Values {
  readonly #tally: Tally
  readonly #textOf: ((value: unknown) => string | undefined) | undefined
  #bytes = new Uint8Array(FIRST_BYTES)
  #byteLength = 0
  /** Of the texts up to `settled` in bytes; of those behind them in UTF-16 units, from the end of the last settled one on. */
  #offsets = new Uint32Array(FIRST_VALUES)
  #settled = 0
  #gathered = ''
  /** How far the texts are tallied by their bytes; behind it they are by their units, until as many have come. */
  #unitsDue = GATHERED_UNITS
  #excessBytes = 0
  #noText: number | undefined
  count = 0

  /** Without `textOf`, values are texts. */
  constructor(tally: Tally, textOf?: (value: unknown) => string | undefined) {
    this.#tally = tally
    this.#textOf = textOf
  }

  add(value: unknown): boolean {
    const text = this.#textOf === undefined ? value : this.#textOf(value)
    if (typeof text !== 'string') return false
    // V8 copies nothing here: it notes what lies behind what, and makes one text of it when it is encoded.
    this.#gathered += text
    this.count++
    if (this.count === this.#offsets.length) this.#offsets = grown(this.#offsets, this.count + 1)
    this.#offsets[this.count] = this.#gathered.length
    this.#tally.bytes += text.length + OFFSET_BYTES
    this.#unitsDue -= text.length
    if (this.#unitsDue <= 0) this.#tallyBytes()
    return true
  }

  appendAscii(bytes: Uint8Array, places: Uint32Array): void {
    this.settle()
    const count = places.length - 1
    const first = places[0] as number
    const byteLength = (places[count] as number) - first
    this.#bytes = grown(this.#bytes, this.#byteLength + byteLength)
    this.#bytes.set(bytes.subarray(first, first + byteLength), this.#byteLength)
    this.#offsets = grown(this.#offsets, this.count + count + 1)
    const offsets = this.#offsets
    const shift = this.#byteLength - first
    let due = this.#unitsDue
    for (let i = 1, before = first; i <= count; i++) {
      const end = places[i] as number
      offsets[this.count + i] = end + shift
      due -= end - before
      before = end
      if (due > 0) continue
      this.#tally.bytes += this.#excessBytes
      this.#excessBytes = 0
      due = GATHERED_UNITS
    }
    this.#unitsDue = due
    this.#byteLength += byteLength
    this.count += count
    this.#settled = this.count
    this.#tally.bytes += byteLength + count * OFFSET_BYTES
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

  /** Settled, so that no text before the mark is in UTF-16 units any more. */
  mark(): () => void {
    this.settle()
    const { count } = this
    const byteLength = this.#byteLength
    const unitsDue = this.#unitsDue
    const excessBytes = this.#excessBytes
    return () => {
      this.count = count
      this.#settled = count
      this.#byteLength = byteLength
      this.#gathered = ''
      this.#unitsDue = unitsDue
      this.#excessBytes = excessBytes
      if (this.#noText !== undefined && this.#noText >= count) this.#noText = undefined
    }
  }

  /** At places that the texts alone decide, so that row groups end at the same row however rows were batched. */
  #tallyBytes(): void {
    this.settle()
    this.#tally.bytes += this.#excessBytes
    this.#excessBytes = 0
    this.#unitsDue = GATHERED_UNITS
  }

  settle(): number | undefined {
    if (this.#settled === this.count) return this.#noText
    const text = this.#gathered
    this.#gathered = ''
    const { length } = text
    // No unit takes more than three bytes; what takes four has two units. Of a large text it is worth to know exactly.
    const needed = length <= 2 * GATHERED_UNITS ? 3 * length : utf8Length(text)
    this.#bytes = grown(this.#bytes, this.#byteLength + needed)
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#byteLength))
    if (written === length) this.#moveOffsets()
    else this.#measure(text)
    this.#excessBytes += written - length
    this.#byteLength += written
    this.#settled = this.count
    return this.#noText
  }

  /** Each unit has become one byte. */
  #moveOffsets(): void {
    const offsets = this.#offsets
    for (let i = this.#settled + 1; i <= this.count; i++) {
      offsets[i] = (offsets[i] as number) + this.#byteLength
    }
  }

  /** A lone surrogate is no text: UTF-8 cannot express it. */
  #measure(gathered: string): void {
    const offsets = this.#offsets
    let units = 0
    let bytes = this.#byteLength
    for (let i = this.#settled + 1; i <= this.count; i++) {
      const text = gathered.slice(units, offsets[i])
      if (!isWellFormed(text)) this.#noText ??= i - 1
      units += text.length
      bytes += utf8Length(text)
      offsets[i] = bytes
    }
  }

  data(): LeafValues {
    const bytes = this.#bytes.subarray(0, this.#byteLength)
    const offsets = this.#offsets.subarray(0, this.count + 1)
    return { kind: 'bytes', bytes, offsets }
  }

  clear(): void {
    this.#bytes = new Uint8Array(FIRST_BYTES)
    this.#byteLength = 0
    this.#offsets = new Uint32Array(FIRST_VALUES)
    this.#settled = 0
    this.#unitsDue = GATHERED_UNITS
    this.#excessBytes = 0
    this.count = 0
  }
}
