import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/contracts/index.ts'
import { decodeRows, encodeRows } from '../../src/logs/row-codec.ts'

describe('row codec', () => {
  test('what is decoded is what was encoded, wherever the blocks are cut', () => {
    const row = fc.record({ text: fc.string({ unit: 'binary' }), n: fc.double(), at: fc.date() })
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 200 }), (rows: Row[], targetLength) => {
        const read = encodeRows(rows, targetLength).flatMap(({ body }) => decodeRows(body))
        expect(read).toStrictEqual(rows.map((one) => ({ ...one })))
      }),
    )
  })

  test('blocks are cut at rows: none is longer than asked for, unless it is one row', () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(n) }))
    const blocks = encodeRows(rows, 150)
    expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(100)
    for (const { body, rows: count } of blocks) {
      expect(count === 1 || body.byteLength <= 150 + count).toBe(true)
    }
    expect(encodeRows([])).toEqual([])
  })
})
