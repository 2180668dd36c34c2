import { utf8Length } from '../../../core/bytes.ts'
import type { ByteWriter } from './byte-writer.ts'
import { type Codec, type Scalar, WIDE_HEAD_BYTES } from './codec.ts'
import type { ExtensionValue } from './extended.ts'
import { damaged, plainInteger, TokenReader } from './token-reader.ts'

const DOUBLE = 0xcb

/**
 * MessagePack, in its shortest forms, floats always as doubles: what Python's packers write.
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export const msgpack: Codec = {
  name: 'msgpack',
  list(to, count) {
    head(to, count, 0x90, 0xdc)
  },
  map(to, count) {
    head(to, count, 0x80, 0xde)
  },
  wideHead: (kind, count) => [kind === 'list' ? 0xdd : 0xdf, ...bigEndian(count)],
  scalar: writeScalar,
  double(to, value) {
    to.taggedDouble(DOUBLE, value)
  },
  reader: (bytes, start, end) => new MsgpackReader(bytes, start, end),
}

/** Four bytes of a count. */
export function bigEndian(count: number): number[] {
  return [24, 16, 8, 0].slice(1 - WIDE_HEAD_BYTES).map((shift) => (count >>> shift) & 0xff)
}

function head(to: ByteWriter, count: number, fixed: number, wide: number): void {
  if (count < 16) to.u8(fixed | count)
  else if (count < 0x1_0000) to.tagged(wide, count, 2)
  else to.tagged(wide + 1, count, 4)
}

function writeScalar(to: ByteWriter, value: Scalar): void {
  if (typeof value === 'string') writeText(to, value)
  else if (typeof value === 'number') writeNumber(to, value)
  else if (typeof value === 'bigint') writeBigint(to, value)
  else if (typeof value === 'boolean') to.u8(value ? 0xc3 : 0xc2)
  else if (value === null) to.u8(0xc0)
  else writeBinary(to, value)
}

function writeBinary(to: ByteWriter, bytes: Uint8Array): void {
  const { byteLength } = bytes
  if (byteLength < 0x100) to.tagged(0xc4, byteLength, 1)
  else if (byteLength < 0x1_0000) to.tagged(0xc5, byteLength, 2)
  else to.tagged(0xc6, byteLength, 4)
  to.bytes(bytes)
}

function writeText(to: ByteWriter, text: string): void {
  const length = utf8Length(text)
  if (length < 32) to.u8(0xa0 | length)
  else if (length < 0x100) to.tagged(0xd9, length, 1)
  else if (length < 0x1_0000) to.tagged(0xda, length, 2)
  else to.tagged(0xdb, length, 4)
  to.text(text, length)
}

function writeNumber(to: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) to.taggedDouble(DOUBLE, value)
  else if (value >= 0) {
    if (value < 0x80) to.u8(value)
    else if (value < 0x100) to.tagged(0xcc, value, 1)
    else if (value < 0x1_0000) to.tagged(0xcd, value, 2)
    else if (value < 0x1_0000_0000) to.tagged(0xce, value, 4)
    else to.tagged64(0xcf, BigInt(value))
  } else if (value >= -0x20) to.u8(value & 0xff)
  else if (value >= -0x80) to.tagged(0xd0, value, 1)
  else if (value >= -0x8000) to.tagged(0xd1, value, 2)
  else if (value >= -0x8000_0000) to.tagged(0xd2, value, 4)
  else to.tagged64(0xd3, BigInt(value))
}

/** The caller has seen that it has 64 bits. */
function writeBigint(to: ByteWriter, value: bigint): void {
  const plain = plainInteger(value)
  if (typeof plain === 'number') writeNumber(to, plain)
  else to.tagged64(value > 0n ? 0xcf : 0xd3, value)
}

class MsgpackReader extends TokenReader {
  protected readonly doubleTag = DOUBLE

  next(wanted: boolean): void {
    const first = this.byte()
    if (first < 0x80) this.scalar(first)
    else if (first < 0x90) this.head('map', first & 0x0f)
    else if (first < 0xa0) this.head('list', first & 0x0f)
    else if (first < 0xc0) this.text(first & 0x1f, wanted)
    else if (first < 0xca) this.#constantOrBytes(first, wanted)
    else if (first < 0xd4) this.scalar(this.#number(first))
    else if (first < 0xd9) this.#extension(2 ** (first - 0xd4), wanted)
    else if (first < 0xdc) this.text(this.#length(first - 0xd9), wanted)
    else if (first < 0xde) this.head('list', this.#length(first - 0xdb))
    else if (first < 0xe0) this.head('map', this.#length(first - 0xdd))
    else this.scalar(first - 0x100)
  }

  #constantOrBytes(first: number, wanted: boolean): void {
    if (first === 0xc1) throw damaged(this.at - 1, 'a byte that MessagePack never uses')
    if (first === 0xc0) this.scalar(null)
    else if (first < 0xc4) this.scalar(first === 0xc3)
    else if (first < 0xc7) this.binary(this.#length(first - 0xc4), wanted)
    else this.#extension(this.#length(first - 0xc7), wanted)
  }

  #number(first: number): number | bigint {
    switch (first) {
      case 0xca:
        return this.view.getFloat32(this.pass(4))
      case DOUBLE:
        return this.view.getFloat64(this.pass(8))
      case 0xcf:
        return this.unsigned64()
      case 0xd0:
        return this.view.getInt8(this.pass(1))
      case 0xd1:
        return this.view.getInt16(this.pass(2))
      case 0xd2:
        return this.view.getInt32(this.pass(4))
      case 0xd3:
        return plainInteger(this.view.getBigInt64(this.pass(8)))
      default:
        return this.#length(first - 0xcc)
    }
  }

  /** An unsigned number of 1, 2 or 4 bytes. */
  #length(power: number): number {
    return this.unsigned((1 << power) as 1 | 2 | 4)
  }

  #extension(length: number, wanted: boolean): void {
    const type = this.view.getInt8(this.pass(1))
    const from = this.pass(length)
    const read = (): ExtensionValue => ({
      extension: type,
      bytes: this.bytes.slice(from, this.at),
    })
    this.scalar(wanted ? read() : undefined)
  }
}
