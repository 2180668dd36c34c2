import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Bytes, Chunk, Format, Inference, Row } from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes, toBase64 } from '../../../src/core/bytes.ts'
import { fitsDouble } from '../../../src/core/values/doubles.ts'
import { gzip } from '../../../src/formats/gzip.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { type ParquetOptions, parquet } from '../../../src/formats/parquet/index.ts'
import { duckdb } from '../duckdb.ts'
import { encode, exactJson, parquetByHyparquet } from '../readers.ts'

const fallback = (options: ParquetOptions): Format =>
  parquetFormat({ onFallback: () => {}, ...options }, () => {
    throw new WebAssembly.CompileError('forbidden')
  })

const SETTINGS: readonly Required<Inference>[] = (['json', 'variant'] as const).flatMap((mixed) =>
  (['whole', 'columns'] as const).map((nested) => ({ mixed, nested })),
)

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const plain = fc.oneof(
  fc.constantFrom(null, undefined, true, -0, 0, 2n ** 63n - 1n),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  text,
)
const other = fc.oneof(plain, fc.date({ noInvalidDate: true }), fc.uint8Array({ maxLength: 5 }))

/** Rows that agree often enough, of nested data of these. */
function rowsOf(scalar: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Row[]> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.record({ a: fc.integer(), b: text }, { requiredKeys: ['a'], noNullPrototype: true }),
    ),
  }))
  const row = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value, {
    minKeys: 1,
    noNullPrototype: true,
  })
  return fc
    .array(row, { minLength: 1, maxLength: 5 })
    .chain((few) => fc.array(fc.constantFrom(...few), { minLength: 1, maxLength: 12 }))
}

/** A value in the form in which equal means the same, whatever its column is: nulls left out, moments and bytes as text. */
function told(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return fitsDouble(value) ? Number(value) : `${value}n`
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return toBase64(new Uint8Array(value))
  if (Array.isArray(value)) return Array.from(value, told)
  if (typeof value !== 'object') return value
  const members = Object.entries(value).map(([key, member]) => [key, told(member)] as const)
  return Object.fromEntries(members.filter(([, member]) => member !== null))
}

async function byHyparquet(file: Bytes): Promise<Row[]> {
  return parquetReadObjects({
    file: file.buffer,
    parsers: { jsonFromBytes: (bytes) => bytes && exactJson(new TextDecoder().decode(bytes)) },
    // hyparquet reads bytes as text unless told otherwise.
    utf8: false,
  })
}

async function inBatches(format: Format, rows: readonly Row[], size: number): Promise<Bytes> {
  const encoder = format.encoder()
  const chunks: Chunk[] = []
  for (let i = 0; i < rows.length; i += size) {
    chunks.push(...(await encoder.write(rows.slice(i, i + size))))
  }
  chunks.push(...(await encoder.close()).chunks)
  return concatBytes(chunks)
}

describe.each(SETTINGS)('columns inferred by %j', (inference) => {
  test('give every row back, by hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(other), async (rows) => {
        const format = parquet({ inference })
        for (const row of rows) expect(format.check(row)).toBeUndefined()
        const read = await byHyparquet(await encode(format, rows))
        expect(read.map(told)).toStrictEqual(rows.map(told))
      }),
      { numRuns: 150 },
    )
  })

  test('are the same, and so is every byte, however the rows were batched', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsOf(other),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 300 }),
        async (rows, size, rowGroupBytes) => {
          const format = parquet({ inference, rowGroupRows: 8, rowGroupBytes })
          const [whole, apart] = await Promise.allSettled([
            inBatches(format, rows, rows.length),
            inBatches(format, rows, size),
          ])
          if (whole.status === 'fulfilled' && apart.status === 'fulfilled') {
            expect(equalBytes(whole.value, apart.value)).toBe(true)
          } else expect(apart).toEqual(whole)
        },
      ),
      { numRuns: 100 },
    )
  })
})

