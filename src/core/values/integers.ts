import type { ScalarType } from '../../contracts/index.ts'

/** Values are numbers. */
export type SmallInteger = Extract<
  ScalarType,
  'int8' | 'int16' | 'int32' | 'uint8' | 'uint16' | 'uint32'
>
/** Values are numbers where these are exact, and `bigint`. */
export type LargeInteger = Extract<ScalarType, 'int64' | 'uint64'>
export type IntegerType = SmallInteger | LargeInteger

type Range<T> = readonly [min: T, max: T]

/** The least and the greatest value of each. */
export const INTEGER_RANGES: Readonly<
  Record<SmallInteger, Range<number>> & Record<LargeInteger, Range<bigint>>
> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0, 2 ** 8 - 1],
  uint16: [0, 2 ** 16 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0n, 2n ** 64n - 1n],
}

/**
 * Whether the value is one of the type. A `bigint` is one of 64 bits only, and a number only where it is exact: beyond ±(2^53 - 1)
 * it may stand for its neighbours too. `-0` is 0.
 */
export function fitsInteger(value: unknown, type: IntegerType): boolean {
  const [min, max] = INTEGER_RANGES[type]
  if (typeof value === 'bigint') return typeof min === 'bigint' && value >= min && value <= max
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}
