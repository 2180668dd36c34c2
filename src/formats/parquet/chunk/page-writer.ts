import type { Kernels } from '../kernels.ts'
import type { PageRange } from './cut-pages.ts'
import type { Dictionary } from './dictionary.ts'
import type { ValueEncoder } from './encode-values.ts'
import type { Leaf } from './leaf.ts'
import { bitsOf, hybridBound, writeEqualLevels, writeLevels } from './levels.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'
import { snappyBound } from './snappy-bound.ts'
import type { StoredPage } from './stored-chunk.ts'

export interface PageWriter {
  dictionary(dictionary: Dictionary): StoredPage
  data(range: PageRange): StoredPage
}

/** Makes the pages of a leaf, in memory that is as large as the largest of them needs. */
export function pageWriter(
  kernels: Kernels,
  { maxDefinition, maxRepetition }: Leaf,
  { definition, repetition }: LoadedLeaf,
  values: ValueEncoder,
  ranges: readonly PageRange[],
  usesSnappy: boolean,
): PageWriter {
  const definitionBits = bitsOf(maxDefinition)
  const repetitionBits = bitsOf(maxRepetition)
  const bounds = ranges.map(({ fromSlot, toSlot, fromValue, toValue }) => {
    const slots = toSlot - fromSlot
    const levels = hybridBound(slots, definitionBits) + hybridBound(slots, repetitionBits)
    return 8 + levels + values.boundOf(fromValue, toValue)
  })
  const raw = kernels.allocate(Math.max(...bounds))

  const repetitionLevels = ({ fromSlot, toSlot }: PageRange, to: number): number => {
    if (maxRepetition === 0) return 0
    if (repetition === 0) return writeEqualLevels(kernels, 0, toSlot - fromSlot, to)
    return writeLevels(kernels, repetition + fromSlot, toSlot - fromSlot, repetitionBits, to)
  }
  const definitionLevels = ({ fromSlot, toSlot }: PageRange, to: number): number => {
    if (maxDefinition === 0) return 0
    if (definition === 0) return writeEqualLevels(kernels, maxDefinition, toSlot - fromSlot, to)
    return writeLevels(kernels, definition + fromSlot, toSlot - fromSlot, definitionBits, to)
  }
  const stored = (
    address: number,
    rawBytes: number,
    content: StoredPage['content'],
  ): StoredPage => {
    const { snappy, crc32 } = kernels.functions
    const begun = kernels.mark()
    let body = address
    let length = rawBytes
    if (usesSnappy) {
      body = kernels.allocate(snappyBound(rawBytes))
      length = snappy(address, rawBytes, body)
    }
    kernels.rewind(begun)
    return { rawBytes, body: kernels.copyOut(body, length), crc: crc32(body, length), content }
  }
  return {
    dictionary: ({ count, keys, keyBytes }) => stored(keys, keyBytes, { keys: count }),
    data(page) {
      let end = raw
      end += repetitionLevels(page, end)
      end += definitionLevels(page, end)
      end += values.encode(page.fromValue, page.toValue, end)
      const { encoding } = values
      const slots = page.toSlot - page.fromSlot
      return stored(raw, end - raw, { slots, firstRow: page.firstRow, encoding })
    },
  }
}
