import type { Kernels } from '../kernels.ts'
import { bitsOf } from './levels.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'

/** What other writers allow as well: readers hold a dictionary while they read its chunk. */
const MAX_DICTIONARY_BYTES = 1024 * 1024

/** Where the kernels look whether values repeat at all, behind each table. */
const DRAW_BYTES = 32 * 1024

/** The distinct values of a chunk, and for each value which of them it is, in the memory of the kernels. */
export interface Dictionary {
  readonly count: number
  /** As they are in the dictionary page. */
  readonly keys: number
  readonly keyBytes: number
  /** Four bytes each. */
  readonly indices: number
  readonly indexBits: number
}

/** `undefined` where there is no use in one: too many values are distinct. */
export function makeDictionary(kernels: Kernels, leaf: LoadedLeaf): Dictionary | undefined {
  const { kind, count } = leaf
  if (count === 0 || kind === 'boolean') return undefined
  const begun = kernels.mark()
  const indices = kernels.allocate(4 * count)
  const dictionary =
    leaf.offsets !== 0
      ? bytesDictionary(kernels, leaf, leaf.offsets, indices)
      : kind === 'fixed'
        ? fixedBytesDictionary(kernels, leaf, indices)
        : numbersDictionary(kernels, leaf, indices)
  if (!dictionary) kernels.rewind(begun)
  return dictionary
}

function numbersDictionary(
  kernels: Kernels,
  { values, count, width }: LoadedLeaf,
  indices: number,
): Dictionary | undefined {
  const maxKeys = Math.min(count, MAX_DICTIONARY_BYTES / width)
  const keys = kernels.allocate(maxKeys * width)
  const made = kernels.mark()
  const tableBits = tableBitsOf(maxKeys)
  const table = kernels.allocate((4 << tableBits) + DRAW_BYTES)
  const { dictionary32, dictionary64 } = kernels.functions
  const make = width === 4 ? dictionary32 : dictionary64
  const found = make(values, count, indices, keys, maxKeys, table, tableBits)
  kernels.rewind(made)
  return found < 0 ? undefined : dictionaryOf(found, keys, found * width, indices)
}

function bytesDictionary(
  kernels: Kernels,
  leaf: LoadedLeaf,
  offsets: number,
  indices: number,
): Dictionary | undefined {
  const { count } = leaf
  const maxBytes = Math.min(MAX_DICTIONARY_BYTES, 4 * count + leaf.bytesOf(0, count))
  const maxKeys = Math.min(count, maxBytes / 4)
  const keys = kernels.allocate(maxBytes)
  const made = kernels.mark()
  const places = kernels.allocate(4 * (maxKeys + 1))
  const tableBits = tableBitsOf(maxKeys)
  const table = kernels.allocate((8 << tableBits) + DRAW_BYTES)
  const { dictionaryBytes } = kernels.functions
  const found = dictionaryBytes(
    leaf.values,
    offsets,
    count,
    indices,
    keys,
    maxBytes,
    places,
    maxKeys,
    table,
    tableBits,
  )
  const keyBytes = found < 0 ? 0 : kernels.numberAt(places + 4 * found)
  kernels.rewind(made)
  return found < 0 ? undefined : dictionaryOf(found, keys, keyBytes, indices)
}

/** Byte arrays of one length; the keys come without it. */
function fixedBytesDictionary(
  kernels: Kernels,
  leaf: LoadedLeaf,
  indices: number,
): Dictionary | undefined {
  const offsets = kernels.allocate(4 * (leaf.count + 1))
  kernels.functions.evenOffsets(leaf.count, leaf.width, offsets)
  const dictionary = bytesDictionary(kernels, leaf, offsets, indices)
  if (!dictionary) return undefined
  const { count, keys } = dictionary
  const view = kernels.view()
  for (let i = 0; i < count; i++) {
    const key = keys + i * (4 + leaf.width) + 4
    view.copyWithin(keys + i * leaf.width, key, key + leaf.width)
  }
  return { ...dictionary, keyBytes: count * leaf.width }
}

function dictionaryOf(count: number, keys: number, keyBytes: number, indices: number): Dictionary {
  // A width of 0 for a single key would do, but no other writer leaves it out.
  const indexBits = Math.max(1, bitsOf(count - 1))
  return { count, keys, keyBytes, indices, indexBits }
}

/** At most half of the slots of a table are taken. */
function tableBitsOf(maxKeys: number): number {
  return 33 - Math.clz32(maxKeys)
}
