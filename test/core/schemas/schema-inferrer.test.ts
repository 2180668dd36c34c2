import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'
import { schemaInferrer, textSchemaInferrer } from '../../../src/core/schemas/schema-inferrer.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'

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
