import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type {
  DriftEvent,
  Field,
  FieldType,
  Row,
  Schema,
  SinkEvent,
} from '../../../src/contracts/index.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import type { SinkOptions } from '../../../src/sinks/create-sink.ts'
import { bench, stored } from '../harness.ts'

const schema: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'name', type: 'string', nullable: true },
  ],
}

function drifting(options: Partial<SinkOptions>) {
  const drifts: DriftEvent[] = []
  const onEvent = (event: SinkEvent) => event.type === 'drift' && drifts.push(event)
  const started = bench({ schema, format: parquet(), onEvent, ...options })
  /** The rows of every file of records, by the fingerprint of its columns. */
  const files = async (): Promise<Record<string, Row[][]>> => {
    const found: Record<string, Row[][]> = {}
    for await (const entry of started.store.list({ prefix: 's/0-' })) {
      if (entry.kind !== 'object') continue
      const file = (await (await started.store.get(entry.key))?.bytes())?.slice().buffer
      const word = entry.key.split('-')[1] ?? ''
      if (file) found[word] = [...(found[word] ?? []), await parquetReadObjects({ file })]
    }
    return found
  }
  return { ...started, drifts, files }
}

describe('drift: rest', () => {
  test('keeps what has no column, and says so once', async () => {
    const { sink, drifts, files } = drifting({ drift: 'rest' })
    const own = JSON.parse('{"id":2,"__proto__":{"x":1},"_rest":5}') as Row
    const ack = await sink.write([{ id: 1 }, { id: 1, extra: [1, { a: 2 }] }, own])
    await sink.write([{ id: 3, extra: null }])
    expect(ack).toMatchObject({ accepted: 3, rejected: [] })
    await sink.close()
    const [[rows] = []] = Object.values(await files())
    expect(rows?.map((row) => [row.id, row.name, JSON.stringify(row._rest)])).toEqual([
      [1, null, 'null'],
      [1, null, '{"extra":[1,{"a":2}]}'],
      [2, null, '{"__proto__":{"x":1},"_rest":5}'],
      [3, null, '{"extra":null}'],
    ])
    expect(drifts.map(({ changes }) => changes.map(({ path }) => path))).toEqual([
      ['/extra'],
      ['/__proto__', '/_rest'],
    ])
    expect(drifts[0]?.schema).toBe(ack.receipt.ranges[0]?.lane.schema)
  })

  test('takes what another writer says in another way, if it says exactly the same', async () => {
    const types = ['int32', 'int64', 'double', 'boolean', 'timestamp', 'string'] as const
    const fields = types.map((type) => ({ name: type, type, nullable: true }))
    const { sink, files } = drifting({ drift: 'rest', schema: { fields } })
    const taken = [
      { int32: '7', int64: '9007199254740993', double: '0.5', boolean: 'TRUE' },
      { int32: 7n, timestamp: '2026-01-01T00:00:00Z' },
    ]
    const refused = [
      { int32: '07' },
      { int32: 2n ** 40n },
      { int32: '1.5' },
      { double: '0.12345678901234567890' },
      { timestamp: '2026-01-01T00:00:00' },
      { string: 7 },
      { boolean: 1 },
    ]
    const ack = await sink.write([...taken, ...refused])
    expect(ack.rejected.map(({ index, path }) => [index, path])).toEqual(
      refused.map((row, i) => [taken.length + i, `/${Object.keys(row)[0]}`]),
    )
    await sink.close()
    const [[rows] = []] = Object.values(await files())
    expect(rows).toMatchObject([
      { int32: 7, int64: 9007199254740993n, double: 0.5, boolean: true },
      { int32: 7, timestamp: new Date('2026-01-01') },
    ])
  })

  test('so it does for the types that are not inferred', async () => {
    const types: FieldType[] = ['uint8', 'uint64', 'float32', 'date', 'uuid']
    types.push(
      { kind: 'timestamp', unit: 'us', utc: true },
      { kind: 'time', unit: 'ms', utc: false },
    )
    const fields = types.map((type, i) => ({ name: `c${i}`, type, nullable: true }))
    const { sink, store } = bench({ drift: 'rest', schema: { fields } })
    const taken = { c0: '7', c1: '18446744073709551615', c2: '0.5', c3: '2026-01-01' }
    const moment = { c0: 7n, c2: 2n ** 60n, c5: '2026-01-01T00:00:00.000001Z', c6: '12:00:00' }
    const refused = [
      { c0: '256' },
      { c1: '-1' },
      { c3: '2026-02-30' },
      { c4: 'x' },
      { c5: '2026-01-01T00:00' },
    ]
    const ack = await sink.write([taken, moment, ...refused])
    expect(ack.rejected.map(({ index, path }) => [index, path])).toEqual(
      refused.map((row, i) => [2 + i, `/${Object.keys(row)[0]}`]),
    )
    await sink.close()
    const [rows] = Object.values(await stored(store))
    expect(rows).toEqual([
      { c0: 7, c1: 2 ** 64, c2: 0.5, c3: '2026-01-01' },
      { c0: 7, c2: 2 ** 60, c5: '2026-01-01T00:00:00.000001Z', c6: '12:00:00' },
    ])
  })

  test('a missing value of a column that needs one is refused as ever', async () => {
    const { sink } = drifting({ drift: 'rest' })
    expect((await sink.write([{ name: 'x', more: 1 }])).rejected).toMatchObject([{ path: '/id' }])
    await sink.close()
  })
})

