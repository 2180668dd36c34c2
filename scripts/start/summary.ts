import { hash } from 'node:crypto'
import type { Canonical, ReadRecord } from './canonical.ts'

/** What one column adds up to. */
interface ColumnSum {
  values: number
  numbers: number
  /** Exact, in units of 2^-1074, the smallest double: the order of adding makes no difference. */
  sum: bigint
  /** Of the values that are no numbers, in UTF-16 units. */
  textLength: number
}

/**
 * What many records come down to, without holding them: how many there are, what each column adds up to, and one number
 * that stands for the multiset of their hashes. That number is the sum of the SHA-256 of each record, so equal records
 * count as often as they occur, and neither the order of records nor the file they are in makes a difference.
 */
export class Summary {
  readonly #canonical: Canonical
  readonly #columns = new Map<string, ColumnSum>()
  #records = 0
  #hashes = 0n

  constructor(canonical: Canonical) {
    this.#canonical = canonical
  }

  get records(): number {
    return this.#records
  }

  add(record: ReadRecord): void {
    this.#count(record, 1)
  }

  /** Takes out a record that was added. */
  remove(record: ReadRecord): void {
    this.#count(record, -1)
  }

  /** How `other` differs from this one, in words; empty when it does not. */
  differences(other: Summary): string[] {
    const found: string[] = []
    if (other.#records !== this.#records) {
      found.push(`${count(this.#records)} records went in, ${count(other.#records)} came out`)
    }
    for (const name of new Set([...this.#columns.keys(), ...other.#columns.keys()])) {
      const words = columnDifference(this.#columns.get(name), other.#columns.get(name))
      if (words !== undefined) found.push(`column ${JSON.stringify(name)}: ${words}`)
    }
    if (this.#hashes !== other.#hashes) found.push('the hashes of the records differ')
    return found
  }

  #count(record: ReadRecord, sign: 1 | -1): void {
    const texts: string[] = []
    for (const name of Object.keys(record).sort()) {
      const value = this.#canonical(record[name])
      if (value === undefined) continue
      texts.push(name, value.type, value.text)
      let column = this.#columns.get(name)
      if (!column) {
        column = { values: 0, numbers: 0, sum: 0n, textLength: 0 }
        this.#columns.set(name, column)
      }
      column.values += sign
      if (value.number === undefined) column.textLength += sign * value.text.length
      else {
        column.numbers += sign
        column.sum += BigInt(sign) * scaled(value.number)
      }
    }
    this.#records += sign
    this.#hashes += BigInt(sign) * BigInt(`0x${hash('sha256', JSON.stringify(texts), 'hex')}`)
  }
}

const NOTHING: ColumnSum = { values: 0, numbers: 0, sum: 0n, textLength: 0 }

function columnDifference(a: ColumnSum = NOTHING, b: ColumnSum = NOTHING): string | undefined {
  if (a.values !== b.values) return `${count(a.values)} values in, ${count(b.values)} out`
  if (a.numbers !== b.numbers) return `${count(a.numbers)} numbers in, ${count(b.numbers)} out`
  if (a.sum !== b.sum) return `the sum differs by ${unscaled(b.sum - a.sum)}`
  if (a.textLength !== b.textLength) {
    return `${count(a.textLength)} characters in, ${count(b.textLength)} out`
  }
  return undefined
}

const DOUBLE = new DataView(new ArrayBuffer(8))
const SCALE = 1074n

function scaled(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value << SCALE
  if (Number.isSafeInteger(value)) return BigInt(value) << SCALE
  // IEEE 754: sign, 11 bits of exponent, 52 bits of fraction; an exponent of 0 has no leading 1.
  DOUBLE.setFloat64(0, value)
  const bits = DOUBLE.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xf_ffff_ffff_ffffn
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** Near enough to read. */
function unscaled(sum: bigint): number {
  const whole = Number(sum >> SCALE)
  return Math.abs(whole) > 2 ** 53 ? whole : Number((sum << 64n) >> SCALE) / 2 ** 64
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
