import fc from 'fast-check'
import { expect, test } from 'vitest'
import { approximateBytes } from '../../src/core/sizes.ts'

test('is within a factor of three of JSON', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ unit: 'grapheme-ascii' }),
        fc.jsonValue({ stringUnit: 'grapheme-ascii', maxDepth: 3 }),
      ),
      (row) => {
        const exact = JSON.stringify(row).length
        const about = approximateBytes(row)
        expect(about).toBeGreaterThan(exact / 3)
        expect(about).toBeLessThan(exact * 3 + 16)
      },
    ),
  )
})

test('ends on a cycle', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  expect(approximateBytes(cycle)).toBeGreaterThan(0)
})
