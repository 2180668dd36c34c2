import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, FieldType, Row, Schema } from '../../src/contracts/index.ts'
import {
  checkRow,
  fingerprint,
  holdsSchema,
  schemaInferrer,
  textSchemaInferrer,
  widenedSchema,
} from '../../src/core/infer.ts'
import { parquet } from '../../src/formats/parquet.ts'

function infer(...rows: Row[]): Schema {
  const inferrer = schemaInferrer()
  inferrer.add(rows)
  return inferrer.schema()
}

/** The type of a column that holds these values. */
function typeOf(...values: unknown[]): FieldType | undefined {
  return infer(...values.map((v) => ({ v }))).fields[0]?.type
}

describe('schemaInferrer', () => {
  test.each([
    ['boolean', [true, false]],
    ['int32', [0, 2 ** 31 - 1, -(2 ** 31)]],
    ['int64', [1, 2 ** 31]],
    ['int64', [1, 5n]],
    ['int64', [1, 2n ** 63n - 1n]],
    ['double', [1, 0.5]],
    ['double', [2 ** 40, 0.5]],
    ['double', [-0]],
    ['double', [Number.NaN, 1]],
    ['double', [2 ** 60]],
    ['double', [0.5, 2n ** 60n]],
    ['double', [0.5, 590295810358705700000n]],
    ['json', [0.5, 2n ** 53n + 1n]],
    ['json', [1, 2n ** 63n]],
    ['json', [2n ** 64n]],
    ['string', ['a', '']],
    ['timestamp', [new Date(0)]],
    ['bytes', [new Uint8Array(1)]],
    ['json', [{ a: 1 }]],
    ['json', [[1]]],
    ['json', [1, 'a']],
    ['json', [true, 1]],
    ['json', [new Date(0), 'a']],
    ['string', [null, undefined]],
    ['int32', [null, 1]],
  ] as [FieldType, unknown[]][])('%s holds %o', (type, values) => {
    expect(typeOf(...values)).toBe(type)
    expect(typeOf(...values.toReversed())).toBe(type)
  })

  test('orders columns as they were first seen', () => {
    expect(infer({ b: 1, a: 1 }, { c: 1, a: 1 }).fields.map(({ name }) => name)).toEqual([
      'b',
      'a',
      'c',
    ])
  })

  test('makes a column nullable that was missing, null or undefined once', () => {
    const rows = [
      { a: 1, b: null, c: undefined, e: 1 },
      { a: 1, b: 1, c: 1, d: 1, e: 1 },
    ]
    const nullable = infer(...rows).fields.map(({ name, nullable }) => [name, nullable])
    expect(nullable).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
      ['e', false],
      ['d', true],
    ])
  })

  test('gives a schema that every row fits which Parquet can hold', () => {
    const value = fc.oneof(
      fc.constantFrom(
        null,
        undefined,
        -0,
        0,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2n ** 64n,
        2n ** 63n - 1n,
      ),
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.string(),
    )
    const row = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), value)
    const format = parquet()
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
        const good = rows.filter((each) => format.check(each) === undefined)
        const schema = infer(...good)
        for (const each of good) expect(checkRow(schema, each)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})

describe('checkRow', () => {
  const field = (type: FieldType, nullable = false): Schema => ({
    fields: [{ name: 'a/b', type, nullable }],
  })

  test.each([
    ['boolean', true, 1],
    ['int32', -(2 ** 31), 2 ** 31],
    ['int32', -0, 5n],
    ['int32', 1, 1.5],
    ['int64', 2 ** 53 - 1, 2 ** 53],
    ['int64', -(2n ** 63n), 2n ** 63n],
    ['double', Number.NaN, '1'],
    ['double', 2n ** 60n, 2n ** 60n + 1n],
    ['string', '', 1],
    ['bytes', new Uint8Array(0), [1]],
    ['timestamp', new Date(0), '1970-01-01'],
    ['timestamp', new Date(8.64e15), new Date(Number.NaN)],
    ['json', { a: [1n] }, { a: Number.NaN }],
    ['json', Number.NaN, () => 1],
  ] as [FieldType, unknown, unknown][])('%s takes %o and refuses %o', (type, good, bad) => {
    expect(checkRow(field(type), { 'a/b': good })).toBeUndefined()
    expect(checkRow(field(type), { 'a/b': bad })).toMatchObject({
      code: 'invalid-record',
      path: expect.stringMatching(/^\/a~1b/),
      message: expect.stringMatching(/^\/a~1b/),
    })
  })

  test('names what is missing, null, and too much', () => {
    const schema = field('int32')
    expect(checkRow(schema, {})?.message).toBe('/a~1b is missing, and the column is not nullable')
    expect(checkRow(schema, { 'a/b': null })?.message).toContain('is null')
    expect(checkRow(schema, { 'a/b': 1, extra: 1 })).toMatchObject({
      path: '/extra',
      message: '/extra is not a column of the schema',
    })
    const nullable = field('int32', true)
    for (const row of [{}, { 'a/b': null }, { 'a/b': undefined }]) {
      expect(checkRow(nullable, row)).toBeUndefined()
    }
  })

  test('sees only what a record has itself', () => {
    const schema: Schema = { fields: [{ name: 'constructor', type: 'string', nullable: true }] }
    expect(checkRow(schema, {})).toBeUndefined()
    expect(checkRow({ fields: [] }, JSON.parse('{"__proto__":1}') as Row)?.path).toBe('/__proto__')
  })

  test('does not repeat a long text', () => {
    expect(checkRow(field('int32'), { 'a/b': 'secret '.repeat(9) })?.message).toContain(
      'of 63 characters',
    )
  })
})

