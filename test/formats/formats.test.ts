import { readFile } from 'node:fs/promises'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Bytes, Encoder, Format, Row, Schema } from '../../src/contracts/index.ts'
import { WRITER } from '../../src/formats/checkpoints.ts'
import { csv } from '../../src/formats/csv.ts'
import { FILE_TYPES } from '../../src/formats/file-types.ts'
import { gzip } from '../../src/formats/gzip.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { duckdb, parquetByDuckdb } from './duckdb.ts'
import { encode, gunzip, parquetByHyparquet } from './readers.ts'

const text = (file: Uint8Array): string => new TextDecoder().decode(file)

const schema = (...names: string[]): Schema => ({
  fields: names.map((name) => ({ name, type: 'string', nullable: true })),
})

describe('file types', () => {
  test.each([
    ['jsonl', 'application/x-ndjson', jsonl()],
    ['csv', 'text/csv; charset=utf-8', csv()],
    ['parquet', 'application/vnd.apache.parquet', parquet()],
    ['jsonl.gz', 'application/gzip', gzip(jsonl())],
    ['csv.gz', 'application/gzip', gzip(csv())],
  ])('.%s is %s', (extension, contentType, format) => {
    expect(format).toMatchObject({ extension, contentType })
  })

  test('no format has a content encoding', () => {
    for (const type of [...Object.values(FILE_TYPES), gzip(jsonl()), jsonl()]) {
      expect(type).not.toHaveProperty('contentEncoding')
    }
  })
})

describe('jsonl', () => {
  test('writes the keys of a schema in its order, those that look like numbers too', async () => {
    const rows: Row[] = [{ 2: 'x', 1: 'y', b: -0 }, { b: 1n }, { b: undefined, 1: 'z' }]
    const file = await encode(jsonl(), rows, schema('b', '2', '1'))
    expect(text(file)).toBe('{"b":-0,"2":"x","1":"y"}\n{"b":1}\n{"1":"z"}\n')
  })

  test('cuts long output into chunks', async () => {
    const rows = Array.from({ length: 1000 }, () => ({ text: 'x'.repeat(1000) }))
    const chunks = await jsonl().encoder().write(rows)
    expect(chunks.length).toBeGreaterThan(2)
    expect(Math.max(...chunks.map((chunk) => chunk.byteLength))).toBeLessThan(300_000)
  })
})

describe('csv', () => {
  test('quotes what needs it and nothing else', async () => {
    const rows = [
      'plain',
      'a b',
      ' a',
      'a\t',
      'a,b',
      'a;b',
      '"',
      'a\nb',
      'a\rb',
      '',
      '\ufeffx',
      "'",
    ].map((v) => ({ v, w: 1 }))
    expect(text(await encode(csv(), rows))).toBe(
      'v,w\nplain,1\na b,1\n" a",1\n"a\t",1\n"a,b",1\na;b,1\n"""",1\n"a\nb",1\n"a\rb",1\n"",1\n"\ufeffx",1\n\',1\n',
    )
  })

  test('takes other delimiters, and can leave the header out', async () => {
    const rows = [{ a: 'x;y', b: 'x,y' }]
    expect(text(await encode(csv({ delimiter: ';' }), rows))).toBe('a;b\n"x;y";x,y\n')
    expect(text(await encode(csv({ delimiter: '\t', header: false }), rows))).toBe('x;y\tx,y\n')
    expect(text(await encode(csv({ delimiter: '|', header: false }), rows))).toBe('x;y|x,y\n')
    for (const delimiter of ['', ',,', '"', '\n', '\r', 'a', '5', '-', '.', ' ', 'é']) {
      expect(() => csv({ delimiter })).toThrow(/cannot be a delimiter/)
    }
  })

  test('can keep spreadsheets from running text', async () => {
    const rows = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', '\nx', 'x=1', "'=1"].map((v) => ({ v }))
    expect(
      text(await encode(csv({ formulas: 'escape' }), [{ v: -1.5 }, { v: -5n }, ...rows])),
    ).toBe('v\n-1.5\n-5\n"\'=1+1"\n"\'+1"\n"\'-1"\n"\'@x"\n"\'\tx"\n"\'\rx"\n"\'\nx"\nx=1\n\'=1\n')
    const header = await encode(csv({ formulas: 'escape' }), [], schema('=cmd()'))
    expect(text(header)).toBe('"\'=cmd()"\n')
    expect(text(await encode(csv(), [{ v: '=1' }]))).toBe('v\n=1\n')
  })

  test('takes its columns from all rows of the first write, and refuses others later', async () => {
    const encoder = csv().encoder()
    expect(await encoder.write([])).toEqual([])
    const [first] = await encoder.write([{ a: 1 }, { b: 2 }])
    expect(text(first as Bytes)).toBe('a,b\n1,\n,2\n')
    expect(() => encoder.write([{ c: 1 }])).toThrow('/c is not a column of the schema')
  })

  test('writes what says that it is a string without the quotes of JSON', async () => {
    const decimal = { toJSON: () => '12.50' }
    expect(text(await encode(csv(), [{ v: decimal }]))).toBe('v\n12.50\n')
  })
})