// What it makes of variants is in the matrix of readers.
test.each(['whole', 'columns'] as const)(
  'DuckDB reads every row back, nested data %s',
  async (nested) => {
    // Its JSON has no -0.
    const read = (value: unknown): unknown => JSON.parse(JSON.stringify(told(value)))
    await fc.assert(
      fc.asyncProperty(rowsOf(plain), async (rows) => {
        const file = await encode(parquet({ inference: { nested } }), rows)
        const found = await duckdb(file, 'parquet', 'select to_json(t)::varchar from $file t')
        expect(found.rows.map(([row]) => read(exactJson(String(row))))).toEqual(rows.map(read))
      }),
      { numRuns: 20 },
    )
  },
)

describe.each([
  ['kernels', parquet],
  ['hyparquet-writer', fallback],
] as const)('the first row group decides, by %s', (_, make) => {
  test('however it is batched, and what it lacks is a misfit afterwards', async () => {
    const format = make({ rowGroupRows: 3 })
    const first = [{ a: 1 }, { a: 'x', b: 5 }, { b: 0.5 }]
    const files = [await inBatches(format, first, 1), await inBatches(format, first, 3)]
    expect(files[0]).toEqual(files[1])
    expect(await parquetByHyparquet(files[0] as Bytes)).toEqual([
      { a: 1, b: null },
      { a: 'x', b: 5 },
      { a: null, b: 0.5 },
    ])
    await expect(inBatches(format, [...first, { c: 1 }], 1)).rejects.toMatchObject({
      code: 'invalid-record',
      message: 'Row 3 of the file: /c is not a column of the schema',
    })
  })

  test('and ends by bytes too, of the rows as they are', async () => {
    const rows: Row[] = Array.from({ length: 20 }, () => ({ text: 'x'.repeat(50) }))
    const encoder = make({ rowGroupBytes: 1000 }).encoder()
    let held = 0
    for (const row of rows) {
      if ((await encoder.write([row])).length > 0) break
      held++
      expect(encoder.bufferedBytes).toBeGreaterThan(50 * held)
      expect(encoder.bufferedBytes).toBeLessThan(2000)
    }
    expect(held).toBeLessThan(20)
  })

  test('of copies: what becomes of rows after write makes no difference', async () => {
    const encoder = make({}).encoder()
    const date = new Date(5)
    const bytes = Buffer.from([1])
    const own = JSON.parse('{"__proto__":{"z":1}}') as Row
    const row = { date, bytes, own, list: [{ a: 1 }], said: { toJSON: () => [date] }, n: 1 }
    const expected = await encode(make({}), [row])
    const chunks = [...(await encoder.write([row]))]
    date.setTime(9)
    bytes[0] = 9
    row.list.push({ a: 2 })
    row.n = 2
    chunks.push(...(await encoder.close()).chunks)
    expect(equalBytes(concatBytes(chunks), expected)).toBe(true)
  })

  test.each([
    [
      'a cycle',
      () => {
        const v: Record<string, unknown> = {}
        v.a = v
        v.b = v
        return { v }
      },
      '/v lies deeper than 64 levels, or in a cycle',
    ],
    [
      'a property that throws',
      () => ({
        get v(): never {
          throw new Error('secret')
        },
      }),
      'one of its properties throws',
    ],
    ['a Map', () => ({ v: new Map() }), '/v is a Map, which is not data that JSON can hold'],
  ])('%s is refused with its row', async (_name, row, message) => {
    await expect(inBatches(make({}), [{ v: null }, row()], 1)).rejects.toMatchObject({
      code: 'invalid-record',
      message: `Row 1 of the file: ${message}`,
    })
  })
})

test('a format around another has its wishes', () => {
  const inference = { mixed: 'variant' } as const
  expect(gzip({ ...jsonl(), inference }).inference).toBe(inference)
})

test.each([{ mixed: 'any' }, { nested: 'struct' }])('%j is refused', (inference) => {
  expect(() => parquet({ inference: inference as Inference })).toThrow(
    expect.objectContaining({ code: 'invalid-options' }),
  )
})