describe('drift: evolve', () => {
  test('two kinds of records that take turns are two files', async () => {
    const { sink, drifts, files } = drifting({ drift: 'evolve' })
    for (let i = 0; i < 50; i++) {
      const { accepted } = await sink.write([{ id: i }, { id: i, more: i }])
      expect(accepted).toBe(2)
    }
    await sink.close()
    const found = await files()
    expect(Object.values(found).map((of) => of.map((rows) => rows.length))).toEqual([[50], [50]])
    expect(drifts).toMatchObject([
      {
        changes: [{ path: '/more', change: 'is new, of type int32' }],
        columns: { fields: [{ name: 'id' }, { name: 'name' }, { name: 'more', nullable: true }] },
      },
    ])
    expect(Object.keys(found)).toContain(drifts[0]?.schema)
  })

  test('widens what it must, no further, and keeps every value', async () => {
    const { sink, drifts, files } = drifting({ drift: 'evolve' })
    const some: Row[] = [
      { id: 1, name: 'a' },
      { id: 2 ** 40, name: 'b' },
      { id: 3, name: 4 },
      { name: 'without' },
      { id: 0.5, x: new Date(0) },
    ]
    for (const row of some) expect(await sink.write([row])).toMatchObject({ accepted: 1 })
    await sink.close()
    expect(
      drifts.map(({ changes }) => changes.map(({ path, change }) => `${path} ${change}`)),
    ).toEqual([
      ['/id was of type int32, and is int64'],
      ['/name was of type string, and is json'],
      ['/id may be missing'],
      // Not every int64 is a double.
      ['/id was of type int64, and is json', '/x is new, of type timestamp'],
    ])
    const rows = Object.values(await files()).flat(2)
    expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2n ** 40n, 3n, null, 0.5]))
  })

  test('goes on within structs and lists, and says where', async () => {
    const inner: Field = { name: 'x', type: 'uint8', nullable: false }
    const list: FieldType = { kind: 'list', element: { type: 'uint8', nullable: false } }
    const fields: Field[] = [
      { name: 'o', type: { kind: 'struct', fields: [inner] }, nullable: false },
      { name: 'l', type: list, nullable: true },
    ]
    const { sink, drifts } = drifting({ drift: 'evolve', schema: { fields }, format: jsonl() })
    const ack = await sink.write([
      { o: { x: 1 } },
      { o: { x: -1, y: 'a' } },
      { o: { x: 1 }, l: [1, 256] },
    ])
    expect(ack.rejected).toEqual([])
    await sink.close()
    expect(
      drifts.map(({ changes }) => changes.map(({ path, change }) => `${path} ${change}`)),
    ).toEqual([
      ['/o/x was of type uint8, and is int16', '/o/y is new, of type string'],
      ['/l was of type list<uint8>, and is list<uint16>'],
    ])
  })

  test('null is what a column that is not there holds', async () => {
    const { sink, drifts } = drifting({ drift: 'evolve' })
    const { receipt } = await sink.write([{ id: 1, gone: null }, { id: 2 }])
    expect(receipt.ranges).toHaveLength(1)
    expect(drifts).toEqual([])
    await sink.close()
  })

  test('the versions of an earlier process are gone on with', async () => {
    const { sink, reopen, drifts, files } = drifting({ drift: 'evolve' })
    await sink.write([{ id: 1 }, { id: 1, more: 1 }])
    await sink.abort()
    const second = reopen()
    await second.write([{ id: 2, more: 2 }, { id: 2 }])
    await second.close()
    expect(Object.values(await files()).map((of) => of.map((rows) => rows.length))).toEqual([
      [2],
      [2],
    ])
    expect(drifts).toHaveLength(1)
  })

  test('is bounded in versions and in columns', async () => {
    const { sink } = drifting({ drift: 'evolve' })
    const each = Array.from({ length: 40 }, (_, i) => ({ id: i, [`key-${i}`]: 1 }))
    const { accepted, rejected } = await sink.write(each)
    expect([accepted, rejected[0]?.index, rejected[0]?.path]).toEqual([31, 31, '/key-31'])
    await sink.close()
    const wide = drifting({ drift: 'evolve' }).sink
    const row = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i]))
    expect(await wide.write([{ id: 1, ...row }])).toMatchObject({ accepted: 0 })
    await wide.close()
    const inner: Field = { name: 'x', type: 'int32', nullable: true }
    const fields: Field[] = [
      { name: 'o', type: { kind: 'struct', fields: [inner] }, nullable: false },
    ]
    const nested = drifting({ drift: 'evolve', schema: { fields }, format: jsonl() }).sink
    expect(await nested.write([{ o: row }])).toMatchObject({ accepted: 0 })
    await nested.close()
  })

  test('what no column can hold is rejected', async () => {
    const { sink, drifts } = drifting({ drift: 'evolve' })
    const { rejected } = await sink.write([
      { id: 1, at: new Date(Number.NaN) },
      { id: 1, list: [() => 1] },
    ])
    expect(rejected.map(({ path }) => path)).toEqual(['/at', '/list/0'])
    expect(drifts).toEqual([])
    await sink.close()
  })
})

test.each([
  { drift: 'rest', schema: undefined },
  { drift: 'evolve', schema: undefined },
  { drift: 'relaxed' },
  { drift: 'rest', schema: { fields: [{ name: '_rest', type: 'json', nullable: true }] } },
])('%j is refused', (options) => {
  expect(() => drifting(options as never)).toThrow(
    expect.objectContaining({ code: 'invalid-options' }),
  )
})
