import * as flechette from '@uwdata/flechette'
import * as arrow from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../src/contracts/index.ts'
import { concatBytes } from '../../../src/core/bytes.ts'
import {
  type ArrowTable,
  arrowColumns,
  parquetColumns,
} from '../../../src/formats/parquet/columns/index.ts'
import { duckdb } from '../duckdb.ts'

const vector = arrow.vectorFromArray
const table = new arrow.Table({
  i8: vector([1, null, -128], new arrow.Int8()),
  u16: vector([1, 2, 65535], new arrow.Uint16()),
  i64: vector([1n, 2n ** 62n, -1n], new arrow.Int64()),
  u64: vector([1n, null, 2n ** 64n - 1n], new arrow.Uint64()),
  f16: vector([1.5, null, -2], new arrow.Float16()),
  f32: vector([0.5, 1, 2], new arrow.Float32()),
  f64: vector([0.1, null, 3], new arrow.Float64()),
  on: vector([true, null, false], new arrow.Bool()),
  text: vector(['a', null, 'é'], new arrow.Utf8()),
  word: vector(['x', 'y', 'x'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
  data: vector([Uint8Array.of(1), null, Uint8Array.of()], new arrow.Binary()),
  day: vector([new Date(86_400_000), null, new Date(0)], new arrow.DateDay()),
  ms: vector([new Date(5), null, new Date(-1)], new arrow.TimestampMillisecond()),
  us: vector([1_700_000_000_000.001, null, -0.001], new arrow.TimestampMicrosecond('UTC')),
  list: vector(
    [[1, null], null, []],
    new arrow.List(new arrow.Field('item', new arrow.Int32(), true)),
  ),
  struct: vector(
    [{ x: 1, s: 'a' }, null, { x: null, s: 'b' }],
    new arrow.Struct([
      new arrow.Field('x', new arrow.Int32(), true),
      new arrow.Field('s', new arrow.Utf8(), true),
    ] as never) as never,
  ),
})

const tables: Readonly<Record<string, ArrowTable>> = {
  'apache-arrow': table as unknown as ArrowTable,
  'a batch of apache-arrow': table.batches[0] as unknown as ArrowTable,
  flechette: flechette.tableFromIPC(arrow.tableToIPC(table, 'stream'), {
    useBigInt: true,
  }) as unknown as ArrowTable,
}

async function file(given: ArrowTable): Promise<Bytes> {
  const { schema, columns } = arrowColumns(given)
  const encoder = parquetColumns({ schema })
  return concatBytes([...(await encoder.write(columns)), ...(await encoder.close()).chunks])
}

describe.each(Object.entries(tables))('%s', (_, given) => {
  test('is written as it is', async () => {
    const { names, rows } = await duckdb(
      await file(given),
      'parquet',
      `select columns(*)::varchar from (select * replace (epoch_us(us) as us) from $file)`,
    )
    const columns = Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row[i])]))
    expect(columns).toEqual({
      i8: ['1', null, '-128'],
      u16: ['1', '2', '65535'],
      i64: ['1', '4611686018427387904', '-1'],
      u64: ['1', null, '18446744073709551615'],
      f16: ['1.5', null, '-2.0'],
      f32: ['0.5', '1.0', '2.0'],
      f64: ['0.1', null, '3.0'],
      on: ['true', null, 'false'],
      text: ['a', null, 'é'],
      word: ['x', 'y', 'x'],
      data: ['\\x01', null, ''],
      day: ['1970-01-02', null, '1970-01-01'],
      ms: ['1970-01-01 00:00:00.005', null, '1969-12-31 23:59:59.999'],
      us: ['1700000000000001', null, '-1'],
      list: ['[1, NULL]', null, '[]'],
      struct: ["{'x': 1, 's': a}", null, "{'x': NULL, 's': b}"],
    })
  })
})

test.each([
  ['decimal', new arrow.Decimal(2, 10), 'type 7'],
  ['ns', new arrow.TimestampNanosecond(), 'timestamps of nanoseconds'],
])('what is not written is refused by name: %s', (name, type, what) => {
  const given = new arrow.Table({ [name]: vector([null], type as never) })
  expect(() => arrowColumns(given as unknown as ArrowTable)).toThrow(
    expect.objectContaining({
      code: 'not-supported',
      message: `The Arrow column ${name} has ${what}, which is not written`,
    }),
  )
})

test('a column may have any name', () => {
  const ids = vector([1, 2], new arrow.Int32())
  const named: ArrowTable = {
    schema: { fields: [{ name: '__proto__', type: ids.type, nullable: true }] },
    getChild: () => ids,
  }
  expect(Object.entries(arrowColumns(named).columns)).toEqual([['__proto__', Int32Array.of(1, 2)]])
})
