import type { KeptArray } from '../../rows/values.ts'
import type { ArrowChunk, ArrowColumn } from './arrow-table.ts'

/** A chunk in one set of words, where the libraries have two. */
export interface ChunkLayout {
  readonly length: number
  /** Numbers, or bytes, as they lie in memory; there may be more of them than the length says. */
  readonly values: KeptArray
  /** Where each value begins in what it is a part of, and where the last one ends. */
  readonly offsets: Int32Array | BigInt64Array
  /** Of views of lists, which end where they say and not where the next one begins. */
  readonly sizes: Int32Array | BigInt64Array
  /** What views of bytes that are not short lie in. */
  readonly buffers: readonly Uint8Array[]
  readonly children: readonly ArrowChunk[]
  readonly dictionary: ArrowColumn
  /** Where its first value is in a bitmap. */
  readonly firstBit: number
  /** A bit for each value, 0 for nulls. Absent where there are none. */
  readonly validity: Uint8Array | undefined
}

/** What either library says, in its words. */
interface Given extends ArrowChunk {
  readonly values?: KeptArray | null
  readonly children?: readonly ArrowChunk[] | null
  readonly dictionary?: ArrowColumn
  // Of apache-arrow. Of a slice, `values` and `valueOffsets` begin with it, and bitmaps do not.
  readonly offset?: number
  readonly nullBitmap?: Uint8Array | null
  readonly valueOffsets?: Int32Array | BigInt64Array | null
  readonly variadicBuffers?: readonly Uint8Array[]
  // Of flechette.
  readonly validity?: Uint8Array | null
  readonly offsets?: Int32Array | BigInt64Array | null
  readonly sizes?: Int32Array | BigInt64Array | null
  readonly data?: readonly Uint8Array[]
}

const NONE = new Uint8Array(0)
const NO_OFFSETS = new Int32Array(0)

export function layoutOf(chunk: ArrowChunk): ChunkLayout {
  const given = chunk as Given
  const bitmap = given.nullBitmap ?? given.validity ?? NONE
  return {
    length: given.length,
    values: given.values ?? NONE,
    offsets: given.valueOffsets ?? given.offsets ?? NO_OFFSETS,
    sizes: given.sizes ?? NO_OFFSETS,
    buffers: given.variadicBuffers ?? given.data ?? [],
    children: given.children ?? [],
    dictionary: given.dictionary ?? { length: 0, data: [] },
    firstBit: given.offset ?? 0,
    validity: given.nullCount > 0 && bitmap.length > 0 ? bitmap : undefined,
  }
}

/** A bit of a bitmap: the least significant ones come first. */
export function bitAt(bitmap: ArrayLike<unknown>, place: number): boolean {
  return (((bitmap[place >> 3] as number) >> (place & 7)) & 1) === 1
}
