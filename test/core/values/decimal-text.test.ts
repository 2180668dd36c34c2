import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalText } from '../../../src/core/values/decimal-text.ts'
import { decimalUnscaled } from '../../../src/core/values/decimal-unscaled.ts'

test.each<[bigint, number, string]>([
  [0n, 0, '0'],
  [0n, 2, '0.00'],
  [-1n, 2, '-0.01'],
  [-1250n, 2, '-12.50'],
  [5n, 1, '0.5'],
  [12n, 0, '12'],
])('%s of scale %s is %s', (unscaled, scale, text) => {
  expect(decimalText(unscaled, scale)).toBe(text)
})

test('is the text of the same value', () => {
  const most = 10n ** 76n - 1n
  fc.assert(
    fc.property(
      fc.bigInt({ min: -most, max: most }),
      fc.integer({ min: 0, max: 76 }),
      (unscaled, scale) => {
        const text = decimalText(unscaled, scale)
        expect(decimalUnscaled(text, { precision: 76, scale })).toBe(unscaled)
      },
    ),
  )
})
