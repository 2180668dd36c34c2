import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'
import { holdsSchema } from '../../../src/core/schemas/holds-schema.ts'
import { schemaInferrer } from '../../../src/core/schemas/schema-inferrer.ts'
import { widenedSchema } from '../../../src/core/schemas/widened-schema.ts'
import { checkColumnsRecord } from '../../../src/formats/check-record.ts'
import { anyTyped } from './arbitraries.ts'

function infer(...rows: Row[]): Schema {
  const inferrer = schemaInferrer()
  inferrer.add(rows)
  return inferrer.schema()
}

const typed = fc.array(anyTyped, { minLength: 1, maxLength: 3 })
/** Values of other types than the columns', often. */
const rowOf = typed.map(
  (cells): Row => Object.fromEntries(cells.map(({ value }, i) => [`c${i}`, value])),
)

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
})

describe('of types beyond those that are inferred', () => {
  const list = (type: FieldType, nullable = false): FieldType => ({
    kind: 'list',
    element: { type, nullable },
  })
  const struct = (...fields: Field[]): FieldType => ({ kind: 'struct', fields })
  const map = (key: FieldType, type: FieldType): FieldType => ({
    kind: 'map',
    key,
    value: { type, nullable: false },
  })
  const x: Field = { name: 'x', type: 'uint8', nullable: false }

  test.each<[FieldType, unknown, FieldType]>([
    ['uint8', -1, 'int16'],
    ['int8', 200, 'int16'],
    ['uint8', 5n, 'uint64'],
    ['uint16', 2 ** 31, 'uint32'],
    ['uint32', 2n ** 64n - 1n, 'uint64'],
    ['uint64', -1, 'json'],
    ['uint8', 0.5, 'double'],
    ['int32', 2n ** 70n, 'json'],
    ['float16', 1e6, 'float32'],
    ['float32', 1e300, 'double'],
    ['float32', 2n ** 40n, 'float32'],
    ['float16', 2n ** 40n, 'float32'],
    ['float32', 2n ** 200n, 'json'],
    ['timestamp', '2026-01-01T00:00:00+01:00', 'timestamp'],
    ['timestamp', '2026-01-01T00:00:00', 'json'],
    ['date', 'x', 'json'],
    [{ kind: 'decimal', precision: 2, scale: 0 }, '100', 'json'],
    [{ kind: 'bytes', length: 1 }, Uint8Array.of(1, 2), 'bytes'],
    [{ kind: 'bytes', length: 1 }, 'x', 'json'],
    ['variant', ['a'], 'variant'],
    [list('uint8'), [1, -1, null], list('int16', true)],
    [list('uint8'), 5, 'json'],
    [
      struct(x),
      { x: null, y: [1] },
      struct({ ...x, nullable: true }, { name: 'y', type: 'json', nullable: true }),
    ],
    [struct(x), [], 'json'],
    [map('string', 'uint8'), { a: 1, b: 256 }, map('string', 'uint16')],
    [map('uint8', 'uint8'), new Map([[256, 1]]), map('uint16', 'uint8')],
    [map('uint8', 'uint8'), new Map([[null, 1]]), 'json'],
    [map('uint8', 'uint8'), { a: 1 }, 'json'],
    [map('uint8', 'uint8'), 'a', 'json'],
  ])('%j and %o give %j', (type, v, wider) => {
    const schema: Schema = { fields: [{ name: 'v', type, nullable: false }] }
    expect(widenedSchema(schema, { v })).toEqual({
      fields: [{ name: 'v', type: wider, nullable: false }],
    })
  })

  test('takes every row that formats take, and all that the columns took before', () => {
    fc.assert(
      fc.property(typed, rowOf, (fields, row) => {
        fc.pre(checkColumnsRecord(row) === undefined)
        const before: Schema = {
          fields: fields.map(({ type }, i) => ({ name: `c${i}`, type, nullable: false })),
        }
        const after = widenedSchema(before, row)
        expect(holdsSchema(after, before)).toBe(true)
        expect(checkRow(after, row)).toBeUndefined()
        expect(widenedSchema(after, row)).toEqual(after)
      }),
      { numRuns: 2000 },
    )
  })
})
