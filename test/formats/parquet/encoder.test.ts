import zlib, { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { readOffsetIndex } from 'hyparquet/src/indexes.js'
import { describe, expect, test } from 'vitest'
import type {
  Bytes,
  Chunk,
  Field,
  FieldType,
  Format,
  Row,
  Schema,
} from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import { blockOfRows } from '../../../src/core/rows/block-builder.ts'
import { gzipCodec } from '../../../src/formats/parquet/codecs/gzip.ts'
import { zlibCodec } from '../../../src/formats/parquet/codecs/zlib.ts'
import {
  type Compressor,
  type ParquetOptions,
  parquet,
} from '../../../src/formats/parquet/index.ts'
import { duckdb } from '../duckdb.ts'
import { encode, parquetByHyparquet } from '../readers.ts'

const TREE: Schema = {
  fields: [
    { name: 'id', type: 'int64', nullable: false },
    { name: 'text', type: 'string', nullable: true },
    {
      name: 'items',
      nullable: true,
      type: {
        kind: 'list',
        element: {
          nullable: true,
          type: {
            kind: 'struct',
            fields: [
              { name: 'n', type: 'double', nullable: true },
              {
                name: 'names',
                type: { kind: 'list', element: { type: 'string', nullable: true } },
                nullable: true,
              },
            ],
          },
        },
      },
    },
  ],
}

const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(values, { freq: 4 })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const tree: fc.Arbitrary<Row> = fc.record({
  id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  text: nullable(text),
  items: nullable(
    fc.array(
      nullable(
        fc.record({
          n: nullable(fc.double()),
          names: nullable(fc.array(nullable(text), { maxLength: 3 })),
        }),
      ),
      { maxLength: 4 },
    ),
  ),
})

/** hyparquet reads a list that is null as `undefined`. */
function nulls(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(nulls)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, nulls(member)]))
}

async function inBatches(
  format: Format,
  rows: readonly Row[],
  size: number,
  schema?: Schema,
): Promise<Bytes> {
  const encoder = format.encoder({ schema })
  const chunks: Chunk[] = []
  for (let i = 0; i < rows.length; i += size) {
    chunks.push(...(await encoder.write(rows.slice(i, i + size))))
  }
  chunks.push(...(await encoder.close()).chunks)
  return concatBytes(chunks)
}

