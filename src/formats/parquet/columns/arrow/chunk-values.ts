import { SluiceError } from '../../../../core/errors.ts'
import type { KeptArray } from '../../rows/values.ts'
import type { ArrowColumn } from './arrow-table.ts'
import { bitAt, type ChunkLayout, layoutOf } from './chunk-layout.ts'

/** The value at a place of a chunk; `undefined` where its buffers end before. */
export type Read = (place: number) => unknown

/** How values of a type are read. */
export interface ValueReader {
  /** Of a chunk, for the places that are not null. */
  readonly reader: (chunk: ChunkLayout) => Read
  /** Whether an array of them all can be taken as it lies in memory. */
  readonly isArray?: boolean
}

const SHORT = 'has fewer values than it says'

/** All values of a column, or of a dictionary. Throws `invalid-record` for a chunk that is shorter than it says. */
export function columnValues(
  column: ArrowColumn,
  reader: ValueReader,
  path: string,
): ArrayLike<unknown> {
  const chunks = column.data.filter(({ length }) => length > 0).map(layoutOf)
  if (reader.isArray && chunks.length > 0 && chunks.every(({ validity }) => !validity)) {
    return joined(chunks.map((chunk) => wholeValues(chunk, path)))
  }
  const all: unknown[] = []
  for (const chunk of chunks) {
    const read = nullable(chunk, reader, path)
    for (let place = 0; place < chunk.length; place++) all.push(read(place))
  }
  return all
}

/** The value at a place of a chunk, or null. Throws `invalid-record` for a place that it does not have. */
export function nullable(chunk: ChunkLayout, { reader }: ValueReader, path: string): Read {
  const read = reader(chunk)
  const { validity, firstBit } = chunk
  // Behind the bitmap every bit reads as 0, so that what is not said to be null would be.
  if (validity && validity.length * 8 < firstBit + chunk.length) {
    throw unreadable(path, 'has fewer bits of what is null than values')
  }
  return (place) => {
    // Before the bit: behind the bitmap, which offsets may say, all would be null, and as many as they say.
    if (!(place >= 0 && place < chunk.length)) throw unreadable(path, SHORT)
    if (validity && !bitAt(validity, firstBit + place)) return null
    const value = read(place)
    if (value !== undefined) return value
    throw unreadable(path, SHORT)
  }
}

function wholeValues({ values, length }: ChunkLayout, path: string): KeptArray {
  if (values.length < length) throw unreadable(path, SHORT)
  return values.subarray(0, length)
}

function joined(parts: readonly KeptArray[]): KeptArray {
  const [first] = parts as [KeptArray]
  if (parts.length === 1) return first
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const all = new (first.constructor as new (length: number) => KeptArray)(length)
  let at = 0
  for (const part of parts) {
    ;(all as Float64Array).set(part as Float64Array, at)
    at += part.length
  }
  return all
}

/** Bytes of any number, one value behind the other. */
export function bytesReader({ values, offsets }: ChunkLayout): Read {
  return (place) => bytesBetween(values, Number(offsets[place]), Number(offsets[place + 1]))
}

const VIEW_BYTES = 16
/** Of bytes that lie in the view itself. */
const MAX_SHORT = 12

/** Views: a length, and behind it the bytes, or their beginning, the number of a buffer, and the place there. */
export function viewsReader({ values, buffers }: ChunkLayout): Read {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  return (place) => {
    const at = place * VIEW_BYTES
    if (at + VIEW_BYTES > view.byteLength) return undefined
    const byteLength = view.getInt32(at, true)
    if (byteLength <= MAX_SHORT) return bytesBetween(values, at + 4, at + 4 + byteLength)
    const from = view.getInt32(at + 12, true)
    return bytesBetween(buffers[view.getInt32(at + 8, true)], from, from + byteLength)
  }
}

export function fixedBytesReader({ values }: ChunkLayout, byteWidth: number): Read {
  return (place) => bytesBetween(values, place * byteWidth, (place + 1) * byteWidth)
}

export function bytesBetween(
  bytes: KeptArray | undefined,
  from: number,
  to: number,
): Uint8Array | undefined {
  const within = bytes !== undefined && from >= 0 && to >= from && to <= bytes.length
  return within ? (bytes as Uint8Array).subarray(from, to) : undefined
}

/** Integers of so many bits, the least significant byte first, as decimals of any width are. */
export function unscaledReader({ values }: ChunkLayout, bits: number): Read {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  const width = bits / 8
  return (place) => {
    const at = place * width
    if (at + width > view.byteLength) return undefined
    if (bits === 32) return BigInt(view.getInt32(at, true))
    let value = view.getBigInt64(at + width - 8, true)
    for (let low = width - 16; low >= 0; low -= 8) {
      value = (value << 64n) | view.getBigUint64(at + low, true)
    }
    return value
  }
}

export function unreadable(path: string, what: string): SluiceError {
  return new SluiceError('invalid-record', `The Arrow column ${path} ${what}`)
}
