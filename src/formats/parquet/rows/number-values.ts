import { timeOf } from '../../../core/values/time-of.ts'
import type { LeafValues } from '../chunk/leaf.ts'
import { grown } from './array-pool.ts'
import type { Tally } from './tally.ts'
import { FIRST_VALUES, type KeptArray, type Values } from './values.ts'

type NumberArray = Uint8Array | Int32Array | Float32Array | Float64Array | BigInt64Array

/**
 * Numbers in a typed array. `add` is each class's own, with all that it does to a value inside: what the classes shared would see
 * arrays of every kind, for which V8 makes slower code.
 */
abstract class NumberValues<A extends NumberArray> implements Values {
  count = 0
  protected readonly tally: Tally
  protected values: A
  readonly #begin: () => A
  readonly #kind: LeafValues['kind']

  constructor(kind: LeafValues['kind'], begin: () => A, tally: Tally) {
    this.#kind = kind
    this.#begin = begin
    this.tally = tally
    this.values = begin()
  }

  abstract add(value: unknown): boolean

  abstract addAll(values: ArrayLike<unknown>, from: number, to: number): number

  protected grow(): void {
    this.values = grown(this.values, this.count + 1)
  }

  /** The array, with place for so many more. */
  protected roomFor(more: number): A {
    this.values = grown(this.values, this.count + more)
    return this.values
  }

  /** Behind as many as there are now. Returns `end`. */
  protected added(count: number, end: number): number {
    this.tally.bytes += (count - this.count) * this.values.BYTES_PER_ELEMENT
    this.count = count
    return end
  }

  append(values: KeptArray): void {
    const count = this.count + values.length
    this.values = grown(this.values, count)
    ;(this.values as Float64Array).set(values as Float64Array, this.count)
    this.count = count
    this.tally.bytes += values.length * this.values.BYTES_PER_ELEMENT
  }

  mark(): () => void {
    const { count } = this
    return () => {
      this.count = count
    }
  }

  settle(): undefined {}

  data(): LeafValues {
    return { kind: this.#kind, values: this.values.subarray(0, this.count) } as LeafValues
  }

  clear(): void {
    this.values = this.#begin()
    this.count = 0
  }
}

export class BooleanValues extends NumberValues<Uint8Array> {
  constructor(tally: Tally) {
    super('boolean', () => new Uint8Array(FIRST_VALUES), tally)
  }

  add(value: unknown): boolean {
    if (typeof value !== 'boolean') return false
    if (this.count === this.values.length) this.grow()
    this.values[this.count++] = value ? 1 : 0
    this.tally.bytes += 1
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    const into = this.roomFor(to - from)
    let { count } = this
    let i = from
    for (; i < to; i++) {
      const value = values[i]
      if (typeof value !== 'boolean') break
      into[count++] = value ? 1 : 0
    }
    return this.added(count, i)
  }
}

/** `int8` to `uint32`. Numbers from 2^31 on keep their bits. */
export class IntegerValues extends NumberValues<Int32Array> {
  readonly #min: number
  readonly #max: number

  constructor([min, max]: readonly [min: number, max: number], tally: Tally) {
    super('int32', () => new Int32Array(FIRST_VALUES), tally)
    this.#min = min
    this.#max = max
  }

  add(value: unknown): boolean {
    if (typeof value !== 'number' || Math.trunc(value) !== value) return false
    if (value < this.#min || value > this.#max) return false
    if (this.count === this.values.length) this.grow()
    this.values[this.count++] = value
    this.tally.bytes += 4
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    const min = this.#min
    const max = this.#max
    const into = this.roomFor(to - from)
    let { count } = this
    let i = from
    for (; i < to; i++) {
      const value = values[i]
      if (typeof value !== 'number' || Math.trunc(value) !== value || value < min || value > max)
        break
      into[count++] = value
    }
    return this.added(count, i)
  }
}

/** What becomes an integer of 32 bits. */
export class ConvertedValues extends NumberValues<Int32Array> {
  readonly #convert: (value: unknown) => number | bigint | undefined

  /** What `convert` gives is within 32 bits. */
  constructor(convert: (value: unknown) => number | bigint | undefined, tally: Tally) {
    super('int32', () => new Int32Array(FIRST_VALUES), tally)
    this.#convert = convert
  }