describe('parquet', () => {
  test('gives nested rows back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { maxLength: 40 }), async (rows) => {
        const file = await encode(parquet({ rowGroupRows: 7 }), rows, TREE)
        expect(nulls(await parquetReadObjects({ file: file.buffer }))).toEqual(rows)
      }),
      { numRuns: 60 },
    )
  })

  test('writes the same bytes however rows were batched', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tree, { maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 2000 }),
        async (rows, size, rowGroupBytes) => {
          const format = parquet({ rowGroupBytes, rowGroupRows: 25 })
          const file = await encode(format, rows, TREE)
          expect(equalBytes(await inBatches(format, rows, size, TREE), file)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('cuts row groups by the bytes of long texts in any script, at the same row', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ text: '漢'.repeat(100 + (i % 7)), i }))
    const format = parquet({ rowGroupBytes: 200_000 })
    const file = await encode(format, rows)
    const groups = parquetMetadata(file.buffer).row_groups.map(({ num_rows }) => Number(num_rows))
    // 300 bytes each: the last unit counts before it is known how many bytes it takes.
    expect(Math.max(...groups)).toBeLessThan(1000)
    expect(groups.length).toBeGreaterThan(3)
    expect(equalBytes(await inBatches(format, rows, 1, undefined), file)).toBe(true)
    expect(await parquetByHyparquet(file)).toEqual(rows)
  })

  test('writes the same bytes of blocks as of rows, also where row groups end by their bytes', async () => {
    const schema: Schema = {
      fields: [
        { name: 'text', type: 'string', nullable: false },
        { name: 'i', type: 'int32', nullable: false },
        { name: 'missing', type: 'int32', nullable: true },
        { name: 'big', type: 'int64', nullable: false },
        { name: 'real', type: 'double', nullable: true },
        { name: 'at', type: 'timestamp', nullable: false },
        { name: 'day', type: 'date', nullable: false },
        { name: 'is', type: 'boolean', nullable: false },
        { name: 'word', type: 'enum', nullable: true },
      ],
    }
    const rows = Array.from({ length: 12_000 }, (_, i) => ({
      // Some of a script that takes more bytes than units, so that these are not tallied at once.
      text: i % 1000 < 30 ? '漢'.repeat(200) : `text ${'x'.repeat(i % 90)}`,
      i: i * 3,
      big: i * 2 ** 33,
      real: i % 3000 === 7 ? null : i / 7,
      at: new Date(1e12 + i),
      day: new Date(86_400_000 * (i % 100)),
      is: i % 2 === 0,
      word: i < 6000 ? `word ${i % 3}` : null,
    }))
    for (const options of [{ rowGroupBytes: 450_000 }, { rowGroupRows: 2500 }, {}]) {
      const format = parquet(options)
      const file = await encode(format, rows, schema)
      for (const size of [8, 700, 5000]) {
        const encoder = format.encoder({ schema })
        const chunks: Chunk[] = []
        for (let from = 0; from < rows.length; from += size) {
          const { block = [] } = blockOfRows(rows.slice(from, from + size)) ?? {}
          chunks.push(...(await encoder.write(block)))
        }
        chunks.push(...(await encoder.close()).chunks)
        expect(equalBytes(concatBytes(chunks), file)).toBe(true)
      }
    }
  })

  test('names the row of a block that its columns do not take', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ n: i === 11 ? 0.5 : i }))
    const { block = [] } = blockOfRows(rows) ?? {}
    const fields = [{ name: 'n', type: 'int32', nullable: false }] as const
    expect(() => parquet().encoder({ schema: { fields } }).write(block)).toThrow(
      'Row 11 of the file: /n needs',
    )
    const others = [{ name: 'm', type: 'double', nullable: true }] as const
    expect(() =>
      parquet()
        .encoder({ schema: { fields: others } })
        .write(block),
    ).toThrow('Row 0 of the file: /n is not a column')
  })

  test('takes members in any order, missing ones, and those of any prototype', async () => {
    class Point {
      y = 2
      x = 1
      get sum(): number {
        return this.x + this.y
      }
    }
    const rows: Row[] = [
      { x: 1, y: 2 },
      { y: 2, x: 1 },
      { y: 3 },
      { x: 4 },
      Object.assign(Object.create(null), { x: 5, y: undefined }),
      Object.assign(Object.create({ y: 9 }), { x: 6 }),
      new Point() as unknown as Row,
    ]
    const schema: Schema = {
      fields: ['x', 'y'].map((name) => ({ name, type: 'int32', nullable: true })),
    }
    expect(await parquetByHyparquet(await encode(parquet(), rows, schema))).toEqual(
      [
        [1, 2],
        [1, 2],
        [null, 3],
        [4, null],
        [5, null],
        [6, null],
        [1, 2],
      ].map(([x, y]) => ({ x, y })),
    )
  })

  test('asks an array for its length once', async () => {
    // A column of the one length and rows of the other would be a file that nobody can read.
    const fickle = (...lengths: number[]): number[] =>
      new Proxy([1, 2, 3], {
        get: (target, key, receiver) =>
          key === 'length' ? (lengths.shift() ?? 0) : Reflect.get(target, key, receiver),
      })
    const schema: Schema = {
      fields: [
        {
          name: 'l',
          type: { kind: 'list', element: { type: 'int32', nullable: false } },
          nullable: false,
        },
      ],
    }
    const rows = [{ l: fickle(2, 0) }, { l: fickle(0, 3, 3, 3, 3) }, { l: [9] }]
    const { buffer } = await encode(parquet(), rows, schema)
    expect(await parquetReadObjects({ file: buffer })).toEqual([
      { l: [1, 2] },
      { l: [] },
      { l: [9] },
    ])
  })

  test('is gone on with, however deep its columns are', async () => {
    let type: FieldType = 'int32'
    let value: unknown = 1
    for (let depth = 1; depth < 32; depth++) {
      type = { kind: 'struct', fields: [{ name: 'f', type, nullable: true }] }
      value = { f: value }
    }
    const deep: Schema = { fields: [{ name: 'f', type, nullable: true }] }
    const format = parquet({ rowGroupRows: 1 })
    const begun = format.encoder({ schema: deep })
    const head = await begun.write([{ f: value }])
    const rest = format.encoder({ schema: deep, from: begun.checkpoint?.() })
    const file = concatBytes([...head, ...(await rest.write([{}])), ...(await rest.close()).chunks])
    expect(equalBytes(file, await encode(format, [{ f: value }, {}], deep))).toBe(true)
  })

  test('passes over from exact doubles to 64 bits in the middle of a column', async () => {
    const values = [1, -5, 2 ** 53 - 1, 2n ** 53n, -(2n ** 63n), 7]
    const rows = values.map((v) => ({ v }))
    const schema: Schema = { fields: [{ name: 'v', type: 'int64', nullable: false }] }
    expect(await parquetByHyparquet(await encode(parquet(), rows, schema))).toEqual(
      values.map((v) => ({ v: BigInt(v) })),
    )
  })

  test('holds what it says, and nothing once a row group is written', async () => {
    const fields = [
      { name: 'a', type: 'double', nullable: false },
      { name: 't', type: 'string', nullable: false },
    ] as const
    const encoder = parquet({ rowGroupRows: 1000 }).encoder({ schema: { fields } })
    expect(encoder.bufferedBytes).toBe(0)
    await encoder.write(Array.from({ length: 999 }, (_, i) => ({ a: i / 3, t: 'x'.repeat(92) })))
    // 8 bytes of a number; 92 of a text and 4 for its end.
    expect(encoder.bufferedBytes).toBe(999 * (8 + 92 + 4))
    await encoder.write([{ a: 1.5, t: '' }])
    expect(encoder.bufferedBytes).toBe(0)
  })
})

