import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as flechette from '@uwdata/flechette'
import * as arrow from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INSTALL_MS } from '../../../../scripts/test-python.ts'
import type { Bytes, Schema } from '../../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../../src/core/bytes.ts'
import {
  type ArrowTable,
  arrowColumns,
  parquetColumns,
} from '../../../../src/formats/parquet/columns/index.ts'
import { duckdb } from '../../duckdb.ts'
import { asDuckdbHolds, cellsByDuckdb } from '../matrix/by-duckdb.ts'
import { cellsByHyparquet } from '../matrix/by-hyparquet.ts'
import { bits, type Cell, mapCells } from '../matrix/cells.ts'
import { NO_PYTHON, readersPython } from '../readers-python.ts'

// Made by make-table.py: tables of pyarrow, in two batches each.
const TYPES = fileURLToPath(new URL('types.arrows', import.meta.url))
const COMPARE = fileURLToPath(new URL('compare.py', import.meta.url))
const run = promisify(execFile)
const NEWER_TYPES = fileURLToPath(new URL('newer-types.arrows', import.meta.url))

/** The third of four values is null. */
const four = (a: Cell, b: Cell, d: Cell): readonly Cell[] => [a, b, null, d]

const DIGITS = '123456789012345678901234567890123456789012345678900123456789'
const TEXTS = four('a', 'longer than twelve bytes é', '')
const DATA = four('01', Buffer.from('longer than twelve bytes').toString('hex'), '')
const WORDS = four('tea', 'é', 'tea')
const COUNTS = four('1', String(-(2 ** 40)), '0')
const MICROSECONDS = four('1700000000000001', '-1', '0')
const NANOSECONDS = four('1700000000000000001', '-1', '0')
const LISTS = four(['1', null], [], ['2'])

const COLUMNS: Readonly<Record<string, readonly Cell[]>> = {
  nothing: [null, null, null, null],
  decimal32: four('1250', '-1', '0'),
  decimal64: four('123456789012345', '-1', '0'),
  decimal128: four('9'.repeat(38), '-1500000000', '0'),
  decimal128_int: four('1250', '-1', '0'),
  decimal128_whole: four('7', '-9', '0'),
  date32: four('19000', '-1', '0'),
  date64: four('19000', '-1', '0'),
  time_s: four('1000', '86399000', '0'),
  time_ms: four('1', '86399999', '0'),
  time_us: four('1', '86399999999', '0'),
  time_ns: four('1', '86399999999999', '0'),
  timestamp_s: four('1000', '-1000', '0'),
  timestamp_ms: four('1', '-1', '0'),
  timestamp_us: MICROSECONDS,
  timestamp_ns: NANOSECONDS,
  timestamp_zone: MICROSECONDS,
  timestamp_offset: NANOSECONDS,
  duration_s: COUNTS,
  duration_ms: COUNTS,
  duration_us: COUNTS,
  duration_ns: COUNTS,
  map: four(
    [
      ['a', '1'],
      ['b', null],
    ],
    [],
    [['c', '3']],
  ),
  map_sorted: four([['1', '2']], [], [['3', '4']]),
  list: LISTS,
  list_fixed: four(['1', null], ['2', '3'], ['4', '5']),
  list_large: four(['a', null], [], ['b']),
  text_large: TEXTS,
  text_view: TEXTS,
  bytes_large: DATA,
  bytes_view: DATA,
  bytes_fixed: four('616263', '000102', '78797a'),
  uuid: four('000102030405060708090a0b0c0d0e0f', '0'.repeat(32), 'f'.repeat(32)),
  coded: WORDS,
  coded_ordered: WORDS,
  coded_large: WORDS,
  coded_numbers: four('1099511627776', '-1', '1099511627776'),
  half: four(bits(1.5), bits(-0), bits(2 ** -24)),
  boolean: four(true, false, true),
  nested: four(['1', [['125', 'x']]], [null, []], ['3', null]),
  required: ['1', '2', '3', '4'],
  decimal256: four(DIGITS, `-${DIGITS}`, '0'),
}

