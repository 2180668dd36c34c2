/** The element types that are decoded, by numpy's names. */
export type NumpyType = keyof NumpyData

/** What the elements of each type lie in. Booleans are 0 and 1; half floats become single ones, which hold them exactly. */
export interface NumpyData {
  readonly bool: Uint8Array<ArrayBuffer>
  readonly int8: Int8Array<ArrayBuffer>
  readonly uint8: Uint8Array<ArrayBuffer>
  readonly int16: Int16Array<ArrayBuffer>
  readonly uint16: Uint16Array<ArrayBuffer>
  readonly int32: Int32Array<ArrayBuffer>
  readonly uint32: Uint32Array<ArrayBuffer>
  readonly int64: BigInt64Array<ArrayBuffer>
  readonly uint64: BigUint64Array<ArrayBuffer>
  readonly float16: Float32Array<ArrayBuffer>
  readonly float32: Float32Array<ArrayBuffer>
  readonly float64: Float64Array<ArrayBuffer>
}

/**
 * An array that Python's writer kept as one (`numpy_encoder=True`). Only read: written again, it is a list of lists, as Python's
 * writer makes of arrays by default.
 */
export class NumpyArray<T extends NumpyType = NumpyType> {
  readonly dtype: T
  /** How many in each dimension; empty for a single value. */
  readonly shape: readonly number[]
  /** All elements, row by row (numpy's C order), whatever order they lay in. */
  readonly data: NumpyData[T]

  constructor(dtype: T, shape: readonly number[], data: NumpyData[T]) {
    this.dtype = dtype
    this.shape = shape
    this.data = data
  }

  /** Those of the first dimension: values, or arrays of one dimension less. The one value where the shape is empty. */
  *items(): Generator<number | bigint | boolean | NumpyArray<T>, void, undefined> {
    const [count = 0, ...shape] = this.shape
    const isBool = this.dtype === 'bool'
    if (this.shape.length < 2) {
      for (const value of this.data) yield isBool ? value !== 0 : value
      return
    }
    const length = this.data.length / (count || 1)
    for (let index = 0; index < count; index++) {
      const data = this.data.subarray(index * length, (index + 1) * length) as NumpyData[T]
      yield new NumpyArray(this.dtype, shape, data)
    }
  }
}
