import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, Row, ScalarType, Schema } from '../../src/contracts/index.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { csvRows } from '../../src/inputs/csv.ts'
import { ndjsonRows } from '../../src/inputs/json.ts'
import { parquetByDuckdb } from './duckdb.ts'
import { encode, parquetByHyparquet } from './readers.ts'

const words = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed())
const keys = fc.oneof(words, fc.constantFrom('__proto__', 'constructor', '1', 'a,b', '"', '\r\n'))
const fraction = fc.double({ noNaN: true, noDefaultInfinity: true })

/** The types that all three formats write and give back. */
const values = {
  boolean: fc.boolean(),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  double: fc.oneof(fraction, fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY)),
  string: words,
  bytes: fc.uint8Array({ maxLength: 12 }),
  timestamp: fc.date({ noInvalidDate: true }),
  json: fc.oneof(
    fc.record(
      { a: fc.array(fc.oneof(words, fc.integer(), fc.constantFrom(-0, 2n ** 64n, null))) },
      { noNullPrototype: true },
    ),
    fc.array(fc.boolean()),
  ),
} satisfies Partial<Record<ScalarType, fc.Arbitrary<unknown>>>

type Word = keyof typeof values

const fields = fc
  .uniqueArray(fc.tuple(keys, fc.constantFrom(...(Object.keys(values) as Word[])), fc.boolean()), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 5,
  })
  .map((all) => all.map(([name, type, nullable]): Field => ({ name, type, nullable })))

interface Sample {
  readonly schema: Schema
  readonly rows: readonly Row[]
}

/** Schemas and rows that fit them; `null` where nothing is, so that the rows can be compared as they are. */
const samples: fc.Arbitrary<Sample> = fields.chain((all) => {
  const row = fc
    .tuple(
      ...all.map(({ type, nullable }) => {
        const value: fc.Arbitrary<unknown> = values[type as Word]
        return nullable ? fc.option(value) : value
      }),
    )
    .map((cells) => {
      const made: Row = {}
      for (const [place, { name }] of all.entries()) {
        Object.defineProperty(made, name, { value: cells[place], enumerable: true })
      }
      return made
    })
  // Some values often, so that dictionaries and runs are made.
  const rows = fc
    .array(row, { minLength: 1, maxLength: 8 })
    .chain((few) => fc.array(fc.constantFrom(...few), { maxLength: 60 }))
  return rows.map((made) => ({ schema: { fields: all }, rows: made }))
})

/** Values in a form in which equal means the same: `-0` apart from `0`, own keys only. */
function told({ schema, rows }: Sample): unknown[] {
  return rows.map((row) =>
    schema.fields.map(({ name, type }) => {
      const value = row[name]
      return type === 'int32' && value !== null ? Number(value) : value
    }),
  )
}

describe('parquet', () => {
  test('gives every row back, by hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.integer({ min: 1, max: 30 }), async (sample, rowGroupRows) => {
        const format = parquet({ rowGroupRows })
        for (const row of sample.rows) expect(format.check(row)).toBeUndefined()
        const rows = await parquetByHyparquet(await encode(format, sample.rows, sample.schema))
        expect(told({ ...sample, rows })).toStrictEqual(told(sample))
      }),
      { numRuns: 200 },
    )
  })

  test('gives every row back, by DuckDB', async () => {
    // DuckDB takes `a` and `A` for one column, reads no timestamps after the year 294246, and has no column without a name.
    const fair = samples.filter(({ schema }) => {
      const names = schema.fields.map(({ name }) => name.toLowerCase())
      return new Set(names).size === names.length && names.every((name) => name !== '')
    })
    await fc.assert(
      fc.asyncProperty(fair, async (sample) => {
        const file = await encode(parquet(), sample.rows, sample.schema)
        const rows = await parquetByDuckdb(file, sample.schema)
        expect(told({ ...sample, rows })).toStrictEqual(told(sample))
      }),
      { numRuns: 100 },
    )
  })
})

describe('jsonl', () => {
  test('gives every row back through fromNdjson', async () => {
    const text = (value: unknown): unknown =>
      value instanceof Date
        ? value.toISOString()
        : value instanceof Uint8Array
          ? Buffer.from(value).toString('base64')
          : value
    const number = (value: unknown): unknown =>
      typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const format = jsonl()
        const good = sample.rows.filter((row) => format.check(row) === undefined)
        const rows = await Array.fromAsync(ndjsonRows([await encode(format, good, sample.schema)]))
        const expected = told({ ...sample, rows: good }).map((cells) =>
          (cells as unknown[]).map((value, place) => {
            // A double without a fraction beyond 2^53 has only digits in JSON.
            const digits = typeof value === 'number' && /^-?\d{16,}$/.test(String(value))
            return sample.schema.fields[place]?.type === 'double' && digits
              ? BigInt(String(value))
              : number(text(value))
          }),
        )
        expect(told({ ...sample, rows })).toStrictEqual(expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('csv', () => {
  test('gives every row back through fromCsv with the same schema', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.constantFrom(',', ';', '\t', '|'), async (sample, delimiter) => {
        const format = csv({ delimiter })
        for (const row of sample.rows) expect(format.check(row)).toBeUndefined()
        const file = await encode(format, sample.rows, sample.schema)
        const rows = await Array.fromAsync(csvRows([file], { delimiter, schema: sample.schema }))
        // An empty text, and bytes that are none, cannot be told from `null` in CSV.
        const same = (value: unknown, place: number): unknown => {
          const field = sample.schema.fields[place]
          if (field?.type === 'string') return value === '' && field.nullable ? null : value
          if (value instanceof Uint8Array && value.length === 0) return null
          return typeof value === 'bigint' && Number.isSafeInteger(Number(value))
            ? Number(value)
            : value
        }
        const expected = told(sample).map((cells) => (cells as unknown[]).map(same))
        expect(told({ ...sample, rows })).toStrictEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})