const NEWER: Readonly<Record<string, readonly Cell[]>> = {
  list_view: LISTS,
  list_large_view: LISTS,
  runs: ['a', 'a', null, 'b'],
}

/** What pyarrow's own files give back otherwise: Sluice has no columns of the type. */
const OTHERS: Readonly<Record<string, string>> = { nothing: 'string' }

type Open = (stream: Uint8Array) => unknown

const apache: Open = (stream) => arrow.tableFromIPC(stream)
const opened: readonly [
  name: string,
  path: string,
  open: Open,
  columns: typeof COLUMNS,
  from?: number,
  to?: number,
][] = [
  ['apache-arrow', TYPES, apache, COLUMNS],
  ['a slice of apache-arrow', TYPES, (s) => arrow.tableFromIPC(s).slice(1, 4), COLUMNS, 1, 4],
  ['a batch of apache-arrow', TYPES, (s) => arrow.tableFromIPC(s).batches[0], COLUMNS, 0, 3],
  ['flechette', TYPES, (s) => flechette.tableFromIPC(s), COLUMNS],
  [
    'flechette with values of its own',
    TYPES,
    (stream) =>
      flechette.tableFromIPC(stream, {
        useBigInt: true,
        useDate: true,
        useDecimalInt: true,
        useMap: true,
        useProxy: true,
      }),
    COLUMNS,
  ],
  ['newer types of flechette', NEWER_TYPES, (s) => flechette.tableFromIPC(s), NEWER],
]

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-arrow-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function written(table: unknown): Promise<{ file: Bytes; schema: Schema }> {
  const { options, columns } = arrowColumns(table as ArrowTable)
  const encoder = parquetColumns(options)
  const chunks = [...(await encoder.write(columns)), ...(await encoder.close()).chunks]
  return { file: concatBytes(chunks), schema: options.schema }
}

describe.each(opened)('%s', (_, path, open, columns, from = 0, to = 4) => {
  test('is written as it is', async () => {
    const { file, schema } = await written(open(await readFile(path)))
    const rows = Array.from({ length: to - from }, (_, row) =>
      schema.fields.map(({ name }) => columns[name]?.[from + row] ?? null),
    )
    expect(schema.fields.map(({ name }) => name)).toEqual(Object.keys(columns))
    expect(await cellsByHyparquet(file, schema)).toEqual(rows)
    const place = join(folder, 'file.parquet')
    await writeFile(place, file)
    // It has no decimals of more than 38 digits: that column is the last.
    const fields = schema.fields.filter(({ name }) => name !== 'decimal256')
    expect(await cellsByDuckdb(place, { fields })).toEqual(
      mapCells({ fields }, rows, asDuckdbHolds),
    )
  })
})

test('is one file, whichever library had the table', async () => {
  const stream = await readFile(TYPES)
  const [one, other] = await Promise.all([
    written(arrow.tableFromIPC(stream)),
    written(flechette.tableFromIPC(stream)),
  ])
  expect(equalBytes(one.file, other.file)).toBe(true)
})

test('dictionaries of texts stay dictionaries, since pyarrow reads no other encoding of them', async () => {
  const { columns } = arrowColumns(flechette.tableFromIPC(await readFile(TYPES))).options
  const encoding = 'dictionary'
  expect(columns).toEqual({
    coded: { encoding },
    coded_ordered: { encoding },
    coded_large: { encoding },
    'nested.b.list.element.d': { encoding },
  })
})

