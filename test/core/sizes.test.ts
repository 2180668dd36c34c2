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

test('all that a record may hold is weighed, wherever it lies', () => {
  const text = 'x'.repeat(1000)
  let deep: unknown = text
  for (let level = 0; level < 64; level++) deep = [deep]
  const bytes = new ArrayBuffer(1000)
  const large = [new Map([['k', text]]), new Map([[text, 1]]), new Set([text]), deep]
  const views = [bytes, new DataView(bytes), new Float64Array(125), new Uint8Array(bytes)]
  for (const value of [...large, ...views]) {
    expect(approximateBytes(value)).toBeGreaterThanOrEqual(1000)
    // As records come, in a list.
    expect(approximateBytes([value])).toBeGreaterThanOrEqual(1000)
  }
})
