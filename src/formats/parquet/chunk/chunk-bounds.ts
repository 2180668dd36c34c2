import type { BoundaryOrder } from '../thrift/enums.ts'
import type { Bounds, ColumnIndexData, Leaf } from './leaf.ts'
import type { PageBounds } from './page-bounds.ts'

export interface PageStatistics extends PageBounds {
  readonly count: number
  readonly nullCount: number
}

/** What the pages' statistics are together. */
export interface ChunkStatistics {
  readonly nanCount?: number | undefined
  readonly bounds?: Bounds | undefined
  readonly columnIndex?: ColumnIndexData | undefined
}

/**
 * A chunk with a NaN has neither bounds nor a column index: DuckDB, to which NaN is the largest number, would skip it for what is above
 * its bounds.
 */
export function chunkStatistics(leaf: Leaf, pages: readonly PageStatistics[]): ChunkStatistics {
  const isFloat = leaf.order === 'float' || leaf.order === 'float16'
  const nanCount = pages.reduce((sum, page) => sum + page.nanCount, 0)
  const counted = isFloat ? { nanCount } : {}
  const bounds = pages.flatMap((page) => page.bounds ?? [])
  const withValues = pages.filter(({ count }) => count > 0).length
  if (nanCount > 0 || bounds.length < withValues || leaf.order === 'none') return counted
  const compare = comparison(leaf)
  return {
    ...counted,
    bounds: bounds.length === 0 ? undefined : bounds.reduce((a, b) => union(a, b, compare)),
    columnIndex: {
      nullPages: pages.map(({ count }) => count === 0),
      minValues: pages.map((page) => page.bounds?.min ?? new Uint8Array(0)),
      maxValues: pages.map((page) => page.bounds?.max ?? new Uint8Array(0)),
      nullCounts: pages.map(({ nullCount }) => nullCount),
      boundaryOrder: boundaryOrder(bounds, compare),
    },
  }
}

type Compare = (a: Uint8Array, b: Uint8Array) => number

/** Of two that are equal, a value stands before what only begins or ends like one. */
function union(a: Bounds, b: Bounds, compare: Compare): Bounds {
  const min = compare(a.min, b.min)
  const max = compare(a.max, b.max)
  const lower = min < 0 || (min === 0 && a.isMinExact) ? a : b
  const upper = max > 0 || (max === 0 && a.isMaxExact) ? a : b
  return {
    min: lower.min,
    max: upper.max,
    isMinExact: lower.isMinExact,
    isMaxExact: upper.isMaxExact,
  }
}

function boundaryOrder(bounds: readonly Bounds[], compare: Compare): BoundaryOrder {
  const isSorted = (sign: number): boolean =>
    bounds.every((bound, i) => {
      const before = bounds[i - 1]
      return (
        before === undefined ||
        (sign * compare(before.min, bound.min) <= 0 && sign * compare(before.max, bound.max) <= 0)
      )
    })
  if (isSorted(1)) return 'ascending'
  return isSorted(-1) ? 'descending' : 'unordered'
}

/** By the column's order, of plain values. */
function comparison({ physical, order }: Leaf): Compare {
  const isUnsigned = order === 'unsigned'
  switch (physical) {
    case 'boolean':
      return (a, b) => (a[0] as number) - (b[0] as number)
    case 'int32':
      return byNumber((view) => (isUnsigned ? view.getUint32(0, true) : view.getInt32(0, true)))
    case 'int64':
      return byNumber((view) =>
        isUnsigned ? view.getBigUint64(0, true) : view.getBigInt64(0, true),
      )
    case 'float':
      return byNumber((view) => view.getFloat32(0, true))
    case 'double':
      return byNumber((view) => view.getFloat64(0, true))
    default:
      if (order === 'float16') return byNumber(halfRank)
      if (order === 'decimal') return (a, b) => signOf(a) - signOf(b) || compareBytes(a, b)
      return compareBytes
  }
}

function byNumber(read: (view: DataView) => number | bigint): Compare {
  const of = (bytes: Uint8Array): number | bigint =>
    read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  return (a, b) => {
    const one = of(a)
    const other = of(b)
    return one < other ? -1 : one > other ? 1 : 0
  }
}

/** A number that is in order as the half-precision one is: sign and magnitude. */
function halfRank(view: DataView): number {
  const bits = view.getUint16(0, true)
  return bits & 0x8000 ? -(bits & 0x7fff) : bits
}

/** Of a big-endian number in two's complement: -1 or 0. */
function signOf(bytes: Uint8Array): number {
  return -((bytes[0] as number) >> 7)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.byteLength, b.byteLength)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.byteLength - b.byteLength
}
