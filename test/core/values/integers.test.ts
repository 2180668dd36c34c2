import { describe, expect, test } from 'vitest'
import { fitsInteger, INTEGER_RANGES, type IntegerType } from '../../../src/core/values/integers.ts'

describe('fitsInteger', () => {
  test.each(Object.keys(INTEGER_RANGES) as IntegerType[])('%s ends where its bits end', (type) => {
    const bits = BigInt(/\d+/.exec(type)?.[0] ?? '')
    const max = type.startsWith('u') ? 2n ** bits - 1n : 2n ** (bits - 1n) - 1n
    const min = type.startsWith('u') ? 0n : -max - 1n
    const of = (value: bigint): unknown => (bits < 64n ? Number(value) : value)
    expect([fitsInteger(of(max), type), fitsInteger(of(min), type)]).toEqual([true, true])
    expect([fitsInteger(of(max + 1n), type), fitsInteger(of(min - 1n), type)]).toEqual([
      false,
      false,
    ])
    expect(fitsInteger(5n, type)).toBe(bits === 64n)
  })

  test.each([2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, true, new Date(0)])(
    '%o is none',
    (value) => {
      expect(fitsInteger(value, 'int64')).toBe(false)
      expect(fitsInteger(value, 'uint8')).toBe(false)
    },
  )

  test('takes -0 as 0', () => {
    expect(fitsInteger(-0, 'uint64')).toBe(true)
    expect(fitsInteger(-0, 'int8')).toBe(true)
  })
})
