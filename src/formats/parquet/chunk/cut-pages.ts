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

/** Pages begin with rows, so that readers may skip some by the offset index. */
export function cutPages(
  kernels: Kernels,
  { slots, definition, repetition, offsets }: LoadedLeaf,
  maxDefinition: number,
  { width, pageRows, pageBytes }: { width: number; pageRows: number; pageBytes: number },
): PageRange[] {
  const result = kernels.functions.resultAddress()
  const pages: PageRange[] = []
  let slot = 0
  let value = 0
  let row = 0
  do {
    kernels.functions.pageEnd(
      ...([definition, maxDefinition, repetition, slots] as const),
      ...([width === 0 ? offsets : 0, width, slot, value, pageRows, pageBytes] as const),
    )
    const toSlot = kernels.numberAt(result)
    const toValue = kernels.numberAt(result + 4)
    pages.push({ fromSlot: slot, toSlot, fromValue: value, toValue, firstRow: row })
    slot = toSlot
    value = toValue
    row += kernels.numberAt(result + 8)
  } while (slot < slots)
  return pages
}
