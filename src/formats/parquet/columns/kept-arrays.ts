import type { FieldType } from '../../../contracts/index.ts'
import type { KeptArray } from '../rows/values.ts'

type Constructor = abstract new (...parameters: never) => KeptArray

const I8 = [Int8Array]
const U8 = [Uint8Array, Uint8ClampedArray]
const I16 = [...I8, ...U8, Int16Array]
const U16 = [...U8, Uint16Array]
const I32 = [...I16, Uint16Array, Int32Array]
const U32 = [...U16, Uint32Array]
const I64 = [...I32, Uint32Array, BigInt64Array]
const U64 = [...U32, BigUint64Array]

/** Whose values all fit the type, and are as a column of it keeps them. */
const FITTING: Readonly<Partial<Record<string, readonly Constructor[]>>> = {
  int8: I8,
  int16: I16,
  int32: I32,
  int64: I64,
  uint8: U8,
  uint16: U16,
  uint32: U32,
  uint64: U64,
  float32: [Float32Array],
  double: [Float32Array, Float64Array],
  date: I32,
  timestamp: I64,
}

/** The type of a column that is an array of its own kind, without being told. */
const TYPES: readonly (readonly [Constructor, FieldType])[] = [
  [Int8Array, 'int8'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
  [Int16Array, 'int16'],
  [Uint16Array, 'uint16'],
  [Int32Array, 'int32'],
  [Uint32Array, 'uint32'],
  [BigInt64Array, 'int64'],
  [BigUint64Array, 'uint64'],
  [Float32Array, 'float32'],
  [Float64Array, 'double'],
]

/** The array, if a column of the type can take it as it is: days of `date`, units of a `timestamp`, numbers as they are. */
export function keptArray(column: ArrayLike<unknown>, type: FieldType): KeptArray | undefined {
  const word = typeof type === 'string' ? type : type.kind
  return FITTING[word]?.some((Kind) => column instanceof Kind) ? (column as KeptArray) : undefined
}

export function typeOfArray(column: ArrayLike<unknown>): FieldType | undefined {
  // By its name: not every platform has the class.
  if (Object.prototype.toString.call(column) === '[object Float16Array]') return 'float16'
  return TYPES.find(([Kind]) => column instanceof Kind)?.[1]
}
