import type { Bytes } from '../contracts/index.ts'

export type CrcName = 'crc32' | 'crc32c' | 'crc64nvme'

/** A checksum that is computed while bytes pass by. */
export interface Crc {
  update(bytes: Uint8Array): void
  /** Of everything so far, most significant byte first, as S3 writes it in base64. */
  digest(): Bytes
}

/** Polynomials, bits reversed. @see https://reveng.sourceforge.io/crc-catalogue/ */
const CRC32_POLYNOMIAL = 0xedb88320
const CRC32C_POLYNOMIAL = 0x82f63b78
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n
const POLYNOMIALS: Readonly<Record<CrcName, bigint>> = {
  crc32: BigInt(CRC32_POLYNOMIAL),
  crc32c: BigInt(CRC32C_POLYNOMIAL),
  crc64nvme: CRC64NVME_POLYNOMIAL,
}

/** CRC-32 (of zip and Ethernet), CRC-32C (Castagnoli) or CRC-64/NVME, the three that S3 combines over parts. */
export function crc(name: CrcName): Crc {
  if (name === 'crc64nvme') return crc64()
  return crc32(name === 'crc32' ? CRC32_POLYNOMIAL : CRC32C_POLYNOMIAL)
}

/**
 * The checksum of `a + b`, of those of `a` and `b` and the length of `b`, without the bytes: that of `a`, multiplied by
 * x^(8 * length) modulo the polynomial, which is what zeros behind `a` would make of it, and added to that of `b`.
 * @see https://github.com/madler/zlib/blob/develop/crc32.c
 */
export function combineCrcs(name: CrcName, a: Bytes, b: Bytes, lengthOfB: number): Bytes {
  const width = a.byteLength
  const product = times(name, numberOf(a), shiftBy(name, lengthOfB, width), width) ^ numberOf(b)
  return Uint8Array.from(a, (_, i) => Number((product >> BigInt(8 * (width - 1 - i))) & 0xffn))
}

/** The last one: the parts of an object have one size, all but one of them. */
let lastShift:
  | { readonly name: CrcName; readonly length: number; readonly shift: bigint }
  | undefined

/** x^(8 * length). */
function shiftBy(name: CrcName, length: number, width: number): bigint {
  if (lastShift?.name === name && lastShift.length === length) return lastShift.shift
  let shift = 1n << BigInt(8 * width - 1)
  let square = shift >> 8n
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = times(name, shift, square, width)
    square = times(name, square, square, width)
  }
  lastShift = { name, length, shift }
  return shift
}

/** The product of polynomials over GF(2), bits reversed: the highest bit is x^0. */
function times(name: CrcName, left: bigint, right: bigint, width: number): bigint {
  const polynomial = POLYNOMIALS[name]
  let sum = 0n
  let factor = right
  for (let bit = 1n << BigInt(8 * width - 1); bit > 0n; bit >>= 1n) {
    if (left & bit) sum ^= factor
    factor = (factor >> 1n) ^ (factor & 1n ? polynomial : 0n)
  }
  return sum
}

function numberOf(bytes: Bytes): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

/** How many bytes one step takes, each through a table of its own: many times as fast as byte by byte. */
const SLICES_32 = 16
const SLICES_64 = 8

const tables32 = new Map<number, Int32Array>()

function table32(polynomial: number): Int32Array {
  const known = tables32.get(polynomial)
  if (known) return known
  const table = new Int32Array(SLICES_32 * 256)
  for (let n = 0; n < 256; n++) {
    let value = n
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0)
    table[n] = value
  }
  for (let n = 256; n < table.length; n++) {
    const before = table[n - 256] as number
    table[n] = (before >>> 8) ^ (table[before & 0xff] as number)
  }
  tables32.set(polynomial, table)
  return table
}

const NO_WORDS = new Int32Array(0)

