import type { Chunk } from '../../../contracts/index.ts'
import type { Compressor } from '../compressor.ts'
import type { BoundaryOrder, CodecName, PageEncoding } from '../thrift/enums.ts'

/** What of a leaf is not null. */
export type LeafValues =
  /** 0 or 1, a byte each. */
  | { readonly kind: 'boolean'; readonly values: Uint8Array }
  | { readonly kind: 'int32'; readonly values: Int32Array }
  /** Doubles are whole numbers up to 2^53. */
  | { readonly kind: 'int64'; readonly values: BigInt64Array | Float64Array }
  | { readonly kind: 'float'; readonly values: Float32Array }
  | { readonly kind: 'double'; readonly values: Float64Array }
  /** `offsets`: where each value begins, and where the last one ends. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly offsets: Uint32Array }
  /** FIXED_LEN_BYTE_ARRAY: one value behind the other. */
  | { readonly kind: 'fixed'; readonly bytes: Uint8Array; readonly width: number }

/** Arrays may be longer than their counts say. */
export interface LeafData {
  readonly values: LeafValues
  /** Values without nulls. */
  readonly count: number
  /** Values with nulls and empty lists: how many levels there are. */
  readonly slots: number
  /** A byte each. Absent where all are the maximum. */
  readonly definition?: Uint8Array | undefined
  /** A byte each; a row begins at each 0. Absent where all are 0. */
  readonly repetition?: Uint8Array | undefined
  readonly rows: number
}

/**
 * Encodings that a column may be given, where its type has them. `dictionary`: its keys are plain and its indices RLE, and a chunk with
 * too many distinct values is plain. Of integers and of fixed length, `byte_stream_split` is newer than most readers; DuckDB refuses it.
 */
export type Encoding = Exclude<PageEncoding, 'rle_dictionary'> | 'dictionary'

/** What the bounds of a column are the least and the greatest by. `none`: it has none. */
export type LeafOrder = 'signed' | 'unsigned' | 'float' | 'float16' | 'bytes' | 'decimal' | 'none'

export interface Leaf {
  readonly path: readonly string[]
  readonly physical: LeafValues['kind']
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly order: LeafOrder
  /** Whether it is null only where a struct around it is. Default: no. */
  readonly isNullByStruct?: boolean | undefined
  /** One that its type has. Default: chosen from the data of each chunk. */
  readonly encoding?: Encoding | undefined
  /** Whether to make a Bloom filter. Default: no. */
  readonly bloom?: boolean | undefined
}

export interface ChunkOptions {
  readonly codec: 'none' | 'snappy' | Compressor
  /** A page ends where its values take this many bytes, about. Default 1 MiB. */
  readonly pageBytes?: number | undefined
  /** How many rows a page has at most. Default 20,000. */
  readonly pageRows?: number | undefined
}

/** Bounds are plain values, cut to 64 bytes. */
export interface Bounds {
  readonly min: Uint8Array
  readonly max: Uint8Array
  /** Whether it is a value of the chunk, and not only less than all. */
  readonly isMinExact: boolean
  readonly isMaxExact: boolean
}

/** A column chunk as it lies in the file. */
export interface ColumnChunk {
  readonly bytes: readonly Chunk[]
  readonly metadata: ColumnChunkMetadata
  /** With its header, to be put anywhere behind the chunk. */
  readonly bloomFilter?: Chunk | undefined
}

/** What the footer says of it, but its place: what `rowText` keeps. */
export interface ColumnChunkMetadata {
  readonly encodings: readonly PageEncoding[]
  /** `none` where compression gains nothing. */
  readonly codec: CodecName
  readonly slots: number
  readonly nullCount: number
  /** Of floating-point columns: how many values are NaN. */
  readonly nanCount?: number | undefined
  /** With the headers of the pages. */
  readonly rawBytes: number
  readonly storedBytes: number
  /** How many bytes the dictionary page takes, with its header, at the beginning. */
  readonly dictionaryBytes?: number | undefined
  readonly bounds?: Bounds | undefined
  /** Absent where a page with values has no bounds. */
  readonly columnIndex?: ColumnIndexData | undefined
  readonly pages: readonly PagePlace[]
  /** Of byte arrays: what all values take without their lengths. */
  readonly unencodedBytes?: number | undefined
}

/** An entry for each page; bounds of one with nulls alone are empty. */
export interface ColumnIndexData {
  readonly nullPages: readonly boolean[]
  readonly minValues: readonly Uint8Array[]
  readonly maxValues: readonly Uint8Array[]
  readonly nullCounts: readonly number[]
  readonly boundaryOrder: BoundaryOrder
}

export interface PagePlace {
  /** From the beginning of the chunk. */
  readonly offset: number
  /** With its header. */
  readonly storedBytes: number
  /** From the beginning of the row group. */
  readonly firstRow: number
}
