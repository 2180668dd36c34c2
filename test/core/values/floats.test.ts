import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fitsFloat16,
  fitsFloat32,
  float16Bits,
  float16Of,
} from '../../../src/core/values/floats.ts'

/** By the definition of the format. */
function valueOfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

const FINITE = 0x7c00

describe('float16Bits', () => {
  test('gives each of its numbers back, and rounds what lies between two to the nearer, ties to even', () => {
    for (let bits = 0; bits < FINITE; bits++) {
      const value = valueOfBits(bits)
      const middle = (value + (bits + 1 < FINITE ? valueOfBits(bits + 1) : 65_536)) / 2
      const rounded = [
        float16Bits(value),
        float16Bits(middle - middle * 2 ** -52),
        float16Bits(middle),
        float16Bits(middle + middle * 2 ** -52),
        float16Bits(-value),
      ]
      const tie = bits % 2 === 0 ? bits : bits + 1
      if (rounded.join() !== [bits, bits, tie, bits + 1, bits | 0x8000].join()) {
        expect({ bits, rounded }).toEqual({ bits })
      }
    }
  })

  test.each([
    [0, 0],
    [-0, 0x8000],
    [5e-324, 0],
    [-5e-324, 0x8000],
    [Number.NaN, 0x7e00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [65_519.999, 0x7bff],
    [65_520, 0x7c00],
    [-1e300, 0xfc00],
    // By way of 32 bits this would lie on the middle, and become 0x3c00.
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
  ])('%o has the bits %o', (value, bits) => {
    expect(float16Bits(value)).toBe(bits)
  })

  test('never changes the order of numbers', () => {
    const size = fc.double({ min: 0, max: 65_519, noNaN: true })
    fc.assert(
      fc.property(size, size, (a, b) => {
        expect(Math.sign(a - b) * (float16Bits(a) - float16Bits(b))).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

test('what would become an infinity does not fit, and an infinity does', () => {
  const half = [65_519.99, 65_520, -65_520, Number.NEGATIVE_INFINITY, Number.NaN]
  expect(half.map(fitsFloat16)).toEqual([true, false, false, true, true])
  const single = [
    3.4028235677973362e38,
    3.4028235677973366e38,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]
  expect(single.map(fitsFloat32)).toEqual([true, false, true, true])
})

test('float16Of gives the number of all bits', () => {
  for (let bits = 0; bits < FINITE; bits++) {
    const value = valueOfBits(bits)
    if (!Object.is(float16Of(bits), value) || !Object.is(float16Of(bits | 0x8000), -value)) {
      expect({ bits, value: float16Of(bits) }).toEqual({ bits, value })
    }
  }
  expect([0x7c00, 0xfc00, 0x7c01, 0xfe00].map(float16Of)).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    Number.NaN,
  ])
})
