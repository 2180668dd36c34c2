import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Bytes, Format, Inference, Row, Store } from '../../src/contracts/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { compact } from '../../src/sinks/compact/compact.ts'
import { bench } from './harness.ts'

/** What the columns' types are called in the file. */
type Types = Record<'id' | 'mixed' | 'list' | 'tree', string>

async function filesOf(store: Store): Promise<{ key: string; bytes: Bytes }[]> {
  const files = []
  for await (const entry of store.list({ prefix: 's/0-' })) {
    if (entry.kind !== 'object') continue
    const bytes = await (await store.get(entry.key))?.bytes()
    files.push({ key: entry.key, bytes: new Uint8Array(bytes ?? []) })
  }
  return files
}

function typesIn(file: Bytes): Record<string, string> {
  return Object.fromEntries(
    parquetSchema(parquetMetadata(file.buffer)).children.map(({ element }) => [
      element.name,
      element.logical_type?.type ?? element.type ?? 'STRUCT',
    ]),
  )
}

async function rowsIn(file: Bytes): Promise<Row[]> {
  return parquetReadObjects({ file: file.buffer })
}

const given: readonly Row[] = [
  { id: 1, mixed: 'x', list: [1, 2], tree: { a: [{ b: true }] } },
  { id: 2, mixed: { c: [1] }, list: [], tree: { a: [] } },
  { id: 3, mixed: 0.5, list: [0.5], tree: { a: [{ b: false }, { b: null }] } },
]

describe.each<[Inference, Types]>([
  [{}, { id: 'INT32', mixed: 'JSON', list: 'JSON', tree: 'JSON' }],
  [{ mixed: 'variant' }, { id: 'INT32', mixed: 'VARIANT', list: 'VARIANT', tree: 'VARIANT' }],
  [{ nested: 'columns' }, { id: 'INT32', mixed: 'JSON', list: 'LIST', tree: 'STRUCT' }],
  [
    { mixed: 'variant', nested: 'columns' },
    { id: 'INT32', mixed: 'VARIANT', list: 'LIST', tree: 'STRUCT' },
  ],
])('a sink with %j', (inference, types) => {
  const format = parquet({ inference }) as Format

  test('infers so, from every record of the file', async () => {
    const { sink, store } = bench({ format })
    for (const row of given) await sink.write([row])
    await sink.close()
    const [file] = await filesOf(store)
    expect(typesIn(file?.bytes as Bytes)).toEqual(types)
    expect(await rowsIn(file?.bytes as Bytes)).toEqual(given)
  })

  test('and where a validator says what some columns are', async () => {
    const jsonSchema = () => ({
      type: 'object',
      properties: { id: { type: 'integer' } },
      required: ['id'],
    })
    const validate = (value: unknown) => ({ value: value as Row })
    const standard = {
      version: 1,
      vendor: 'test',
      validate,
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    } as const
    const { sink, store } = bench({ format, schema: { '~standard': standard } })
    await sink.write(given)
    await sink.close()
    const [file] = await filesOf(store)
    expect(typesIn(file?.bytes as Bytes)).toEqual({ ...types, id: 'INT64' })
  })

  test('and so do its files when they are compacted', async () => {
    const { sink, store, clock } = bench({ format, manifest: true })
    for (const row of given) {
      await sink.write([row])
      await sink.flush()
    }
    await sink.close()
    expect(await filesOf(store)).toHaveLength(3)
    const { files } = await compact({
      store,
      stream: 's',
      format,
      read: rowsIn,
      closed: () => true,
      clock,
    })
    const bytes = await (await store.get(files[0]?.key ?? ''))?.bytes()
    const file = new Uint8Array(bytes ?? [])
    expect(typesIn(file)).toEqual(types)
    expect(await rowsIn(file)).toEqual(given)
  })
})
