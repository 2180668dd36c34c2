import type { Bytes } from '../../../../contracts/index.ts'
import { utf8 } from '../../../../core/bytes.ts'

/** A number of so many bytes. */
export interface FlatNumber {
  readonly byteWidth: 1 | 2 | 4 | 8
  readonly value: number
}

/** A table, a text, or a list of tables. */
export type FlatPart = FlatTable | string | readonly FlatTable[]

/** The fields of a table by their numbers in its schema; one that is left out has its default. */
export interface FlatTable {
  readonly fields: readonly (FlatNumber | FlatPart | undefined)[]
}

/** Where tables begin, and how long the buffer is, in multiples of: no number is wider. */
const ALIGNMENT = 8

/**
 * A buffer of FlatBuffers whose root is the table. Each part lies behind what refers to it, so the buffer is written from the front to
 * the end. Equal tables give equal bytes.
 *
 * @see https://flatbuffers.dev/internals/
 */
export function flatBuffer(root: FlatTable): Bytes {
  const writer = new FlatWriter()
  writer.refer(writer.room(4, 4), root)
  writer.room(0, ALIGNMENT)
  return writer.bytes
}

class FlatWriter {
  #view = new DataView(new ArrayBuffer(1024))
  #filled = 0

  get bytes(): Bytes {
    return new Uint8Array(this.#view.buffer as ArrayBuffer, 0, this.#filled)
  }

  /** The place of so many zeros, at a multiple of `alignment`. */
  room(byteLength: number, alignment: number): number {
    const place = Math.ceil(this.#filled / alignment) * alignment
    this.#filled = place + byteLength
    if (this.#filled > this.#view.byteLength) {
      const larger = new Uint8Array(2 * this.#filled)
      larger.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(larger.buffer)
    }
    return place
  }

  /** Writes the part behind all others, and at `place` how far away it is. */
  refer(place: number, part: FlatPart): void {
    this.#put(place, 4, this.#part(part) - place)
  }

  #part(part: FlatPart): number {
    if (typeof part === 'string') return this.#text(part)
    return 'fields' in part ? this.#table(part) : this.#vector(part)
  }

  /** Its length, the UTF-8, and a 0. */
  #text(text: string): number {
    const bytes = utf8(text)
    const place = this.room(4 + bytes.byteLength + 1, 4)
    this.#put(place, 4, bytes.byteLength)
    new Uint8Array(this.#view.buffer).set(bytes, place + 4)
    return place
  }

  #vector(tables: readonly FlatTable[]): number {
    const place = this.room(4 + 4 * tables.length, 4)
    this.#put(place, 4, tables.length)
    for (const [number, table] of tables.entries()) this.refer(place + 4 + 4 * number, table)
    return place
  }

  /** The list of where each field lies in the table comes first, then the table: how far back the list is, and the fields. */
  #table({ fields }: FlatTable): number {
    const listBytes = 4 + 2 * fields.length
    const list = this.room(listBytes, 2)
    const table = this.room(4, ALIGNMENT)
    const places = fields.map((field) => {
      if (field === undefined) return 0
      const byteWidth = isNumber(field) ? field.byteWidth : 4
      return this.room(byteWidth, byteWidth)
    })
    this.#put(list, 2, listBytes)
    this.#put(list + 2, 2, this.#filled - table)
    this.#put(table, 4, table - list)
    for (const [number, place] of places.entries()) {
      const field = fields[number]
      if (field === undefined) continue
      this.#put(list + 4 + 2 * number, 2, place - table)
      if (isNumber(field)) this.#put(place, field.byteWidth, field.value)
      else this.refer(place, field)
    }
    return table
  }

  #put(place: number, byteWidth: FlatNumber['byteWidth'], value: number): void {
    const view = this.#view
    if (byteWidth === 1) view.setInt8(place, value)
    else if (byteWidth === 2) view.setInt16(place, value, true)
    else if (byteWidth === 4) view.setInt32(place, value, true)
    else view.setBigInt64(place, BigInt(value), true)
  }
}

function isNumber(field: FlatNumber | FlatPart): field is FlatNumber {
  return typeof field === 'object' && 'byteWidth' in field
}
