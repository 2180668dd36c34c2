import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes, Chunk, Row, Schema } from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import { type ParquetOptions, parquet } from '../../../src/formats/parquet/index.ts'
import { parquetByHyparquet } from '../readers.ts'

const SCHEMA: Schema = {
  fields: [
    { name: 'flag', type: 'boolean', nullable: true },
    { name: 'small', type: 'int16', nullable: true },
    { name: 'long', type: 'int64', nullable: false },
    { name: 'half', type: 'float16', nullable: true },
    { name: 'single', type: 'float32', nullable: true },
    { name: 'double', type: 'double', nullable: false },
    { name: 'day', type: 'date', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'text', type: 'string', nullable: true },
    { name: 'json', type: 'json', nullable: true },
    { name: 'bytes', type: 'bytes', nullable: true },
    {
      name: 'tags',
      type: { kind: 'list', element: { type: 'string', nullable: true } },
      nullable: true,
    },
  ],
}

/** Some of whose values take another way than those around them. */
function makeRow(n: number): Row {
  const absent = n % 7 === 0
  const time = Date.UTC(2026, 0, 1) + n * 61_000
  return {
    flag: absent ? null : n % 2 === 0,
    small: n % 5 === 0 ? undefined : (n % 2000) - 1000,
    long: n === 700 ? 2n ** 62n : n,
    half: absent ? null : (n % 64) / 2,
    single: absent ? null : Math.fround(n / 3),
    double: n % 11 === 0 ? -0 : n / 7,
    day: absent ? null : '2026-01-01',
    at: n % 13 === 0 ? null : n % 17 === 0 ? new Date(time).toISOString() : new Date(time),
    text: n % 19 === 0 ? null : n % 23 === 0 ? `ü${'€'.repeat(n % 400)}` : `text ${n % 300}`,
    json: n % 3 === 0 ? null : { n },
    bytes: n % 29 === 0 ? null : Uint8Array.of(n, n >> 8),
    tags: n % 31 === 0 ? null : Array.from({ length: n % 4 }, (_, k) => (k === 2 ? null : `t${k}`)),
  }
}

const ROWS = Array.from({ length: 1500 }, (_, n) => makeRow(n))

async function fileOf(
  batches: Iterable<Iterable<Row>>,
  options: ParquetOptions,
  schema: Schema = SCHEMA,
): Promise<Bytes> {
  const encoder = parquet(options).encoder({ schema })
  const chunks: Chunk[] = []
  for (const batch of batches) chunks.push(...(await encoder.write(batch)))
  chunks.push(...(await encoder.close()).chunks)
  return concatBytes(chunks)
}

function* oneByOne(rows: readonly Row[]): Generator<Row> {
  for (const row of rows) yield { ...row }
}

describe('slices of an array give the bytes of rows one by one', () => {
  test.each([7000, 30_000, 1 << 24])('row groups of %i bytes', async (bytes) => {
    const options = { rowGroupBytes: bytes }
    const expected = await fileOf([oneByOne(ROWS)], options)
    const halves = [ROWS.slice(0, 333), ROWS.slice(333)]
    expect(equalBytes(await fileOf([ROWS], options), expected)).toBe(true)
    expect(equalBytes(await fileOf(halves, options), expected)).toBe(true)
  })

  test('wherever row groups end and batches begin', async () => {
    const cuts = fc.array(fc.nat({ max: ROWS.length }), { maxLength: 5 })
    const rowGroupRows = fc.integer({ min: 150, max: 700 })
    const rowGroupBytes = fc.integer({ min: 10_000, max: 80_000 })
    await fc.assert(
      fc.asyncProperty(
        cuts,
        fc.record({ rowGroupRows, rowGroupBytes }),
        async (places, options) => {
          const ends = [0, ...places.sort((a, b) => a - b), ROWS.length]
          const batches = ends.map((end, i) => ROWS.slice(ends[i - 1] ?? 0, end))
          const expected = await fileOf([oneByOne(ROWS)], options)
          expect(equalBytes(await fileOf(batches, options), expected)).toBe(true)
        },
      ),
      { numRuns: 5 },
    )
  })

  test('with texts of many bytes, which end a row group long before a slice ends', async () => {
    const rows = Array.from({ length: 300 }, (_, n) => ({ text: '€'.repeat(n * 40), n }))
    const schema: Schema = {
      fields: [
        { name: 'text', type: 'string', nullable: false },
        { name: 'n', type: 'int32', nullable: false },
      ],
    }
    const options = { rowGroupBytes: 100_000 }
    const file = await fileOf([rows], options, schema)
    expect(equalBytes(file, await fileOf([oneByOne(rows)], options, schema))).toBe(true)
    expect(await parquetByHyparquet(file)).toEqual(rows)
  })
})

