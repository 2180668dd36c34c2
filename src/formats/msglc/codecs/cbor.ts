import { toHex, utf8Length } from '../../../core/bytes.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Codec, Scalar } from './codec.ts'
import { halfFloat } from './half-float.ts'
import { bigEndian } from './msgpack.ts'
import { damaged, plainInteger, TokenReader } from './token-reader.ts'

/** The major types. @see https://www.rfc-editor.org/rfc/rfc8949#section-3.1 */
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6, other: 7 }
const TAG_BIG = 2
const TAG_BIG_NEGATIVE = 3
/** A half float's head, and those of its values that doubles are not written for. */
const HALF = 0xf9
const HALF_NAN = 0x7e00
const HALF_INFINITY = 0x7c00
const DOUBLE = 0xfb
/** Larger integers are no data of anybody's, and their digits take a time that grows with the square of their bytes. */
export const MAX_INTEGER_BYTES = 4096
const INTEGER_LIMIT = 1n << BigInt(8 * MAX_INTEGER_BYTES)

/**
 * CBOR, in its shortest forms, but for floats: doubles, and NaN and the infinities as half floats, as Python's cbor2 writes them.
 * Items of unknown length are refused: no writer of these files makes them.
 * @see https://www.rfc-editor.org/rfc/rfc8949
 */
export const cbor: Codec = {
  name: 'cbor',
  list(to, count) {
    head(to, MAJOR.list, count)
  },
  map(to, count) {
    head(to, MAJOR.map, count)
  },
  wideHead: (kind, count) => [(MAJOR[kind] << 5) | 26, ...bigEndian(count)],
  scalar: writeScalar,
  double: writeDouble,
  reader: (bytes, start, end) => new CborReader(bytes, start, end),
}

function head(to: ByteWriter, major: number, count: number): void {
  const tag = major << 5
  if (count < 24) to.u8(tag | count)
  else if (count < 0x100) to.tagged(tag | 24, count, 1)
  else if (count < 0x1_0000) to.tagged(tag | 25, count, 2)
  else if (count < 0x1_0000_0000) to.tagged(tag | 26, count, 4)
  else to.tagged64(tag | 27, BigInt(count))
}

function writeScalar(to: ByteWriter, value: Scalar): void {
  if (typeof value === 'string') {
    const length = utf8Length(value)
    head(to, MAJOR.text, length)
    to.text(value, length)
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) writeDouble(to, value)
    else if (value >= 0) head(to, MAJOR.unsigned, value)
    else head(to, MAJOR.negative, -1 - value)
  } else if (typeof value === 'bigint') writeBigint(to, value)
  else if (typeof value === 'boolean') to.u8(value ? 0xf5 : 0xf4)
  else if (value === null) to.u8(0xf6)
  else {
    head(to, MAJOR.bytes, value.byteLength)
    to.bytes(value)
  }
}

function writeDouble(to: ByteWriter, value: number): void {
  if (Number.isNaN(value)) to.tagged(HALF, HALF_NAN, 2)
  else if (value === Number.POSITIVE_INFINITY) to.tagged(HALF, HALF_INFINITY, 2)
  else if (value === Number.NEGATIVE_INFINITY) to.tagged(HALF, 0x8000 | HALF_INFINITY, 2)
  else to.taggedDouble(DOUBLE, value)
}

/** Beyond 64 bits as its bytes, with a tag. @see https://www.rfc-editor.org/rfc/rfc8949#section-3.4.3 */
function writeBigint(to: ByteWriter, value: bigint): void {
  const isNegative = value < 0n
  const magnitude = isNegative ? -1n - value : value
  const major = isNegative ? MAJOR.negative : MAJOR.unsigned
  if (magnitude <= Number.MAX_SAFE_INTEGER) head(to, major, Number(magnitude))
  else if (magnitude < 1n << 64n) to.tagged64((major << 5) | 27, magnitude)
  else {
    const digits = magnitude.toString(16)
    const hex = digits.length % 2 === 0 ? digits : `0${digits}`
    head(to, MAJOR.tag, isNegative ? TAG_BIG_NEGATIVE : TAG_BIG)
    head(to, MAJOR.bytes, hex.length / 2)
    for (let at = 0; at < hex.length; at += 2) to.u8(Number.parseInt(hex.slice(at, at + 2), 16))
  }
}

/** Whether it is one that is written, and read. */
export function isWritable(value: bigint): boolean {
  return value < INTEGER_LIMIT && value >= -INTEGER_LIMIT
}

/** The integer that a tagged text of bytes stands for, or `undefined` for another tag. `at` is where its bytes begin. */
export function bigInteger(tag: unknown, value: unknown, at: number): number | bigint | undefined {
  if ((tag !== TAG_BIG && tag !== TAG_BIG_NEGATIVE) || !(value instanceof Uint8Array))
    return undefined
  if (value.byteLength > MAX_INTEGER_BYTES) {
    const what = `an integer of ${value.byteLength} bytes, and ${MAX_INTEGER_BYTES} are the most`
    throw damaged(at, what)
  }
  const magnitude = BigInt(`0x0${toHex(value)}`)
  return plainInteger(tag === TAG_BIG ? magnitude : -1n - magnitude)
}

class CborReader extends TokenReader {
  protected readonly doubleTag = DOUBLE

  next(wanted: boolean): void {
    const first = this.byte()
    const major = first >> 5
    const low = first & 0x1f
    if (major === MAJOR.other) this.scalar(this.#other(low))
    else this.#counted(major, low < 24 ? low : this.#count(low), wanted)
  }

  #counted(major: number, count: number | bigint, wanted: boolean): void {
    if (major === MAJOR.unsigned) this.scalar(count)
    else if (major === MAJOR.negative) this.scalar(plainInteger(-1n - BigInt(count)))
    else if (major === MAJOR.tag) {
      this.kind = 'tag'
      this.value = count
    } else if (typeof count === 'bigint') throw damaged(this.at, `a length of ${count}`)
    else if (major === MAJOR.bytes) this.binary(count, wanted)
    else if (major === MAJOR.text) this.text(count, wanted)
    else this.head(major === MAJOR.list ? 'list' : 'map', count)
  }

  #count(low: number): number | bigint {
    if (low === 27) return this.unsigned64()
    if (low > 27) {
      throw damaged(
        this.at - 1,
        low === 31 ? 'an item of unknown length' : 'a head that CBOR does not know',
      )
    }
    return this.unsigned((1 << (low - 24)) as 1 | 2 | 4)
  }

  #other(low: number): boolean | null | undefined | number {
    switch (low) {
      case 20:
      case 21:
        return low === 21
      case 22:
        return null
      case 23:
        return undefined
      case 25:
        return halfFloat(this.unsigned(2))
      case 26:
        return this.view.getFloat32(this.pass(4))
      case 27:
        return this.view.getFloat64(this.pass(8))
      default:
        throw damaged(this.at - 1, 'a simple value without a meaning')
    }
  }
}
