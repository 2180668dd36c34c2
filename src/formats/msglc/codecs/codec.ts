import type { ByteWriter } from './byte-writer.ts'
import type { TokenReader } from './token-reader.ts'

/** What the values of a file are encoded with. */
export type CodecName = 'msgpack' | 'cbor'

/** A value that holds no other. */
export type Scalar = null | boolean | number | bigint | string | Uint8Array

/** One of the two encodings, as a container needs it: it writes the heads of lists and maps itself, and looks at them without what is inside. */
export interface Codec {
  readonly name: CodecName
  /** In the shortest form. */
  list(to: ByteWriter, count: number): void
  map(to: ByteWriter, count: number): void
  /** The head of a list or a map whose count is not known yet: always `WIDE_HEAD_BYTES` long. */
  wideHead(kind: 'list' | 'map', count: number): number[]
  scalar(to: ByteWriter, value: Scalar): void
  /** A `number` as a double, also where it is an integer: what typed arrays of floats hold. */
  double(to: ByteWriter, value: number): void
  reader(bytes: Uint8Array, start?: number, end?: number): TokenReader
}

/** Of a head that can hold every count. */
export const WIDE_HEAD_BYTES = 5

/** The most that a list or a map holds in either encoding's heads of four bytes, and the most that is written. */
export const MAX_COUNT: number = 2 ** 32 - 1