describe('a slice', () => {
  const schema: Schema = {
    fields: [
      { name: 'n', type: 'int32', nullable: true },
      { name: 'text', type: 'string', nullable: true },
    ],
  }
  const rows = (): Row[] => Array.from({ length: 100 }, (_, n) => ({ n, text: `t${n}` }))
  const failure = (changed: Row[]): Promise<unknown> =>
    fileOf([rows(), changed], {}, schema).then(
      () => undefined,
      (error: unknown) => error,
    )

  test('names its first row that does not fit, whatever its column', async () => {
    const changed = rows()
    changed[60] = { n: 'sixty', text: 't' }
    changed[40] = { n: 40, text: 40 }
    expect(await failure(changed)).toMatchObject({
      code: 'invalid-record',
      message: expect.stringMatching(/^Row 140 of the file: .*\/text/),
    })
  })

  test('names its first row with a member that is no column', async () => {
    const changed = rows()
    changed[50] = { n: 1, text: 'a', other: 1 }
    expect(await failure(changed)).toMatchObject({
      message: expect.stringMatching(/^Row 150 of the file: .*\/other/),
    })
  })

  test('names its row whose property throws', async () => {
    const changed = rows()
    changed[30] = {
      get n(): never {
        throw new Error('no')
      },
      text: 'a',
    }
    expect(await failure(changed)).toMatchObject({
      message: 'Row 130 of the file: one of its properties throws',
    })
  })

  test('names its row with half a character, also when it was gone back over', async () => {
    const both: Schema = {
      fields: [
        { name: 'text', type: 'string', nullable: false },
        { name: 'bytes', type: 'bytes', nullable: false },
      ],
    }
    const long = Array.from({ length: 200 }, (_, n) => ({
      text: n === 140 ? '\ud800' : 'x'.repeat(450),
      bytes: new Uint8Array(1000),
    }))
    // The texts alone are encoded before the bytes show that a row group ends long before.
    const written = fileOf([long], { rowGroupBytes: 100_000 }, both)
    await expect(written).rejects.toThrow(/^Row 140 of the file: \/text holds a lone surrogate/)
  })

  test('takes members in any order, missing ones, and rows of other prototypes', async () => {
    class Point {
      readonly n = 5
      readonly text = 'point'
    }
    // Behind whole slices, of which nothing may be left.
    const mixed: Row[] = [...rows(), ...rows(), ...rows(), ...rows()]
    mixed[310] = { text: 'turned', n: 10 }
    mixed[311] = { text: 'alone' }
    mixed[312] = { n: 12 }
    mixed[313] = new Point() as unknown as Row
    mixed[314] = Object.assign(Object.create(null) as Row, { n: 14, text: 'bare' })
    const file = await fileOf([mixed], {}, schema)
    expect(equalBytes(file, await fileOf([mixed.values()], {}, schema))).toBe(true)
    expect((await parquetByHyparquet(file)).slice(310, 315)).toEqual([
      { n: 10, text: 'turned' },
      { n: null, text: 'alone' },
      { n: 12, text: null },
      { n: 5, text: 'point' },
      { n: 14, text: 'bare' },
    ])
  })

  test('may be written to while a row of another one is read', async () => {
    const others = rows()
    const changed = rows()
    const inner = parquet().encoder({ schema })
    const chunks: Chunk[] = []
    changed[30] = {
      get n() {
        chunks.push(...(inner.write(others) as Chunk[]))
        return 30
      },
      text: 't30',
    }
    expect(await fileOf([changed], {}, schema)).toEqual(await fileOf([rows()], {}, schema))
  })

  test('is given up at the value that makes the row group full, and not behind all of its rows', () => {
    let asked = 0
    const long = Array.from({ length: 200 }, () => ({
      value: { toJSON: () => `${asked++}${'x'.repeat(10_000)}` },
    }))
    const askedFor = (rows: Iterable<Row>): number => {
      asked = 0
      const json: Schema = { fields: [{ name: 'value', type: 'json', nullable: false }] }
      parquet({ rowGroupBytes: 100_000 }).encoder({ schema: json }).write(rows)
      return asked
    }
    expect(askedFor(long)).toBeLessThan(1.2 * askedFor(long.values()))
  })
})