describe('fingerprint', () => {
  test('stands for names, types, nullability and order, and stays as it is', async () => {
    const schema = infer({ a: 1, b: 'x' })
    expect(await fingerprint(schema)).toBe('d2b2aa00')
    const others = [
      infer({ b: 'x', a: 1 }),
      infer({ a: 1.5, b: 'x' }),
      infer({ a: 1, b: null }),
      infer({ a: 1 }),
    ]
    const all = await Promise.all([schema, ...others].map(fingerprint))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('textSchemaInferrer', () => {
  const type = (...texts: (string | null)[]): Field | undefined => {
    const inferrer = textSchemaInferrer()
    inferrer.add(texts.map((v) => ({ v })))
    return inferrer.schema().fields[0]
  }

  test.each([
    ['boolean', ['true', 'False']],
    ['int32', ['1', '', '-5', null]],
    ['int64', ['1', '3000000000']],
    ['int64', ['1', '9223372036854775807']],
    ['double', ['1', '0.5']],
    ['double', ['1.0', '2.0']],
    ['string', ['0.5', '9007199254740993']],
    ['string', ['1', '9223372036854775808']],
    ['string', ['0.5', `0.${'0'.repeat(400)}1`]],
    ['timestamp', ['2026-01-01', '2026-01-01T10:00:00Z']],
    ['string', ['2026-01-01', '5']],
    ['string', ['1', '007']],
    ['string', ['true', '1']],
    ['string', ['', null]],
  ] as [FieldType, (string | null)[]][])('%s for %o', (expected, texts) => {
    expect(type(...texts)?.type).toBe(expected)
  })

  test('a column with an empty field is nullable', () => {
    expect(type('1', '')?.nullable).toBe(true)
    expect(type('1', '2')?.nullable).toBe(false)
  })
})

describe('widenedSchema', () => {
  const value = fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.double(),
    fc.string(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.array(fc.integer()),
    fc.constantFrom(null, undefined),
  )
  const row = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), value)
  const rows = fc.array(row, { minLength: 1, maxLength: 6 })

  test('takes the row, and all that the columns took before', () => {
    fc.assert(
      fc.property(rows, (some) => {
        let schema = infer(some[0] as Row)
        for (const [i, next] of some.entries()) {
          const before = schema
          schema = widenedSchema(before, next)
          expect(holdsSchema(schema, before)).toBe(true)
          for (const seen of some.slice(0, i + 1)) expect(checkRow(schema, seen)).toBeUndefined()
        }
      }),
    )
  })

  test('changes nothing for a row that fits', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const schema = infer(...some)
        for (const one of some) expect(widenedSchema(schema, one)).toEqual(schema)
      }),
    )
  })

  test.each<[FieldType, FieldType, boolean]>([
    ['int64', 'int32', true],
    ['double', 'int32', true],
    ['double', 'int64', false],
    ['int32', 'int64', false],
    ['json', 'string', true],
    ['string', 'json', false],
    ['timestamp', 'timestamp', true],
  ])('%s holds %s: %s', (wide, narrow, held) => {
    const of = (type: FieldType): Schema => ({ fields: [{ name: 'v', type, nullable: false }] })
    expect(holdsSchema(of(wide), of(narrow))).toBe(held)
    expect(holdsSchema({ fields: [] }, of(narrow))).toBe(false)
    expect(holdsSchema(of(wide), { fields: [] })).toBe(false)
  })
})