describe('gzip', () => {
  const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, text: `row ${id % 97}` }))

  test('holds what the format makes of the same rows', async () => {
    for (const format of [jsonl(), csv()]) {
      const packed = await encode(gzip(format), rows)
      expect(Array.from(packed.subarray(0, 3))).toEqual([0x1f, 0x8b, 8])
      expect(text(await gunzip(packed))).toBe(text(await encode(format, rows)))
      expect(await gunzip(await encode(gzip(format), []))).toHaveLength(0)
    }
  })

  test('gives bytes while rows still come', async () => {
    const encoder = gzip(jsonl()).encoder()
    let early = 0
    for (let i = 0; i < 200; i++) {
      const noise = Array.from({ length: 200 }, (_, k) => ({ v: Math.sin(i * 1000 + k) }))
      for (const chunk of await encoder.write(noise)) early += chunk.byteLength
      expect(encoder.bufferedBytes).toBeLessThan(512 * 1024)
    }
    expect(early).toBeGreaterThan(100_000)
    await encoder.close()
  })

  test('is refused around Parquet, which compresses inside', () => {
    expect(() => gzip(parquet())).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })

  test('passes the verdicts and errors of the format on', async () => {
    const format = gzip(csv())
    expect(format.check({})).toMatchObject({ code: 'invalid-record' })
    await expect(encode(format, [{ x: 1 }], schema('a'))).rejects.toMatchObject({
      code: 'invalid-record',
    })
  })
})

