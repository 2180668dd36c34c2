import { expect, test } from 'vitest'
import type { Bytes, Field } from '../../src/contracts/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { duckdb } from '../formats/duckdb.ts'
import { bench } from './harness.ts'

/** A column of maps with keys of the type. */
function column(name: string, key: 'int64' | 'date' | 'boolean'): Field {
  return {
    name,
    type: { kind: 'map', key, value: { type: 'int32', nullable: true } },
    nullable: true,
  }
}

test('keys that are no text come in objects, as JSON has them', async () => {
  const schema = { fields: [column('i', 'int64'), column('d', 'date'), column('b', 'boolean')] }
  const { sink, store } = bench({ schema, format: parquet() })
  const { accepted, rejected } = await sink.write([
    { i: { 7: 1, '9007199254740993': null }, d: { '2026-01-01': 2 }, b: { true: 3 } },
    { i: { '07': 1 } },
  ])
  expect([accepted, rejected.map(({ message }) => message)]).toEqual([
    1,
    [expect.stringMatching(/^\/i has a key that needs an integer .* not the string "07"$/)],
  ])
  const { files } = await sink.close()
  const { key = '' } = files.find(({ lane }) => lane.partition === '') ?? {}
  const file = (await (await store.get(key))?.bytes()) as Bytes
  const texts = 'typeof(i), i::text, typeof(d), d::text, typeof(b), b::text'
  expect((await duckdb(file, 'parquet', `select ${texts} from $file`)).rows).toEqual([
    [
      ...['MAP(BIGINT, INTEGER)', '{7=1, 9007199254740993=NULL}'],
      ...['MAP(DATE, INTEGER)', '{2026-01-01=2}'],
      ...['MAP(BOOLEAN, INTEGER)', '{true=3}'],
    ],
  ])
})