  add(value: unknown): boolean {
    const integer = this.#convert(value)
    if (integer === undefined) return false
    if (this.count === this.values.length) this.grow()
    this.values[this.count++] = Number(integer)
    this.tally.bytes += 4
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || !this.add(value)) return i
    }
    return to
  }
}

/** Nearest numbers of 32 bits. */
export class FloatValues extends NumberValues<Float32Array> {
  readonly #convert: (value: unknown) => number | undefined

  constructor(convert: (value: unknown) => number | undefined, tally: Tally) {
    super('float', () => new Float32Array(FIRST_VALUES), tally)
    this.#convert = convert
  }

  add(value: unknown): boolean {
    const number = this.#convert(value)
    if (number === undefined) return false
    if (this.count === this.values.length) this.grow()
    this.values[this.count++] = number
    this.tally.bytes += 4
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || !this.add(value)) return i
    }
    return to
  }
}

export class DoubleValues extends NumberValues<Float64Array> {
  readonly #convert: (value: unknown) => number | undefined

  /** `convert` is for what is no number. */
  constructor(convert: (value: unknown) => number | undefined, tally: Tally) {
    super('double', () => new Float64Array(FIRST_VALUES), tally)
    this.#convert = convert
  }

  add(value: unknown): boolean {
    const number = typeof value === 'number' ? value : this.#convert(value)
    if (number === undefined) return false
    if (this.count === this.values.length) this.grow()
    this.values[this.count++] = number
    this.tally.bytes += 8
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || !this.add(value)) return i
    }
    return to
  }
}

/** Integers of 64 bits: as doubles while these hold all of them exactly, so that there need not be a `bigint` for each. */
export class LongValues extends NumberValues<Float64Array> {
  readonly #convert: (value: unknown) => number | bigint | undefined
  #large: BigInt64Array | undefined

  /** `convert` gives safe integers as numbers, and others as `bigint`. */
  constructor(convert: (value: unknown) => number | bigint | undefined, tally: Tally) {
    super('int64', () => new Float64Array(FIRST_VALUES), tally)
    this.#convert = convert
  }

  add(value: unknown): boolean {
    const integer = this.#convert(value)
    if (integer === undefined) return false
    if (this.#large !== undefined || typeof integer === 'bigint') {
      this.#addLarge(BigInt(integer))
    } else {
      if (this.count === this.values.length) this.grow()
      this.values[this.count++] = integer
    }
    this.tally.bytes += 8
    return true
  }

  addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (value === null || value === undefined || !this.add(value)) return i
    }
    return to
  }

  /** Whether they are no doubles any more. */
  protected get isLarge(): boolean {
    return this.#large !== undefined
  }

  #addLarge(integer: bigint): void {
    const large = this.#largeOf(this.count + 1)
    // A `uint64` from 2^63 on keeps its bits.
    large[this.count++] = integer
  }

  override append(values: KeptArray): void {
    const isLarge = values instanceof BigInt64Array || values instanceof BigUint64Array
    if (!isLarge && !this.#large) {
      super.append(values)
      return
    }
    const count = this.count + values.length
    const large = this.#largeOf(count)
    large.set(isLarge ? values : BigInt64Array.from(values as Float64Array, BigInt), this.count)
    this.count = count
    this.tally.bytes += values.length * 8
  }

  /** With place for as many. */
  #largeOf(count: number): BigInt64Array {
    if (!this.#large) {
      this.#large = BigInt64Array.from(this.values.subarray(0, this.count), BigInt)
      this.values = new Float64Array(0)
    }
    this.#large = grown(this.#large, count)
    return this.#large
  }

  override data(): LeafValues {
    const large = this.#large?.subarray(0, this.count)
    return large ? { kind: 'int64', values: large } : super.data()
  }

  override clear(): void {
    this.#large = undefined
    super.clear()
  }
}

/** Milliseconds since 1970. */
export class TimeValues extends LongValues {
  constructor(tally: Tally) {
    super(timeOf, tally)
  }

  /** Most are a `Date`. */
  override addAll(values: ArrayLike<unknown>, from: number, to: number): number {
    if (this.isLarge) return super.addAll(values, from, to)
    const into = this.roomFor(to - from)
    let { count } = this
    let i = from
    for (; i < to; i++) {
      const value = values[i]
      const time = value instanceof Date ? value.getTime() : Number.NaN
      if (Number.isNaN(time)) break
      into[count++] = time
    }
    const end = this.added(count, i)
    return end < to ? super.addAll(values, end, to) : end
  }
}
