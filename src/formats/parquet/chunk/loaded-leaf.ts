import type { Kernels } from '../kernels.ts'
import type { LeafData, LeafValues } from './leaf.ts'

/** A leaf in the memory of the kernels: addresses are of that. */
export interface LoadedLeaf {
  readonly kind: LeafValues['kind']
  readonly count: number
  readonly slots: number
  /** Bytes of a value as it is in memory; 0 for byte arrays, which have `offsets`. */
  readonly width: number
  readonly values: number
  /** Where each value begins after `values`, and the last one ends; 0 where all have one width. */
  readonly offsets: number
  /** 0: all are the maximum. */
  readonly definition: number
  /** 0: all are 0. */
  readonly repetition: number
  /** How many bytes the values from one to before another take. */
  bytesOf(from: number, to: number): number
}

/** Copies a leaf in. Byte arrays and levels are bytes already, and numbers are little-endian on every platform with WebAssembly's. */
export function loadLeaf(kernels: Kernels, data: LeafData): LoadedLeaf {
  const { count, slots } = data
  const levels = {
    definition: data.definition ? kernels.copyIn(data.definition.subarray(0, slots)) : 0,
    repetition: data.repetition ? kernels.copyIn(data.repetition.subarray(0, slots)) : 0,
  }
  const { kind } = data.values
  if (kind === 'bytes') {
    const offsets = data.values.offsets.subarray(0, count + 1)
    return {
      ...{ kind, count, slots, width: 0, ...levels },
      values: kernels.copyIn(data.values.bytes.subarray(0, offsets[count] ?? 0)),
      offsets: kernels.copyIn(offsets),
      bytesOf: (from, to) => (offsets[to] ?? 0) - (offsets[from] ?? 0),
    }
  }
  const values =
    kind === 'fixed'
      ? data.values.bytes.subarray(0, count * data.values.width)
      : data.values.values.subarray(0, count)
  const width = kind === 'fixed' ? data.values.width : data.values.values.BYTES_PER_ELEMENT
  const address = kernels.copyIn(values)
  if (values instanceof Float64Array && kind === 'int64') {
    kernels.functions.wholeNumbers(address, count)
  }
  if (kind === 'float') kernels.functions.oneNaN32(address, count)
  if (kind === 'double') kernels.functions.oneNaN64(address, count)
  return {
    ...{ kind, count, slots, width, ...levels },
    values: address,
    offsets: 0,
    bytesOf: (from, to) => width * (to - from),
  }
}
