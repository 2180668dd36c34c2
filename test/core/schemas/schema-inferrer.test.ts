import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, FieldType, Inference, Row, Schema } from '../../../src/contracts/index.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'
import { checkSchema } from '../../../src/core/schemas/check-schema.ts'
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

describe('schemaInferrer of nested data in columns', () => {
  const columns = (rows: readonly Row[], mixed: Inference['mixed'] = 'json'): readonly Field[] => {
    const inferrer = schemaInferrer({ nested: 'columns', mixed })
    inferrer.add(rows)
    const schema = inferrer.schema()
    checkSchema(schema)
    for (const row of rows) expect(checkRow(schema, row)).toBeUndefined()
    return schema.fields
  }
  const list = (type: FieldType, nullable = false): FieldType => ({
    kind: 'list',
    element: { type, nullable },
  })
  const struct = (...fields: [string, FieldType, boolean?][]): FieldType => ({
    kind: 'struct',
    fields: fields.map(([name, type, nullable = false]) => ({ name, type, nullable })),
  })

  test.each<[FieldType, unknown[]]>([
    [list('int32'), [[1], [], [2]]],
    [list('double', true), [[1, null], [0.5]]],
    [list('int32', true), [new Array(2), [1]]],
    [list('string', true), [[], [null]]],
    [list(list('boolean')), [[[true], []], []]],
    [list('json'), [[1, 'a']]],
    [struct(['a', 'int64'], ['b', 'string', true]), [{ a: 1 }, { a: 2n ** 40n, b: 'x' }]],
    [struct(['a', 'json', true]), [{}, { a: {} }]],
    [
      struct(['a', struct(['b', list(struct(['c', 'timestamp', true]))])]),
      [{ a: { b: [{ c: new Date(0) }, {}] } }],
    ],
    ['json', [{}]],
    ['json', [{ a: 1 }, [1]]],
    ['json', [{ a: 1 }, 1]],
    ['json', [{ toJSON: () => 1 }]],
    ['json', [Object.assign([1], { toJSON: () => 1 })]],
    ['json', [{ '\ud800': 1 }]],
  ])('%j holds %o', (type, values) => {
    const rows = values.map((v) => ({ v }))
    for (const given of [rows, rows.toReversed()]) {
      expect(columns(given)).toEqual([{ name: 'v', type, nullable: false }])
    }
  })

  test('mixed says what else there is', () => {
    const row = { a: [1, 'x'], b: {}, c: 2n ** 70n, d: { e: [[], {}] }, f: 1 }
    expect(columns([row], 'variant').map(({ type }) => type)).toEqual([
      list('variant'),
      'variant',
      'variant',
      struct(['e', list('variant')]),
      'int32',
    ])
  })

  test('whole, as ever, is the other wish', () => {
    const inferrer = schemaInferrer({ mixed: 'variant', nested: 'whole' })
    inferrer.add([{ a: [1], b: { c: 1 }, d: 1 }])
    expect(inferrer.schema().fields.map(({ type }) => type)).toEqual([
      'variant',
      'variant',
      'int32',
    ])
  })

  test('what lies deeper than a schema may is whole', () => {
    let deep: unknown = 1
    for (let i = 0; i < 60; i++) deep = i % 2 ? [deep] : { a: deep }
    expect(JSON.stringify(columns([{ deep }]))).toContain('"type":"json"')
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const inferrer = schemaInferrer({ nested: 'columns' })
    inferrer.add([cycle])
    checkSchema(inferrer.schema())
  })

  test('so is a column of more than 1,000 parts, and no other', () => {
    const keys = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`k${from + i}`, i]))
    const few = { a: keys(0, 1000), b: [1] }
    expect(columns([few]).map(({ type }) => typeof type)).toEqual(['object', 'object'])
    const many = [{ ...few }, { a: keys(1000, 1001), b: [2] }, { a: { k5: 'x' }, b: [] }]
    for (const rows of [many, many.toReversed()]) {
      expect(columns(rows).map(({ type }) => type)).toEqual(['json', list('int32')])
    }
  })

  test('and all of them, where they are more than a schema may have', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 11 }, (_, i) => [
        `c${i}`,
        Object.fromEntries(Array.from({ length: 1000 }, (_, k) => [`k${k}`, k])),
      ]),
    )
    expect(new Set(columns([wide]).map(({ type }) => type))).toEqual(new Set(['json']))
  })

  test('gives a schema that every row fits which Parquet can hold, in any batches', () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, undefined, -0, 1, 'x', true, 2n ** 64n, 5n, 0.5, new Date(0)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value'), {
          maxKeys: 3,
        }),
      ),
    }))
    const row = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), value, { minKeys: 1 })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), fc.boolean(), (rows, isVariant) => {
        const mixed = isVariant ? 'variant' : 'json'
        const once = columns(rows, mixed)
        const inferrer = schemaInferrer({ nested: 'columns', mixed })
        for (const each of rows) inferrer.add([each])
        expect(inferrer.schema().fields).toEqual(once)
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