describe('the types, as Arrow says them', () => {
  /** What a library reads of the message in the footer, as a stream of no rows. */
  function hinted(table: unknown): Uint8Array {
    const { metadata } = arrowColumns(table as ArrowTable).options
    return Buffer.from(metadata['ARROW:schema'] as string, 'base64')
  }

  test('are those of the table, to flechette and apache-arrow', async () => {
    const stream = await readFile(TYPES)
    const table = flechette.tableFromIPC(stream)
    expect(flechette.tableFromIPC(hinted(table)).schema).toEqual(table.schema)
    const told = ({ fields, metadata }: arrow.Schema) => [
      fields.map((field) => [String(field), field.nullable, [...field.metadata]]),
      [...metadata],
    ]
    const other = arrow.tableFromIPC(stream)
    expect(told(arrow.tableFromIPC(hinted(other)).schema)).toEqual(told(other.schema))
  })

  test('are the same bytes, whatever numbers a library gave its dictionaries', () => {
    const make = (): arrow.Table =>
      new arrow.Table({
        a: arrow.vectorFromArray(['x'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
        b: arrow.vectorFromArray(['y'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
      })
    expect(hinted(make())).toEqual(hinted(make()))
  })
})

describe('pyarrow and polars', () => {
  test.for([
    ['types', TYPES, COLUMNS],
    ['newer types', NEWER_TYPES, NEWER],
  ] as const)(
    'read %s as they read pyarrow’s own file',
    { timeout: 2 * INSTALL_MS },
    async ([, path, columns], { skip }) => {
      const python = await readersPython()
      if (python === undefined) return skip(NO_PYTHON)
      const { file } = await written(flechette.tableFromIPC(await readFile(path)))
      const place = join(folder, 'python.parquet')
      await writeFile(place, file)
      const { stdout } = await run(python, [COMPARE, path, place])
      const { '': metadata, ...told } = JSON.parse(stdout) as Record<string, readonly unknown[]>
      expect(metadata).toEqual({ origin: 'make-table.py' })
      expect(Object.keys(told)).toEqual(Object.keys(columns))
      for (const [name, [ours, theirs, ...equal]] of Object.entries(told)) {
        expect({ [name]: [ours, ...equal] }).toEqual({
          [name]: [OTHERS[name] ?? theirs, true, true],
        })
      }
    },
  )
})

/** A column of one name. */
const column = (name: string, values: arrow.Vector): ArrowTable =>
  new arrow.Table({ [name]: values })

describe('numbers without nulls', () => {
  test('are not copied', () => {
    const values = arrow.vectorFromArray([1, 2], new arrow.Int32())
    const { v } = arrowColumns(column('v', values)).columns
    expect((v as Int32Array).buffer).toBe(values.data[0]?.values.buffer)
  })

  test('of several batches are one array', () => {
    const values = arrow.vectorFromArray([1, 2], new arrow.TimestampMicrosecond())
    const { v } = arrowColumns(column('v', values.concat(values))).columns
    expect(v).toEqual(BigInt64Array.of(1000n, 2000n, 1000n, 2000n))
  })
})

test('a null within a dictionary is a null', async () => {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())
  const data = arrow.makeData({
    type,
    data: Int8Array.of(0, 1, 0),
    dictionary: arrow.vectorFromArray(['x', null], new arrow.Utf8()),
  })
  expect(arrowColumns(column('v', new arrow.Vector([data]))).columns.v).toEqual(['x', null, 'x'])
})

describe('texts', () => {
  const utf8 = new TextEncoder()
  const texts = (bytes: Uint8Array, offsets: readonly number[], nulls: number[] = []): unknown => {
    const nullBitmap = Uint8Array.of(nulls.reduce((bits, place) => bits & ~(1 << place), 0xff))
    const data = arrow.makeData({
      type: new arrow.Utf8(),
      valueOffsets: Int32Array.from(offsets),
      data: bytes,
      ...(nulls.length > 0 && { nullBitmap, nullCount: nulls.length }),
    })
    return arrowColumns(column('v', new arrow.Vector([data]))).columns.v
  }

  test('of characters of any length are what they are', () => {
    const given = ['a', 'é', '', '€uro', '𝄞𝄞', 'z']
    const offsets = [0]
    for (const text of given) offsets.push((offsets.at(-1) ?? 0) + utf8.encode(text).length)
    expect(texts(utf8.encode(given.join('')), offsets)).toEqual(given)
  })

  test('may have bytes that are none at nulls', () => {
    expect(texts(Uint8Array.of(0x61, 0xff, 0x62), [0, 1, 2, 3], [1])).toEqual(['a', null, 'b'])
    const whole = utf8.encode('aé')
    expect(() => texts(whole, [0, 2, 3])).toThrow('has a text that is not UTF-8')
    expect(() => texts(whole, [0, 9, 3])).toThrow('has fewer values than it says')
    expect(() => texts(whole, [0, 3, 1, 3])).toThrow('has fewer values than it says')
  })
})

test('a column may have any name', () => {
  const ids = arrow.vectorFromArray([1, 2], new arrow.Int32())
  const named: ArrowTable = {
    schema: { fields: [{ name: '__proto__', type: ids.type, nullable: true }] },
    getChild: () => ids,
  }
  expect(Object.entries(arrowColumns(named).columns)).toEqual([['__proto__', Int32Array.of(1, 2)]])
})

describe('what Parquet does not have is refused by name', () => {
  const field = (name: string, type: arrow.DataType) => new arrow.Field(name, type, true)
  test.each<[string, arrow.DataType, string]>([
    ['v', new arrow.Decimal(-2, 10), 'decimals of scale -2'],
    ['v', new arrow.IntervalDayTime(), 'type 11'],
    ['v', new arrow.SparseUnion([0], [field('a', new arrow.Int8())]), 'type 14'],
    ['v.a', new arrow.Struct([field('a', new arrow.IntervalYearMonth())]), 'type 11'],
  ])('%s, %s', (path, type, what) => {
    const table: ArrowTable = { schema: { fields: [field('v', type)] }, getChild: () => null }
    expect(() => arrowColumns(table)).toThrow(
      expect.objectContaining({
        code: 'not-supported',
        message: `The Arrow column ${path} has ${what}, which Parquet does not have`,
      }),
    )
  })
})

describe('what is not as it says is refused by name', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values)
  const entries = new arrow.Struct([
    new arrow.Field('key', new arrow.Utf8(), false),
    new arrow.Field('value', new arrow.Int8(), true),
  ])
  const twice = arrow.makeData({
    type: new arrow.Map_(new arrow.Field('entries', entries, false)),
    valueOffsets: Int32Array.of(0, 2),
    child: arrow.makeData({
      type: entries,
      length: 2,
      children: [
        arrow.vectorFromArray(['k', 'k'], new arrow.Utf8()).data[0] as arrow.Data,
        arrow.vectorFromArray([1, 2], new arrow.Int8()).data[0] as arrow.Data,
      ],
    }),
  })
  /** Three, and the second is null. */
  const child = arrow.makeData({
    type: new arrow.Int8(),
    nullCount: 1,
    nullBitmap: bytes(0b101),
    data: Int8Array.of(1, 2, 3),
  })
  const item = new arrow.Field('item', new arrow.Int8(), true)
  const listOf = (...offsets: readonly [from: number, to: number]): arrow.Data =>
    arrow.makeData({ type: new arrow.List(item), valueOffsets: Int32Array.from(offsets), child })
  const largeList = arrow.makeData({
    type: new arrow.LargeList(item),
    valueOffsets: BigInt64Array.of(0n, 2n ** 32n),
    child,
  })
  const short = 'has fewer values than it says'
  const cases: readonly (readonly [string, arrow.Data, string])[] = [
    [
      'text',
      arrow.makeData({
        type: new arrow.Utf8(),
        valueOffsets: Int32Array.of(0, 1, 2),
        data: bytes(0x61, 0xff),
      }),
      'has a text that is not UTF-8',
    ],
    [
      'text behind its bytes',
      arrow.makeData({
        type: new arrow.Utf8(),
        valueOffsets: Int32Array.of(0, 9),
        data: bytes(0x61),
      }),
      short,
    ],
    ['map', twice, 'has a map with the same key twice'],
    [
      'integers',
      arrow.makeData({
        type: new arrow.Int32(),
        length: 2,
        nullCount: 1,
        nullBitmap: bytes(2),
        data: Int32Array.of(1),
      }),
      short,
    ],
    [
      'integers without nulls',
      arrow.makeData({ type: new arrow.Int32(), length: 2, data: Int32Array.of(1) }),
      short,
    ],
    [
      'decimals',
      arrow.makeData({
        type: new arrow.Decimal(2, 10),
        length: 2,
        data: Uint32Array.of(1, 0, 0, 0),
      }),
      short,
    ],
    [
      'bytes',
      arrow.makeData({ type: new arrow.FixedSizeBinary(2), length: 2, data: bytes(1, 2, 3) }),
      short,
    ],
    [
      'bits of what is null',
      arrow.makeData({
        type: new arrow.Int32(),
        length: 9,
        nullCount: 1,
        nullBitmap: bytes(0xfe),
        data: new Int32Array(9),
      }),
      'has fewer bits of what is null than values',
    ],
    [
      'bits of what is null, by an offset',
      arrow
        .makeData({
          type: new arrow.Int32(),
          length: 16,
          nullCount: 1,
          nullBitmap: bytes(0xfe, 0xff),
          data: new Int32Array(24),
        })
        .clone(new arrow.Int32(), 9, 8, 1),
      'has fewer bits of what is null than values',
    ],
    [
      'bits of what is null within',
      arrow.makeData({
        type: new arrow.List(item),
        valueOffsets: Int32Array.of(0, 1),
        child: arrow.makeData({
          type: new arrow.Int8(),
          length: 9,
          nullCount: 1,
          nullBitmap: bytes(0xfe),
          data: new Int8Array(9),
        }),
      }),
      'has fewer bits of what is null than values',
    ],
    ['booleans', arrow.makeData({ type: new arrow.Bool(), length: 9, data: bytes(1) }), short],
    [
      'codes',
      arrow.makeData({
        type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
        data: Int8Array.of(1),
        dictionary: arrow.vectorFromArray(['x'], new arrow.Utf8()),
      }),
      short,
    ],
    [
      'lists',
      arrow.makeData({
        type: new arrow.List(item),
        valueOffsets: Int32Array.of(0, 3),
        child: arrow.makeData({ type: new arrow.Int8(), length: 2, data: Int8Array.of(1, 2) }),
      }),
      short,
    ],
    ['lists behind values of which one is null', listOf(0, 100), short],
    ['lists before them', listOf(-2, 1), short],
    ['lists of more than an array holds', largeList, short],
  ]
  test.each(cases)('%s', (_, data, what) => {
    expect(() => arrowColumns(column('v', new arrow.Vector([data])))).toThrow(
      expect.objectContaining({ code: 'invalid-record', message: `The Arrow column v ${what}` }),
    )
  })
})

describe('columns of nothing', () => {
  test('are texts, all null, also where the library says that none of them is', async () => {
    const nothing = arrow.vectorFromArray([null, null], new arrow.Null())
    expect(new arrow.Table({ s: nothing }).schema.fields[0]?.nullable).toBe(false)
    const children = [new arrow.Field('n', new arrow.Null(), false)]
    const struct = arrow.vectorFromArray([{ n: null }, null], new arrow.Struct(children))
    const list = new arrow.List(new arrow.Field('item', new arrow.Null(), false))
    const lists = arrow.vectorFromArray([[null, null], []], list)
    const { options, columns } = arrowColumns(new arrow.Table({ s: nothing, struct, lists }))
    const encoder = parquetColumns(options)
    const written = await encoder.write(columns)
    const file = concatBytes([...written, ...(await encoder.close()).chunks])
    const found = await duckdb(file, 'parquet', 'select * from $file')
    expect(found.rows).toEqual([
      [null, { n: null }, [null, null]],
      [null, null, []],
    ])
  })
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['an object', {}],
  ['columns', { id: [1] }],
  ['rows', [{ id: 1 }]],
  ['a table without columns to ask for', { schema: { fields: [] } }],
  ['fields that are no list', { schema: { fields: 1 }, getChild: () => null }],
])('%s is no table', (_, given) => {
  expect(() => arrowColumns(given as never)).toThrow(
    expect.objectContaining({
      name: 'SluiceError',
      code: 'invalid-record',
      message: expect.stringContaining('apache-arrow'),
    }),
  )
})
