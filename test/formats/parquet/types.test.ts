import { parquetMetadata, parquetRead } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Bytes, FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { duckdb } from '../duckdb.ts'
import { encode } from '../readers.ts'

/** A column `v` of these values, a null before and behind them. */
async function column(type: FieldType, values: readonly unknown[]): Promise<Bytes> {
  const schema: Schema = { fields: [{ name: 'v', type, nullable: true }] }
  return encode(
    parquet(),
    [null, ...values, undefined].map((v) => ({ v })),
    schema,
  )
}

async function asText(file: Bytes): Promise<{ type: string; values: unknown[] }> {
  const { types, rows } = await duckdb(
    file,
    'parquet',
    `select v, v::varchar from (select * from $file)`,
  )
  return { type: types[0] as string, values: rows.map(([, text]) => text) }
}

const decimal = (precision: number, scale: number): FieldType => ({
  kind: 'decimal',
  precision,
  scale,
})
const list = (type: FieldType, nullable = true): FieldType => ({
  kind: 'list',
  element: { type, nullable },
})
const uuid = '00112233-4455-6677-8899-aabbccddeeff'

const SCALARS: readonly (readonly [FieldType, readonly unknown[], string, readonly string[]])[] = [
  ['boolean', [true, false], 'BOOLEAN', ['true', 'false']],
  ['int8', [-128, 127, -0], 'TINYINT', ['-128', '127', '0']],
  ['int16', [-32768, 32767], 'SMALLINT', ['-32768', '32767']],
  ['int32', [-(2 ** 31), 2 ** 31 - 1], 'INTEGER', ['-2147483648', '2147483647']],
  ['int64', [-(2n ** 63n), 2 ** 53 - 1], 'BIGINT', ['-9223372036854775808', '9007199254740991']],
  ['uint8', [0, 255], 'UTINYINT', ['0', '255']],
  ['uint16', [65535], 'USMALLINT', ['65535']],
  ['uint32', [2 ** 32 - 1], 'UINTEGER', ['4294967295']],
  ['uint64', [1, 2n ** 64n - 1n], 'UBIGINT', ['1', '18446744073709551615']],
  ['float16', [1.5, -65504n, 2 ** -24], 'FLOAT', ['1.5', '-65504.0', '5.9604645e-08']],
  ['float32', [0.1, Number.NaN, 7n], 'FLOAT', ['0.1', 'nan', '7.0']],
  ['double', [0.1, -0, 5n], 'DOUBLE', ['0.1', '-0.0', '5.0']],
  ['string', ['', 'é\u{10ffff}'], 'VARCHAR', ['', 'é\u{10ffff}']],
  ['enum', ['red'], 'VARCHAR', ['red']],
  ['bytes', [Uint8Array.of(0, 255)], 'BLOB', ['\\x00\\xFF']],
  ['uuid', [uuid.toUpperCase(), new Uint8Array(16)], 'UUID', [uuid, uuid.replace(/[^-]/g, '0')]],
  ['date', ['1969-12-31', new Date(0)], 'DATE', ['1969-12-31', '1970-01-01']],
  ['json', [[1, { a: null }], 'x', Number.NaN], 'VARCHAR', ['[1,{"a":null}]', '"x"', '"NaN"']],
  [decimal(9, 2), ['-12.5', 7n], 'DECIMAL(9,2)', ['-12.50', '7.00']],
  [decimal(18, 0), [10n ** 18n - 1n], 'DECIMAL(18,0)', ['999999999999999999']],
  [
    decimal(38, 10),
    ['-1234567890123456789012345678.0000000001', '0.5'],
    'DECIMAL(38,10)',
    ['-1234567890123456789012345678.0000000001', '0.5000000000'],
  ],
  [
    { kind: 'time', unit: 'ms', utc: false },
    ['23:59:59.999', 1],
    'TIME',
    ['23:59:59.999', '00:00:00.001'],
  ],
  [{ kind: 'time', unit: 'us', utc: false }, ['00:00:00.000001'], 'TIME', ['00:00:00.000001']],
  [
    { kind: 'timestamp', unit: 'us', utc: false },
    [new Date('0000-01-01T00:00:00.001Z'), 1, '2026-01-01 01:02'],
    'TIMESTAMP',
    ['0001-01-01 (BC) 00:00:00.001', '1970-01-01 00:00:00.000001', '2026-01-01 01:02:00'],
  ],
  [
    { kind: 'timestamp', unit: 'ns', utc: false },
    [new Date(1), 1234567890123456789n],
    'TIMESTAMP_NS',
    ['1970-01-01 00:00:00.001', '2009-02-13 23:31:30.123456789'],
  ],
]

