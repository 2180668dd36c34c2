import type { Kernels } from '../kernels.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'

/** A page: from one slot, value and row to before another. */
export interface PageRange {
  readonly fromSlot: number
  readonly toSlot: number
  readonly fromValue: number
  readonly toValue: number
  readonly firstRow: number
}

export interface PageLimits {
  /** Bytes of a value; 0 for byte arrays. */
  readonly width: number
  readonly pageRows: number
  readonly pageBytes: number
}

/** Pages begin with rows, so that readers may skip some by the offset index. There is one at least. */
export function cutPages(
  kernels: Kernels,
  leaf: LoadedLeaf,
  maxDefinition: number,
  limits: PageLimits,
): PageRange[] {
  const { definition, repetition, slots } = leaf
  const isEven = definition === 0 && repetition === 0 && limits.width > 0
  const end = isEven ? evenPages(leaf, limits) : unevenPages(kernels, leaf, maxDefinition, limits)
  const pages: PageRange[] = []
  let slot = 0
  let value = 0
  let row = 0
  do {
    const { toSlot, toValue, rows } = end(slot, value)
    pages.push({ fromSlot: slot, toSlot, fromValue: value, toValue, firstRow: row })
    slot = toSlot
    value = toValue
    row += rows
  } while (slot < slots)
  return pages
}

type PageEnd = (slot: number, value: number) => { toSlot: number; toValue: number; rows: number }

/** As many values as rows, of one width: there is nothing to look at. */
function evenPages({ slots }: LoadedLeaf, { width, pageRows, pageBytes }: PageLimits): PageEnd {
  const most = Math.max(1, Math.min(pageRows, Math.ceil(pageBytes / width)))
  return (slot) => {
    const end = Math.min(slots, slot + most)
    return { toSlot: end, toValue: end, rows: end - slot }
  }
}

function unevenPages(
  kernels: Kernels,
  { definition, repetition, slots, offsets }: LoadedLeaf,
  maxDefinition: number,
  { width, pageRows, pageBytes }: PageLimits,
): PageEnd {
  const { pageEnd, resultAddress } = kernels.functions
  const result = resultAddress()
  const lengths = width === 0 ? offsets : 0
  return (slot, value) => {
    pageEnd(
      definition,
      maxDefinition,
      repetition,
      slots,
      lengths,
      width,
      slot,
      value,
      pageRows,
      pageBytes,
    )
    return {
      toSlot: kernels.numberAt(result),
      toValue: kernels.numberAt(result + 4),
      rows: kernels.numberAt(result + 8),
    }
  }
}
