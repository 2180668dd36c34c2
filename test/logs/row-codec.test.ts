import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/contracts/index.ts'
import { rowOfText, rowText } from '../../src/core/row-text.ts'
import { blockOfRows } from '../../src/core/rows/block-builder.ts'
import { decodeAll, decodeRows, encodeRows } from '../../src/logs/row-codec.ts'

describe('row codec', () => {
  test('what is decoded is what was encoded, wherever the blocks are cut', () => {
    const row = fc.record({ text: fc.string({ unit: 'binary' }), n: fc.double(), at: fc.date() })
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 200 }), (rows: Row[], targetLength) => {
        const read = encodeRows(rows, targetLength).flatMap(({ body }) => [...decodeRows(body)])
        expect(read).toStrictEqual(rows.map((one) => ({ ...one })))
      }),
    )
  })

  test('rows of one kind are columns, and read back as they were', () => {
    const value = fc.oneof(
      fc.constantFrom(null, -0, Number.NaN, new Date(Number.NaN), 5n, undefined),
      fc.jsonValue(),
      fc.date({ noInvalidDate: true }),
      fc.string({ unit: 'binary' }),
    )
    // The same keys in most rows, and what fits no column seldom enough for both ways to be gone.
    const row = fc.record(
      {
        'a"b': fc.integer(),
        ['__proto__']: value,
        toJSON: fc.string(),
        at: fc.date(),
        more: value,
      },
      { requiredKeys: ['a"b', 'at'] },
    )
    const rows = fc.oneof(
      fc.array(row, { maxLength: 20 }),
      fc.array(fc.record({ 1: fc.string(), at: fc.option(fc.date({ noInvalidDate: true })) })),
    )
    fc.assert(
      fc.property(rows, (all) => {
        const read = encodeRows(all).flatMap(({ body }) => [...decodeRows(body)])
        expect(read).toStrictEqual(all.map((one) => rowOfText(rowText(one))))
      }),
    )
  })

  test('bodies of very many rows are read together', () => {
    const rows = Array.from({ length: 200_000 }, () => ({}))
    const bodies = encodeRows(rows).map(({ body }) => body)
    expect(decodeAll([...bodies, ...bodies]).reduce((sum, { length }) => sum + length, 0)).toBe(
      400_000,
    )
  })

  test('small rows are few blocks, as columns and as lines, whatever their number', () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => ({ n }))
    // The first one is -0, which no column holds.
    const others = rows.map(({ n }) => ({ n: -n }))
    for (const blocks of [encodeRows(rows), encodeRows(others)]) {
      expect(blocks.length).toBeLessThan(5)
      expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(50_000)
    }
  })

  test('rows that come as a block are read back, cut where they are too long', () => {
    for (const count of [20, 3000]) {
      const rows = Array.from({ length: count }, (_, n) => ({ n, text: `text ${n}` }))
      const { block = [] } = blockOfRows(rows) ?? {}
      const bodies = encodeRows(block, 1500)
      expect(bodies.length).toBeGreaterThan(count / 200)
      for (const { body } of bodies) expect(body.byteLength).toBeLessThan(1500)
      expect(decodeAll(bodies.map(({ body }) => body)).flatMap((some) => [...some])).toEqual(rows)
    }
    // Of fewer rows none is made, and one row may be as long as it likes.
    const long = Array.from({ length: 9 }, (_, n) => ({ n, text: 'x'.repeat(1000) }))
    const bodies = encodeRows(blockOfRows(long)?.block ?? [], 500)
    expect(bodies.map(({ rows }) => rows)).toEqual(Array.from({ length: 9 }, () => 1))
    expect(bodies.flatMap(({ body }) => [...decodeRows(body)])).toEqual(long)
  })

  test('what no column can be is read back as well', () => {
    const rows = (one: object): object[] => Array.from({ length: 10 }, () => one)
    for (const one of [
      {},
      JSON.parse('{"__proto__":1}'),
      { a: 5 },
      { a: new Date(0) },
      { a: -0 },
      { a: undefined },
      { a: new Date(Number.NaN) },
      { toJSON: 'data' },
      { a: { toJSON: () => 1 } },
      new (class {
        a = 1
        toJSON() {
          return { b: 2 }
        }
      })(),
      Object.create({ inherited: 1 }, { a: { value: 1, enumerable: true } }),
    ]) {
      const mixed = [{ a: 1 }, ...rows({ a: new Date(0) }), { b: 1 }, { a: 1, b: 1 }]
      const ends = [{ a: 1 }, { a: new Date(1) }].map((other) => [...rows(other), one])
      for (const all of [rows(one), ...ends, mixed]) {
        const read = encodeRows(all).flatMap(({ body }) => [...decodeRows(body)])
        expect(read).toStrictEqual(all.map((row) => rowOfText(rowText(row))))
      }
    }
  })

  test('a block of columns is no longer than asked for, either', () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({ n, text: '\u0001'.repeat(20) }))
    const blocks = encodeRows(rows, 5000)
    expect(blocks.length).toBeGreaterThan(1)
    for (const { body } of blocks) expect(body.byteLength).toBeLessThan(5100)
    expect(blocks.flatMap(({ body }) => [...decodeRows(body)])).toEqual(rows)
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