describe('parquet', () => {
  test('tells 0 from -0, which a dictionary would not', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({
      v: i % 3 === 0 ? -0 : i % 3 === 1 ? 0 : 0.5,
    }))
    const file = await encode(parquet(), rows)
    expect(await parquetByHyparquet(file)).toEqual(rows)
    expect(
      await parquetByDuckdb(file, { fields: [{ name: 'v', type: 'double', nullable: false }] }),
    ).toEqual(rows)
    // And without one there is a dictionary.
    const plain = await encode(
      parquet(),
      rows.map(({ v }) => ({ v: v + 1 })),
    )
    expect(parquetMetadata(plain.buffer).row_groups[0]?.columns[0]?.meta_data?.encodings).toContain(
      'RLE_DICTIONARY',
    )
  })

  test('says who wrote it in the form that readers parse', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(WRITER).toBe(`sluice version ${version}`)
    const file = await encode(parquet(), [{ a: 1 }])
    expect(parquetMetadata(file.buffer).created_by).toBe(WRITER)
  })

  test('cuts row groups by rows, wherever the batches end', async () => {
    const rows = Array.from({ length: 250 }, (_, id) => ({ id }))
    const file = await encode(parquet({ rowGroupRows: 100 }), rows)
    const sizes = parquetMetadata(file.buffer).row_groups.map((group) => Number(group.num_rows))
    expect(sizes).toEqual([100, 100, 50])
    expect(await parquetByHyparquet(file)).toEqual(rows)
  })

  test('holds no more than about 17 MiB of values', async () => {
    const encoder = parquet().encoder()
    const rows = Array.from({ length: 100 }, (_, i) => ({ text: String(i % 10).repeat(100_000) }))
    let most = 0
    for (let i = 0; i < 10; i++) {
      await encoder.write(rows)
      most = Math.max(most, encoder.bufferedBytes)
    }
    expect(most).toBeGreaterThan(8 * 2 ** 20)
    expect(most).toBeLessThan(17 * 2 ** 20)
    expect(await groupsOf(encoder)).toBeGreaterThan(4)
  })

  test('keeps bytes as they were when they were written', async () => {
    const shared = new Uint8Array([1, 2, 3])
    const encoder = parquet().encoder()
    await encoder.write([{ v: shared }])
    shared.fill(9)
    await encoder.write([{ v: shared }])
    const { chunks } = await encoder.close()
    const file = new Uint8Array(Buffer.concat(chunks))
    expect(await parquetByHyparquet(file)).toEqual([
      { v: Uint8Array.of(1, 2, 3) },
      { v: Uint8Array.of(9, 9, 9) },
    ])
  })

  test('has types and statistics that DuckDB reads', async () => {
    const rows = [
      {
        b: true,
        i: -5,
        l: 2n ** 62n,
        d: Number.NaN,
        s: 'b',
        t: new Date(1),
        y: Uint8Array.of(1),
        j: [1],
      },
      { b: null, i: 7, l: -1n, d: 1, s: 'a', t: new Date(0), y: null, j: { a: 1 } },
    ]
    const file = await encode(parquet(), rows)
    const described = await duckdb(file, 'parquet', 'select * from $file')
    expect(described.types).toEqual([
      'BOOLEAN',
      'INTEGER',
      'BIGINT',
      'DOUBLE',
      'VARCHAR',
      'TIMESTAMP WITH TIME ZONE',
      'BLOB',
      'VARCHAR',
    ])
    const schemaRows = await duckdb(
      file,
      'parquet',
      'select name, converted_type, repetition_type from parquet_schema($file) offset 1',
    )
    expect(schemaRows.rows).toEqual([
      ['b', null, 'OPTIONAL'],
      ['i', null, 'REQUIRED'],
      ['l', null, 'REQUIRED'],
      ['d', null, 'REQUIRED'],
      ['s', 'UTF8', 'REQUIRED'],
      ['t', 'TIMESTAMP_MILLIS', 'REQUIRED'],
      ['y', null, 'OPTIONAL'],
      ['j', 'JSON', 'REQUIRED'],
    ])
    const statistics = await duckdb(
      file,
      'parquet',
      'select path_in_schema, stats_min_value, stats_max_value, stats_null_count from parquet_metadata($file)',
    )
    expect(statistics.rows.slice(0, 5)).toEqual([
      ['b', 'true', 'true', 1n],
      ['i', '-5', '7', 0n],
      ['l', '-1', '4611686018427387904', 0n],
      ['d', null, null, 0n],
      ['s', 'a', 'b', 0n],
    ])
  })

  test('can be filtered by its statistics without losing a row', async () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => ({
      id,
      name: `é${id % 100}`,
      d: id % 7 === 0 ? Number.NaN : id / 3,
    }))
    const file = await encode(parquet({ rowGroupRows: 1000 }), rows)
    const count = async (where: string) =>
      (await duckdb(file, 'parquet', `select count(*) from $file where ${where}`)).rows[0]?.[0]
    expect(await count('id >= 2500 and id < 3500')).toBe(1000n)
    expect(await count("name = 'é42'")).toBe(100n)
    expect(await count('isnan(d)')).toBe(1429n)
    expect(await count('d > 3000')).toBe(
      BigInt(
        rows.filter(({ d }) => d > 3000).length + rows.filter(({ d }) => Number.isNaN(d)).length,
      ),
    )
  })

  test.each([
    ['rowGroupRows', { rowGroupRows: 0 }],
    ['rowGroupRows', { rowGroupRows: 1.5 }],
    ['codec', { codec: 'zstd' as 'none' }],
    ['codec', { codec: 'toString' as 'none' }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => parquet(options)).toThrow(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(name) }),
    )
  })

  test('refuses a schema that names a column twice', () => {
    expect(() => parquet().encoder({ schema: schema('a', 'a') })).toThrow(/names column "a" twice/)
  })

  test('refuses rows that do not fit the columns of the first row group', async () => {
    const format: Format = parquet({ rowGroupRows: 1 })
    const encoder = format.encoder()
    await encoder.write([{ a: 1 }])
    await expect(async () => encoder.write([{ a: 'x' }])).rejects.toMatchObject({
      code: 'invalid-record',
    })
  })
})

async function groupsOf(encoder: Encoder): Promise<number> {
  const { chunks } = await encoder.close()
  const footer = new Uint8Array(Buffer.concat(chunks))
  // The footer alone is enough for the metadata, which is read from the end.
  return parquetMetadata(footer.buffer).row_groups.length
}