describe('a row that does not fit is named', () => {
  const fields: Schema['fields'] = [
    { name: 'n', type: 'int32', nullable: false },
    { name: 's', type: 'string', nullable: true },
    {
      name: 'l',
      type: { kind: 'list', element: { type: 'uint8', nullable: false } },
      nullable: true,
    },
  ]

  test.each([
    [{ n: 'x' }, '/n needs an integer of 32 bits, not the string "x"'],
    [{ n: 2 ** 31 }, '/n needs an integer of 32 bits, not 2147483648'],
    [{ s: 'a' }, '/n is missing, and the column is not nullable'],
    [{ n: 1, z: 1 }, '/z is not a column of the schema'],
    [{ n: 1, l: [1, 256] }, '/l/1 needs an unsigned integer of 8 bits, not 256'],
    [{ n: 1, l: [null] }, '/l/0 is null, and the elements of the list are not nullable'],
    [{ n: 1, s: 'a\ud800' }, '/s holds a lone surrogate, which UTF-8 cannot express'],
  ])('%j', async (row, message) => {
    const encoder = parquet({ rowGroupRows: 10 }).encoder({ schema: { fields } })
    await encoder.write(Array.from({ length: 13 }, (_, n) => ({ n, s: n % 2 ? null : 'é' })))
    expect(() => encoder.write([{ n: 1, s: 'z' }, row])).toThrow(
      expect.objectContaining({
        code: 'invalid-record',
        message: `Row 14 of the file: ${message}`,
      }),
    )
  })

  test.each<[string, unknown, string]>([
    ['an element', { of: [['a', 'b'], [], [null, 'c\ud800']] }, '/v/of/2/1'],
    [
      'a key',
      {
        to: new Map([
          ['a', []],
          ['\udc00', []],
        ]),
      },
      '/v/to/1/key',
    ],
    ['a value', { to: { a: ['x'], b: [], 'c/d': ['y', 'z', '\ud800'] } }, '/v/to/2/value/2'],
    ['a field', { 'a/b': '\ud800' }, '/v/a~1b'],
  ])('by its path, where half a character is within: %s', (_, v, path) => {
    const texts: FieldType = { kind: 'list', element: { type: 'string', nullable: true } }
    const within: Field[] = [
      {
        name: 'of',
        type: { kind: 'list', element: { type: texts, nullable: false } },
        nullable: true,
      },
      {
        name: 'to',
        type: { kind: 'map', key: 'string', value: { type: texts, nullable: true } },
        nullable: true,
      },
      { name: 'a/b', type: 'enum', nullable: true },
    ]
    const nested: Schema = {
      fields: [{ name: 'v', type: { kind: 'struct', fields: within }, nullable: true }],
    }
    const whole = { of: [['é', null], ['x']], to: { k: ['v'] }, 'a/b': 'w' }
    const rows = [{ v: whole }, { v: null }, { v: whole }, { v }, { v: whole }]
    expect(() =>
      parquet()
        .encoder({ schema: nested })
        .write(rows as Row[]),
    ).toThrow(
      expect.objectContaining({
        code: 'invalid-record',
        message: `Row 3 of the file: ${path} holds a lone surrogate, which UTF-8 cannot express`,
      }),
    )
  })

  test('also where two halves of a character meet', () => {
    const encoder = parquet({ rowGroupRows: 2 }).encoder()
    expect(() => encoder.write([{ s: 'a\ud83d' }, { s: '\ude00b' }])).toThrow(
      'Row 0 of the file: /s holds a lone surrogate',
    )
  })

  test('and one whose property throws', () => {
    const row = {
      get s(): string {
        throw new Error('secret')
      },
    }
    const encoder = parquet().encoder({ schema: { fields: [fields[1] as Schema['fields'][0]] } })
    expect(() => encoder.write([row])).toThrow(
      expect.objectContaining({
        code: 'invalid-record',
        message: 'Row 0 of the file: one of its properties throws',
      }),
    )
  })
})

