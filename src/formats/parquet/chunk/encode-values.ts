import type { Kernels } from '../kernels.ts'
import type { PageEncoding } from '../thrift/enums.ts'
import type { Dictionary } from './dictionary.ts'
import type { Encoding } from './leaf.ts'
import { hybridBound, writeLevels } from './levels.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'

/** Values of a leaf in one encoding, from one to before another. */
export interface ValueEncoder {
  readonly encoding: PageEncoding
  /** The most bytes that they become. */
  boundOf(from: number, to: number): number
  /** Returns how many bytes it wrote. May allocate what it frees again. */
  encode(from: number, to: number, address: number): number
}

export function dictionaryEncoder(
  kernels: Kernels,
  { indices, indexBits }: Dictionary,
): ValueEncoder {
  return {
    encoding: 'rle_dictionary',
    boundOf: (from, to) => 1 + hybridBound(to - from, indexBits),
    encode(from, to, address) {
      kernels.view()[address] = indexBits
      const { hybrid32 } = kernels.functions
      return 1 + hybrid32(indices + 4 * from, to - from, indexBits, address + 1)
    },
  }
}

/** The encoder of a leaf for an encoding that its type has (`hasEncoding`). */
export function valueEncoder(
  kernels: Kernels,
  leaf: LoadedLeaf,
  encoding: Exclude<PageEncoding, 'rle_dictionary'>,
): ValueEncoder {
  const make = ENCODERS[encoding][leaf.kind] as Make
  return { encoding, ...make(kernels, leaf) }
}

/** Any may have a dictionary: where there is no use in one, values are plain. */
export function hasEncoding(kind: LoadedLeaf['kind'], encoding: Encoding): boolean {
  return encoding === 'dictionary' || ENCODERS[encoding][kind] !== undefined
}

type Make = (kernels: Kernels, leaf: LoadedLeaf) => Omit<ValueEncoder, 'encoding'>

const ENCODERS: Readonly<
  Record<
    Exclude<PageEncoding, 'rle_dictionary'>,
    Readonly<Partial<Record<LoadedLeaf['kind'], Make>>>
  >
> = {
  plain: {
    boolean: bits,
    int32: plain,
    int64: plain,
    float: plain,
    double: plain,
    fixed: plain,
    bytes: plainBytes,
  },
  rle: { boolean: runs },
  delta_binary_packed: { int32: deltas, int64: deltas },
  delta_length_byte_array: { bytes: deltaLengths },
  delta_byte_array: { bytes: deltaBytes, fixed: deltaBytes },
  byte_stream_split: { int32: split, int64: split, float: split, double: split, fixed: split },
}

function plain(kernels: Kernels, { values, width }: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => width * (to - from),
    encode(from, to, address) {
      kernels.view().copyWithin(address, values + width * from, values + width * to)
      return width * (to - from)
    },
  }
}

function bits(kernels: Kernels, { values }: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => Math.ceil((to - from) / 8),
    encode: (from, to, address) =>
      kernels.functions.packBooleans(values + from, to - from, address),
  }
}

/** Behind their length, as levels are. */
function runs(kernels: Kernels, { values }: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => 4 + hybridBound(to - from, 1),
    encode: (from, to, address) => writeLevels(kernels, values + from, to - from, 1, address),
  }
}

function deltas(kernels: Kernels, { kind, values, width }: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => deltaBound(to - from, width),
    encode(from, to, address) {
      const { delta32, delta64 } = kernels.functions
      const delta = kind === 'int32' ? delta32 : delta64
      return delta(values + width * from, to - from, address)
    },
  }
}

function split(kernels: Kernels, { values, width }: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => width * (to - from),
    encode(from, to, address) {
      kernels.functions.byteStreamSplit(values + width * from, to - from, width, address)
      return width * (to - from)
    },
  }
}

function plainBytes(kernels: Kernels, leaf: LoadedLeaf): ReturnType<Make> {
  const { values, offsets } = leaf
  return {
    boundOf: (from, to) => 4 * (to - from) + leaf.bytesOf(from, to),
    encode: (from, to, address) =>
      kernels.functions.plainBytes(values, offsets + 4 * from, to - from, address),
  }
}

function deltaLengths(kernels: Kernels, leaf: LoadedLeaf): ReturnType<Make> {
  const { values, offsets } = leaf
  return {
    boundOf: (from, to) => deltaBound(to - from, 4) + leaf.bytesOf(from, to),
    encode(from, to, address) {
      const begun = kernels.mark()
      const scratch = kernels.allocate(4 * (to - from))
      const { deltaLength } = kernels.functions
      const length = deltaLength(values, offsets + 4 * from, to - from, scratch, address)
      kernels.rewind(begun)
      return length
    },
  }
}

function deltaBytes(kernels: Kernels, leaf: LoadedLeaf): ReturnType<Make> {
  return {
    boundOf: (from, to) => 2 * deltaBound(to - from, 4) + leaf.bytesOf(from, to),
    encode(from, to, address) {
      const count = to - from
      const begun = kernels.mark()
      const scratch = kernels.allocate(8 * count)
      let { values, offsets } = leaf
      if (offsets === 0) {
        values += leaf.width * from
        offsets = kernels.allocate(4 * (count + 1))
        kernels.functions.evenOffsets(count, leaf.width, offsets)
      } else {
        offsets += 4 * from
      }
      const length = kernels.functions.deltaBytes(values, offsets, count, scratch, address)
      kernels.rewind(begun)
      return length
    },
  }
}

/** Each block of 128: its least difference, the widths of four miniblocks, and these in full. */
function deltaBound(count: number, width: number): number {
  return 32 + Math.ceil(count / 128) * (16 + 128 * width)
}