describe('DuckDB reads', () => {
  test.each(SCALARS)('%j', async (type, values, expectedType, texts) => {
    expect(await asText(await column(type, values))).toEqual({
      type: expectedType,
      values: [null, ...texts, null],
    })
  })

  test('moments in UTC as such', async () => {
    for (const type of ['timestamp', { kind: 'timestamp', unit: 'us', utc: true }] as const) {
      const file = await column(type, [new Date(5), '1970-01-01T01:00:00.007+01:00'])
      const { types, rows } = await duckdb(file, 'parquet', 'select v, epoch_ms(v) from $file')
      expect(types[0]).toBe('TIMESTAMP WITH TIME ZONE')
      expect(rows.map(([, ms]) => ms)).toEqual([null, 5n, 7n, null])
    }
  })

  test('lists, maps and structs with nulls at each level', async () => {
    const point: FieldType = {
      kind: 'struct',
      fields: [
        { name: 'x', type: 'int32', nullable: false },
        { name: 'tags', type: list(list('string')), nullable: true },
      ],
    }
    const type: FieldType = {
      kind: 'map',
      key: 'string',
      value: { type: list(point), nullable: true },
    }
    const values = [
      {},
      { a: null },
      { a: [], b: [null] },
      { a: [{ x: 1 }, null, { x: 2, tags: [] }] },
      new Map([['k', [{ x: 3, tags: [null, [], ['p', null, 'q']] }]]]),
    ]
    const { values: texts } = await asText(await column(type, values))
    expect(texts).toEqual([
      null,
      '{}',
      '{a=NULL}',
      '{a=[], b=[NULL]}',
      "{a=[{'x': 1, 'tags': NULL}, NULL, {'x': 2, 'tags': []}]}",
      "{k=[{'x': 3, 'tags': [NULL, [], [p, NULL, q]]}]}",
      null,
    ])
  })
})

describe('hyparquet reads', () => {
  async function values(file: Bytes): Promise<unknown[]> {
    let rows: unknown[] = []
    await parquetRead({
      file: file.buffer,
      rowFormat: 'object',
      onComplete(read) {
        rows = (read as unknown as Row[]).map(({ v }) => v)
      },
    })
    return rows
  }

  test('variants, each with its own type', async () => {
    const long = 'x'.repeat(300)
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, i]))
    const given = [
      true,
      false,
      [1, 128, 40_000, 2 ** 40, 0.5, -1],
      { b: 'é', a: [null, undefined], none: undefined },
      long,
      many,
      new Array(300).fill(7),
      { toJSON: () => ({ said: 1n }) },
    ]
    const read = await values(await column('variant', given))
    // Of no value hyparquet makes `undefined` here.
    expect(read.map((value) => value ?? null)).toEqual([
      null,
      true,
      false,
      [1, 128, 40_000, 2n ** 40n, 0.5, -1],
      { b: 'é', a: [null, null] },
      long,
      many,
      new Array(300).fill(7),
      { said: 1 },
      null,
    ])
    const [date, bytes, minusZero] = (
      await values(await column('variant', [new Date(5), Uint8Array.of(1), -0]))
    ).slice(1)
    expect(date).toEqual(new Date(5))
    expect(bytes).toEqual(Uint8Array.of(1))
    expect(minusZero).toBe(-0)
  })

  test('a name, logical type and converted type for each element', async () => {
    const element = async (type: FieldType) =>
      parquetMetadata((await column(type, [])).buffer).schema.slice(1)
    expect(await element('uint8')).toMatchObject([
      {
        type: 'INT32',
        converted_type: 'UINT_8',
        logical_type: { type: 'INTEGER', bitWidth: 8, isSigned: false },
      },
    ])
    expect(await element(decimal(38, 3))).toMatchObject([
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', scale: 3 },
    ])
    expect(
      (await element(list('date', false))).map(({ name, repetition_type }) => [
        name,
        repetition_type,
      ]),
    ).toEqual([
      ['v', 'OPTIONAL'],
      ['list', 'REPEATED'],
      ['element', 'REQUIRED'],
    ])
    expect(await element('variant')).toMatchObject([
      { name: 'v', logical_type: { type: 'VARIANT' }, num_children: 2 },
      { name: 'metadata', repetition_type: 'REQUIRED' },
      { name: 'value', repetition_type: 'REQUIRED' },
    ])
    expect(await element({ kind: 'time', unit: 'ns', utc: true })).toMatchObject([
      { type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'NANOS' } },
    ])
  })
})
