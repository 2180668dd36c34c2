import type { Bytes } from '../../../contracts/index.ts'
import { utf8 } from '../../../core/bytes.ts'

/** Types of fields and of elements. @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
const TRUE = 1
const FALSE = 2
const I8 = 3
const I16 = 4
const I32 = 5
const I64 = 6
const BINARY = 8
const LIST = 9
const STRUCT = 12

/** Longer lists have their length behind the header. */
const SHORT_LIST = 14
const SHORT_STEP = 15

/** Writes the fields of one struct, by ascending id. */
export type WriteStruct = (fields: CompactWriter) => void

/** The struct in Thrift's compact protocol. */
export function thriftStruct(write: WriteStruct): Bytes {
  const writer = new CompactWriter()
  writer.fields(write)
  return writer.bytes()
}

/**
 * Thrift's compact protocol, as far as Parquet needs it. Each method writes one field of the struct that is under way, by its id in
 * parquet.thrift; a value that is `undefined` is a field that is not there.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class CompactWriter {
  #buffer: Bytes = new Uint8Array(256)
  #filled = 0
  #lastId = 0

  i8(id: number, value: number | undefined): void {
    if (value === undefined) return
    this.#header(id, I8)
    this.#byte(value)
  }

  i16(id: number, value: number | undefined): void {
    if (value === undefined) return
    this.#header(id, I16)
    this.#zigzag(value)
  }

  i32(id: number, value: number | undefined): void {
    if (value === undefined) return
    this.#header(id, I32)
    this.#zigzag(value)
  }

  /** A whole number from 0 to 2^53: sizes, counts and places in a file are. */
  i64(id: number, value: number | undefined): void {
    if (value === undefined) return
    this.#header(id, I64)
    this.#zigzag(value)
  }

  bool(id: number, value: boolean | undefined): void {
    if (value !== undefined) this.#header(id, value ? TRUE : FALSE)
  }

  binary(id: number, value: Uint8Array | string | undefined): void {
    if (value === undefined) return
    this.#header(id, BINARY)
    this.#binary(value)
  }

  /** A union is a struct with one field. */
  struct(id: number, write: WriteStruct | undefined): void {
    if (write === undefined) return
    this.#header(id, STRUCT)
    this.fields(write)
  }

  bools(id: number, values: readonly boolean[] | undefined): void {
    // Both bytes have been in use for false; all known readers take this one.
    this.#list(id, FALSE, values, (value) => this.#byte(value ? TRUE : FALSE))
  }

  i32s(id: number, values: readonly number[] | undefined): void {
    this.#list(id, I32, values, (value) => this.#zigzag(value))
  }

  i64s(id: number, values: readonly number[] | undefined): void {
    this.#list(id, I64, values, (value) => this.#zigzag(value))
  }

  binaries(id: number, values: readonly (Uint8Array | string)[] | undefined): void {
    this.#list(id, BINARY, values, (value) => this.#binary(value))
  }

  structs<T>(
    id: number,
    values: readonly T[] | undefined,
    write: (fields: CompactWriter, value: T, index: number) => void,
  ): void {
    this.#list(id, STRUCT, values, (value, index) =>
      this.fields((fields) => write(fields, value, index)),
    )
  }

  /** The fields of a struct, and its end. */
  fields(write: WriteStruct): void {
    const outerId = this.#lastId
    this.#lastId = 0
    write(this)
    this.#byte(0)
    this.#lastId = outerId
  }

  /** All that was written. */
  bytes(): Bytes {
    return this.#buffer.slice(0, this.#filled)
  }

  #list<T>(
    id: number,
    type: number,
    values: readonly T[] | undefined,
    write: (value: T, index: number) => void,
  ): void {
    if (values === undefined) return
    this.#header(id, LIST)
    const isShort = values.length <= SHORT_LIST
    this.#byte(((isShort ? values.length : 15) << 4) | type)
    if (!isShort) this.#varint(values.length)
    values.forEach(write)
  }

  #header(id: number, type: number): void {
    const step = id - this.#lastId
    this.#lastId = id
    if (step > 0 && step <= SHORT_STEP) {
      this.#byte((step << 4) | type)
    } else {
      this.#byte(type)
      this.#zigzag(id)
    }
  }

  #binary(value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? utf8(value) : value
    this.#varint(bytes.byteLength)
    this.#reserve(bytes.byteLength)
    this.#buffer.set(bytes, this.#filled)
    this.#filled += bytes.byteLength
  }

  /** 0, -1, 1, -2, … become 0, 1, 2, 3, …; the even ones up to 2^54 are doubles still. */
  #zigzag(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varint(value: number): void {
    let rest = value
    // Not by shifting, which would cut it to 32 bits.
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80)
    this.#byte(rest)
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#filled++] = value
  }

  #reserve(bytes: number): void {
    const needed = this.#filled + bytes
    if (needed <= this.#buffer.byteLength) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength))
    larger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = larger
  }
}
