import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes, Row, Schema } from '../../../src/contracts/index.ts'
import { type BuiltBlock, blockOfRows } from '../../../src/core/rows/block-builder.ts'
import { blockBytes, blockOfBytes, isBlockBytes } from '../../../src/core/rows/block-bytes.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'
import { approximateBytes } from '../../../src/core/sizes.ts'
import { checkColumnsRecord } from '../../../src/formats/check-record.ts'

const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 2 ** 31, Number.NaN))
const texts = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }))
const dates = fc.date({ noInvalidDate: true })

/** Rows of a block: of each key one kind of values, and now and then `null`. */
const plainRows: fc.Arbitrary<readonly Row[]> = fc
  .uniqueArray(
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'toJSON', '1')),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .chain((keys) =>
    fc
      .tuple(
        ...keys.map(() =>
          fc.constantFrom(numbers, fc.integer(), texts, fc.string(), dates, fc.boolean()),
        ),
      )
      .chain((kinds) =>
        fc.array(
          fc
            .tuple(...kinds.map((kind) => fc.option<unknown>(kind, { freq: 10 })))
            .map((values) => Object.fromEntries(keys.map((key, i) => [key, values[i]]))),
          { minLength: 8, maxLength: 40 },
        ),
      ),
  )

/** As many rows of it as make a block, with this one last. */
const endingIn = (row: Row, last: unknown): Row[] => [
  ...Array.from({ length: 10 }, () => row),
  last as Row,
]