function updated(before: number, bytes: Uint8Array, table: Int32Array): number {
  const at = (slice: number, byte: number): number => table[slice * 256 + (byte & 0xff)] as number
  const { buffer, byteOffset, byteLength } = bytes
  // Words are read where they are whole ones of the memory, the least significant byte first: no platform with `fetch` has another order.
  const head = -byteOffset & 3
  const isLong = byteLength - head >= 4
  const words = isLong
    ? new Int32Array(buffer, byteOffset + head, (byteLength - head) >> 2)
    : NO_WORDS
  let sum = before
  let place = 0
  for (; place < head && place < byteLength; place++) {
    sum = (sum >>> 8) ^ at(0, sum ^ (bytes[place] as number))
  }
  let i = 0
  for (; i + 4 <= words.length; i += 4) {
    const a = sum ^ (words[i] as number)
    const b = words[i + 1] as number
    const c = words[i + 2] as number
    const d = words[i + 3] as number
    sum =
      at(15, a) ^
      at(14, a >>> 8) ^
      at(13, a >>> 16) ^
      at(12, a >>> 24) ^
      at(11, b) ^
      at(10, b >>> 8) ^
      at(9, b >>> 16) ^
      at(8, b >>> 24) ^
      at(7, c) ^
      at(6, c >>> 8) ^
      at(5, c >>> 16) ^
      at(4, c >>> 24) ^
      at(3, d) ^
      at(2, d >>> 8) ^
      at(1, d >>> 16) ^
      at(0, d >>> 24)
  }
  for (place += 4 * i; place < byteLength; place++) {
    sum = (sum >>> 8) ^ at(0, sum ^ (bytes[place] as number))
  }
  return sum
}

function crc32(polynomial: number): Crc {
  const table = table32(polynomial)
  let value = 0xffffffff
  return {
    update(bytes) {
      value = updated(value, bytes, table)
    },
    digest() {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, ~value >>> 0)
      return bytes
    },
  }
}

let tables64: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined

/** The table's 64-bit entries in halves: numbers hold no 64 bits, and bigints would be a hundred times as slow. */
function makeTables64(): NonNullable<typeof tables64> {
  const high = new Uint32Array(SLICES_64 * 256)
  const low = new Uint32Array(SLICES_64 * 256)
  for (let n = 0; n < 256; n++) {
    let value = BigInt(n)
    for (let bit = 0; bit < 8; bit++) {
      value = (value >> 1n) ^ (value & 1n ? CRC64NVME_POLYNOMIAL : 0n)
    }
    high[n] = Number(value >> 32n)
    low[n] = Number(value & 0xffffffffn)
  }
  for (let n = 256; n < high.length; n++) {
    const beforeHigh = high[n - 256] as number
    const beforeLow = low[n - 256] as number
    high[n] = (beforeHigh >>> 8) ^ (high[beforeLow & 0xff] as number)
    low[n] = ((beforeLow >>> 8) | (beforeHigh << 24)) ^ (low[beforeLow & 0xff] as number)
  }
  return { high, low }
}

function crc64(): Crc {
  tables64 ??= makeTables64()
  const { high, low } = tables64
  let valueHigh = 0xffffffff
  let valueLow = 0xffffffff
  return {
    update(bytes) {
      const byte = (i: number): number => bytes[i] as number
      let i = 0
      for (; i + SLICES_64 <= bytes.byteLength; i += SLICES_64) {
        const a =
          valueLow ^ (byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24))
        const b =
          valueHigh ^ (byte(i + 4) | (byte(i + 5) << 8) | (byte(i + 6) << 16) | (byte(i + 7) << 24))
        valueHigh = 0
        valueLow = 0
        for (let n = 0; n < 4; n++) {
          const first = (7 - n) * 256 + ((a >>> (8 * n)) & 0xff)
          const second = (3 - n) * 256 + ((b >>> (8 * n)) & 0xff)
          valueHigh ^= (high[first] as number) ^ (high[second] as number)
          valueLow ^= (low[first] as number) ^ (low[second] as number)
        }
      }
      for (; i < bytes.byteLength; i++) {
        const index = (valueLow ^ byte(i)) & 0xff
        valueLow = ((valueLow >>> 8) | (valueHigh << 24)) ^ (low[index] as number)
        valueHigh = (valueHigh >>> 8) ^ (high[index] as number)
      }
    },
    digest() {
      const bytes = new Uint8Array(8)
      const view = new DataView(bytes.buffer)
      view.setUint32(0, ~valueHigh >>> 0)
      view.setUint32(4, ~valueLow >>> 0)
      return bytes
    },
  }
}
