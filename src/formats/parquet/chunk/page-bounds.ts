import type { Kernels } from '../kernels.ts'
import { cutBounds, LONGEST_BOUND } from './cut-bounds.ts'
import type { Bounds, Leaf } from './leaf.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'

/** Of the values of one page: `bounds` is absent where the column has no order, or no value is a number. */
export interface PageBounds {
  readonly bounds?: Bounds | undefined
  /** How many values are NaN, which is outside of all bounds. */
  readonly nanCount: number
}

/** The bounds of the values from one to before another, of which there is at least one. */
export type FindBounds = (from: number, to: number) => PageBounds

/**
 * How the bounds of a leaf are found, by its order:
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (ColumnOrder)
 */
export function boundsFinder(kernels: Kernels, leaf: Leaf, loaded: LoadedLeaf): FindBounds {
  const { values, width, kind, offsets } = loaded
  const { order } = leaf
  if (order === 'none') return () => ({ nanCount: 0 })
  if (kind === 'bytes') {
    return (from, to) => {
      kernels.functions.boundsBytes(values, offsets + 4 * from, to - from)
      const valueAt = (i: number): [number, number] => {
        const place = offsets + 4 * (from + i)
        const begin = kernels.numberAt(place)
        return [values + begin, kernels.numberAt(place + 4) - begin]
      }
      return { bounds: boundsOfBytes(kernels, valueAt), nanCount: 0 }
    }
  }
  if (kind === 'fixed' && order !== 'float16') {
    const isSigned = order === 'decimal'
    return (from, to) => {
      const begin = values + width * from
      kernels.functions.boundsFixed(begin, width, to - from, isSigned)
      const valueAt = (i: number): [number, number] => [begin + width * i, width]
      return { bounds: boundsOfBytes(kernels, valueAt), nanCount: 0 }
    }
  }
  const isFloat = kind === 'float' || kind === 'double' || order === 'float16'
  return (from, to) => {
    const find = numbersBounds(kernels, loaded, order)
    const nanCount = Number(find(values + width * from, to - from) ?? 0)
    if (nanCount === to - from) return { nanCount }
    const result = kernels.functions.resultAddress()
    const min = kernels.copyOut(result, width)
    const max = kernels.copyOut(result + 8, width)
    if (isFloat) widenZeros(min, max)
    return { bounds: { min, max, isMinExact: true, isMaxExact: true }, nanCount }
  }
}

function numbersBounds(
  { functions }: Kernels,
  { kind }: LoadedLeaf,
  order: Leaf['order'],
): (from: number, count: number) => unknown {
  switch (kind) {
    case 'boolean':
      return functions.boundsU8
    case 'int32':
      return order === 'unsigned' ? functions.boundsU32 : functions.boundsI32
    case 'int64':
      return order === 'unsigned' ? functions.boundsU64 : functions.boundsI64
    case 'float':
      return functions.boundsF32
    case 'double':
      return functions.boundsF64
    default:
      return functions.boundsF16
  }
}

/** -0 and 0 are equal, and readers may look for either: so 0 as the least is written as -0, and -0 as the greatest as 0. */
function widenZeros(min: Uint8Array, max: Uint8Array): void {
  const isZero = (bound: Uint8Array): boolean =>
    bound.every((byte, i) => byte === 0 || (byte === 0x80 && i === bound.length - 1))
  if (isZero(min)) min[min.length - 1] = 0x80
  if (isZero(max)) max[max.length - 1] = 0
}

function boundsOfBytes(
  kernels: Kernels,
  valueAt: (i: number) => [address: number, length: number],
): Bounds | undefined {
  const result = kernels.functions.resultAddress()
  const [least, greatest] = [result, result + 4].map((address) => {
    const [begin, length] = valueAt(kernels.numberAt(address))
    // As much as is looked at, whatever its length.
    return kernels.copyOut(begin, Math.min(length, LONGEST_BOUND + 1))
  })
  return least && greatest && cutBounds(least, greatest)
}