describe('a block of rows', () => {
  test('that is freed holds no memory, and no rows', () => {
    const { block } = blockOfRows(endingIn({ a: 1 }, { a: 2 })) as BuiltBlock<Row>
    const { buffer } = block.bytes as Bytes
    const piece = block.slice(1)
    block.free()
    expect(buffer.byteLength).toBe(0)
    expect(() => block.rows()).toThrow()
    expect(piece.columns[0]?.values).toHaveLength(0)
  })

  test('that lies in a larger piece of memory leaves that as it is', () => {
    const { block } = blockOfRows(endingIn({ a: 1 }, { a: 2 })) as BuiltBlock<Row>
    const larger = new Uint8Array([...blockBytes(block), 1, 2, 3])
    const within = blockOfBytes(larger.subarray(0, blockBytes(block).byteLength))
    within.free()
    expect([...within]).toStrictEqual([...block])
  })

  test('gives them back equal, whole, in pieces, and over its bytes, wherever these lie', () => {
    fc.assert(
      fc.property(plainRows, fc.nat(40), fc.nat(40), (rows, a, b) => {
        const built = blockOfRows(rows)
        if (!built) throw new Error('It is no block')
        const [from, to] = a < b ? [a, b] : [b, a]
        const { block } = built
        expect(block).toHaveLength(rows.length)
        expect([...block]).toStrictEqual(rows)
        const piece = block.slice(from, to)
        expect([...piece]).toStrictEqual(rows.slice(from, to))
        const bytes = blockBytes(piece)
        expect(isBlockBytes(bytes)).toBe(true)
        const elsewhere = new Uint8Array(bytes.byteLength + 3)
        elsewhere.set(bytes, 3)
        for (const read of [bytes, elsewhere.subarray(3)]) {
          expect([...blockOfBytes(read)]).toStrictEqual(rows.slice(from, to))
        }
      }),
    )
  })

  test('tells their size as it is counted one by one', () => {
    fc.assert(
      fc.property(plainRows, (rows) => {
        const bytes = rows.reduce((sum, row) => sum + approximateBytes(row), 0)
        expect(blockOfRows(rows)?.bytes).toBe(bytes)
        const largest = Math.max(...rows.map((row) => approximateBytes(row)))
        expect(blockOfRows(rows, { maxRowBytes: largest })?.bytes).toBe(bytes)
        expect(blockOfRows(rows, { maxRowBytes: largest - 1 })).toBeUndefined()
      }),
    )
  })

  test('is only made of rows that each of the checks takes', () => {
    const types = fc.constantFrom(
      'int32',
      'uint8',
      'int64',
      'double',
      'float32',
      'string',
      'boolean',
      'timestamp',
      'date',
      'json',
      'uuid',
      'bytes',
    ) as fc.Arbitrary<'int32'>
    const value = fc.oneof(
      numbers,
      fc.integer({ min: 0, max: 300 }),
      texts,
      fc.string({ unit: 'binary' }),
      dates,
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.bigInt(),
    )
    let blocks = 0
    fc.assert(
      fc.property(types, fc.boolean(), fc.array(value), (type, nullable, values) => {
        const schema: Schema = { fields: [{ name: 'a', type, nullable }] }
        // Many of one, so that some are blocks.
        const first = values[0]
        const rows = [...Array.from({ length: 8 }, () => first), ...values.slice(1, 3)].map(
          (a) => ({ a }),
        )
        if (!blockOfRows(rows, { schema })) return
        blocks++
        for (const row of rows) {
          expect(checkRow(schema, row)).toBeUndefined()
          expect(checkColumnsRecord(row)).toBeUndefined()
        }
      }),
      { numRuns: 1000 },
    )
    expect(blocks).toBeGreaterThan(10)
  })

  test('may lack a column that may be null, and no other', () => {
    const rows = endingIn({ b: 1 }, { b: 2 })
    const schema = (nullable: boolean): Schema => ({
      fields: [
        { name: 'a', type: 'string', nullable },
        { name: 'b', type: 'int32', nullable: false },
      ],
    })
    expect([...(blockOfRows(rows, { schema: schema(true) })?.block ?? [])]).toEqual(rows)
    expect(blockOfRows(rows, { schema: schema(false) })).toBeUndefined()
    expect(
      blockOfRows(endingIn({ b: 1, c: 1 }, { b: 1, c: 1 }), { schema: schema(true) }),
    ).toBeUndefined()
  })

  test.each<[string, Row, unknown]>([
    ['another key', { a: 1 }, { b: 1 }],
    ['one key more', { a: 1 }, { a: 1, b: 1 }],
    ['one key less', { a: 1, b: 1 }, { a: 1 }],
    ['keys in another order', { a: 1, b: 1 }, { b: 1, a: 1 }],
    ['a text among numbers', { a: 1 }, { a: '1' }],
    ['a moment among numbers', { a: 1 }, { a: new Date(1) }],
    ['a number among moments', { a: new Date(1) }, { a: 1 }],
    ['a truth among texts', { a: '1' }, { a: true }],
    ['undefined', { a: 1 }, { a: undefined }],
    ['an invalid date', { a: new Date(1) }, { a: new Date(Number.NaN) }],
    ['a bigint', { a: 1 }, { a: 1n }],
    ['a list', { a: 1 }, { a: [1] }],
    ['half of a pair', { a: 'a' }, { a: '\ud83d' }],
    ['no object', { a: 1 }, 5],
    ['null', { a: 1 }, null],
    ['an object that inherits', { a: 1 }, Object.create({ a: 1 })],
    [
      'a getter that throws',
      { a: 1 },
      {
        get a(): never {
          throw new Error('no')
        },
      },
    ],
  ])('is none of rows with %s', (_, row, last) => {
    expect(blockOfRows(endingIn(row, row))).toBeDefined()
    expect(blockOfRows(endingIn(row, last))).toBeUndefined()
  })

  test('is none of two halves of a pair in two rows, which side by side look like a character', () => {
    const rows = endingIn({ a: 'é' }, { a: '\ud83d' })
    expect(blockOfRows([...rows, { a: '\ude00' }])).toBeUndefined()
  })

  test('of few rows that have very many columns takes little memory while it is made', () => {
    const row = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, n]))
    const rows = endingIn(row, row)
    const before = process.memoryUsage().arrayBuffers
    const bytes = blockOfRows(rows)?.bytes ?? 0
    expect(bytes).toBeGreaterThan(1_000_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * bytes)
  })

  test('of much text takes no more than twice that while it is made', () => {
    const rows = endingIn({ text: 'a' }, { text: 'x'.repeat(4_000_000) })
    const before = process.memoryUsage().arrayBuffers
    expect(blockOfRows(rows)?.block).toHaveLength(11)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  test('of few rows holds nothing but its bytes', () => {
    const rows = endingIn({ a: 1, b: 'b', c: true }, { a: 2, b: 'c', c: false })
    const block = blockOfRows(rows)?.block
    // The views, made anew each time, would weigh more than the rows.
    expect(block?.columns[0]).toEqual(block?.columns[0])
    expect(block?.columns[0]).not.toBe(block?.columns[0])
  })

  test('is none of few rows, and what was begun before leaves no trace', () => {
    expect(blockOfRows(endingIn({ a: 1 }, { a: 1 }).slice(4))).toBeUndefined()
    blockOfRows(endingIn({ a: 'begun' }, { a: 7 }))
    const rows = [{ a: null }, { a: null }, ...endingIn({ a: 'ä' }, { a: null })]
    expect([...(blockOfRows(rows)?.block ?? [])]).toEqual(rows)
  })
})
