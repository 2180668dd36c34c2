import { describe, expect, test } from 'vitest'
import type { TimestampType, TimeType, TimeUnit } from '../../../src/contracts/index.ts'
import { unitsOf } from '../../../src/core/values/units-of.ts'

const time = (unit: TimeUnit): TimeType => ({ kind: 'time', unit, utc: false })
const timestamp = (unit: TimeUnit): TimestampType => ({ kind: 'timestamp', unit, utc: true })

describe('unitsOf a time of day', () => {
  test.each<[unknown, TimeUnit, number]>([
    ['00:00:00', 'ms', 0],
    ['23:59:59.999', 'ms', 86_399_999],
    ['23:59:59.999999', 'us', 86_399_999_999],
    ['23:59:59.999999999', 'ns', 86_399_999_999_999],
    ['01:02:03.5', 'us', 3_723_500_000],
    ['01:02:03.500000000', 'ms', 3_723_500],
    [86_399_999, 'ms', 86_399_999],
    [86_399_999_999_999n, 'ns', 86_399_999_999_999],
    [-0, 'ms', 0],
  ])('%o in %s is %i', (value, unit, units) => {
    expect(unitsOf(value, time(unit))).toBe(units)
  })

  test.each<[unknown, TimeUnit]>([
    ['24:00:00', 'ms'],
    ['23:59:60', 'ms'],
    ['12:60:00', 'ms'],
    ['12:00', 'ms'],
    ['1:00:00', 'ms'],
    ['12:00:00Z', 'ms'],
    ['12:00:00.', 'ms'],
    ['12:00:00.0001', 'ms'],
    ['12:00:00.0000001', 'us'],
    ['12:00:00.0000000000', 'ns'],
    [86_400_000, 'ms'],
    [86_400_000_000_000n, 'ns'],
    [-1, 'ms'],
    [0.5, 'ms'],
    [Number.NaN, 'ms'],
    [new Date(0), 'ms'],
    [null, 'ms'],
  ])('%o in %s is none', (value, unit) => {
    expect(unitsOf(value, time(unit))).toBeUndefined()
  })
})

describe('unitsOf a moment', () => {
  test.each<[unknown, TimeUnit, number | bigint]>([
    [new Date(-1), 'ms', -1],
    [new Date(8.64e15), 'ms', 8.64e15],
    [new Date(1.5e12), 'us', 1.5e15],
    [new Date(8.64e15), 'us', 8_640_000_000_000_000_000n],
    [new Date(1.5e12), 'ns', 1_500_000_000_000_000_000n],
    [new Date(-9_223_372_036_854), 'ns', -9_223_372_036_854_000_000n],
    [new Date(9_007_199_254), 'ns', 9_007_199_254_000_000],
    [5n, 'ns', 5],
    [2n ** 63n - 1n, 'ns', 2n ** 63n - 1n],
    [-(2n ** 63n), 'us', -(2n ** 63n)],
    [-0, 'ms', 0],
  ])('%o in %s is %o', (value, unit, units) => {
    expect(unitsOf(value, timestamp(unit))).toBe(units)
  })

  test.each<[unknown, TimeUnit]>([
    [new Date(9_223_372_036_855), 'ns'],
    [new Date(8.64e15), 'ns'],
    [new Date(Number.NaN), 'ms'],
    [new Date(Number.NaN), 'ns'],
    [2n ** 63n, 'ns'],
    [2 ** 53, 'ns'],
    [1.5, 'ms'],
    ['1970-01-01T00:00:00', 'ms'],
    [undefined, 'ms'],
  ])('%o in %s is none', (value, unit) => {
    expect(unitsOf(value, timestamp(unit))).toBeUndefined()
  })
})