describe('options', () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    id: i,
    tags: [{ k: `t${i}` }],
    name: `n${i}`,
  }))
  const schema: Schema = {
    fields: [
      { name: 'id', type: 'int32', nullable: false },
      {
        name: 'tags',
        nullable: false,
        type: {
          kind: 'list',
          element: {
            nullable: false,
            type: { kind: 'struct', fields: [{ name: 'k', type: 'string', nullable: false }] },
          },
        },
      },
      { name: 'name', type: 'string', nullable: false },
    ],
  }

  test('columns, sortedBy and metadata are in the footer', async () => {
    const format = parquet({
      rowGroupRows: 50,
      columns: {
        name: { bloomFilter: true, encoding: 'delta_byte_array' },
        'tags.list.element.k': { encoding: 'plain' },
      },
      sortedBy: [{ column: 'id' }, { column: 'name', descending: true, nullsFirst: true }],
      metadata: { origin: 'é', empty: '' },
    })
    const file = await encode(format, rows, schema)
    const { row_groups, key_value_metadata } = parquetMetadata(file.buffer)
    expect(key_value_metadata).toEqual([
      { key: 'origin', value: 'é' },
      { key: 'empty', value: '' },
    ])
    for (const { columns, sorting_columns } of row_groups) {
      expect(sorting_columns).toEqual([
        { column_idx: 0, descending: false, nulls_first: false },
        { column_idx: 2, descending: true, nulls_first: true },
      ])
      expect(columns[1]?.meta_data?.encodings).toEqual(['PLAIN', 'RLE'])
      expect(columns[2]?.meta_data?.encodings).toEqual(['DELTA_BYTE_ARRAY'])
      expect(columns[2]?.meta_data?.bloom_filter_length).toBeGreaterThan(0)
    }
    const probe = `select bloom_filter_excludes from parquet_bloom_probe($file, 'name', 'n7')`
    expect((await duckdb(file, 'parquet', probe)).rows).toEqual([[false], [true]])
  })

  test('a page ends by its bytes', async () => {
    const numbers: Schema = { fields: [{ name: 'n', type: 'int64', nullable: false }] }
    const thousand = Array.from({ length: 1000 }, (_, n) => ({ n }))
    const columns = { n: { encoding: 'plain' } } as const
    const pagesOf = async (options: ParquetOptions): Promise<readonly number[]> => {
      const file = await encode(parquet({ ...options, columns }), thousand, numbers)
      expect(await parquetByHyparquet(file)).toEqual(thousand.map(({ n }) => ({ n: BigInt(n) })))
      const column = parquetMetadata(file.buffer).row_groups[0]?.columns[0]
      const view = new DataView(file.buffer, Number(column?.offset_index_offset))
      const { page_locations } = readOffsetIndex({ view, offset: 0 })
      return page_locations.map(({ first_row_index }) => Number(first_row_index))
    }
    expect(await pagesOf({})).toEqual([0])
    expect(await pagesOf({ pageBytes: 2400 })).toEqual([0, 300, 600, 900])
    expect(await pagesOf({ pageBytes: 1 })).toHaveLength(1000)
  })

  test('a compressor of any kind is waited for', async () => {
    const codec: Compressor = {
      name: 'gzip',
      compress: async (page) => new Uint8Array(gzipSync(page)),
    }
    const file = await inBatches(parquet({ codec, rowGroupRows: 30 }), rows, 7, schema)
    expect(parquetMetadata(file.buffer).row_groups[0]?.columns[0]?.meta_data?.codec).toBe('GZIP')
    const read = await duckdb(file, 'parquet', 'select count(*), sum(id), max(name) from $file')
    expect(read.rows).toEqual([[100n, 4950n, 'n99']])
  })

  test('files that wait for their compressors at once, some of which are given up, are as they are alone', async () => {
    const format = parquet({ codec: gzipCodec(), rowGroupRows: 30, pageBytes: 100 })
    const files = [rows, rows.toReversed(), rows.slice(0, 70), rows.slice(20)]
    const alone: Bytes[] = []
    for (const file of files) alone.push(await encode(format, file, schema))
    const given = await Promise.all(
      files.flatMap((file, at) => {
        const abandoned = format.encoder({ schema })
        return [abandoned.write(files[3 - at] as Row[]), encode(format, file, schema)]
      }),
    )
    expect(given.filter((_, place) => place % 2 === 1)).toEqual(alone)
  })

  test('a file is not gone on with by a compressor of another level', async () => {
    const at = (level: number): Format =>
      parquet({ codec: zlibCodec(zlib, 'gzip', { level }), rowGroupRows: 50 })
    const encoder = at(1).encoder({ schema })
    await encoder.write(rows)
    const from = encoder.checkpoint?.()
    expect(() => at(9).encoder({ schema, from })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
    at(1).encoder({ schema, from })
  })

  test('an encoding that its type does not have is refused with the declared columns', () => {
    const list = { kind: 'list', element: { type: 'int32', nullable: true } } as const
    const schema: Schema = { fields: [{ name: 'a', type: list, nullable: true }] }
    const encoding = 'delta_byte_array'
    const format = parquet({ columns: { 'a.list.element': { encoding } } })
    expect(() => format.encoder({ schema })).toThrow(
      expect.objectContaining({
        code: 'invalid-options',
        message: `The column a.list.element cannot be encoded as ${encoding}`,
      }),
    )
  })

  test('an encoding that its type does not have is refused with the inferred columns', async () => {
    const encoder = parquet({ columns: { a: { encoding: 'rle' } } }).encoder()
    await encoder.write([{ a: 1 }])
    expect(() => encoder.close()).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })

  test.each([
    ['gzip', 'gzipCodec() of sluice/formats/parquet/gzip'],
    ['lz4_raw', 'lz4Codec() of sluice/formats/parquet/lz4'],
  ])('the codec %s is told where its compressor is', (codec, where) => {
    expect(() => parquet({ codec: codec as 'none' })).toThrow(
      expect.objectContaining({
        code: 'invalid-options',
        message: `codec: ${codec} is a compressor of its own: ${where}`,
      }),
    )
  })

  test.each([
    ['rowGroupBytes', { rowGroupBytes: 0 }],
    ['codec', { codec: 'constructor' as 'none' }],
    ['rowGroupBytes', { rowGroupBytes: '16' }],
    ['pageBytes', { pageBytes: 0 }],
    ['pageBytes', { pageBytes: '1' }],
    ['columns', { columns: null }],
    ['columns', { columns: { a: null } }],
    ['bloomFilter', { columns: { a: { bloomFilter: 'no' } } }],
    ['sortedBy', { sortedBy: 'a' }],
    ['sortedBy', { sortedBy: [null] }],
    ['sortedBy', { sortedBy: [{ column: 'a', descending: 'yes' }] }],
    ['metadata', { metadata: null }],
    ['metadata', { metadata: { a: '\ud800' } }],
    ['kernels', { kernels: 'x' }],
    ['rowGroupBytes', { rowGroupBytes: 2 ** 31 }],
    ['rowGroupBytes', { rowGroupBytes: Number.NaN }],
    [
      'codec',
      { codec: { name: 'lzo', compress: () => new Uint8Array() } as unknown as Compressor },
    ],
    ['encoding', { columns: { a: { encoding: 'rle_dictionary' as 'plain' } } }],
    ['metadata', { metadata: { a: 1 as unknown as string } }],
  ])('a wrong %s is refused', (name, options) => {
    expect(() => parquet(options as ParquetOptions)).toThrow(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(name) }),
    )
  })

  test('columns that a schema lacks are refused, and that rows lack are not', async () => {
    for (const options of [{ columns: { nam: {} } }, { sortedBy: [{ column: 'tags' }] }]) {
      expect(() => parquet(options).encoder({ schema })).toThrow(
        expect.objectContaining({ code: 'invalid-options' }),
      )
      expect(await parquetByHyparquet(await encode(parquet(options), [{ a: 1 }]))).toEqual([
        { a: 1 },
      ])
    }
  })
})
