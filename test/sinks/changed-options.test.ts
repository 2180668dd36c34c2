import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Format, Row, Schema, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { bench, key, rows, stored } from './harness.ts'

const columns = (name: string): Schema => ({
  fields: [{ name, type: 'int32', nullable: false }],
})

/** Every object's type and text, or rows where it is Parquet, in the order of their keys. */
async function objects(store: Store): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const entry of store.list()) {
    if (entry.kind !== 'object') continue
    const found = await store.get(entry.key)
    const file = (await found?.bytes())?.slice().buffer
    const isParquet = entry.key.endsWith('.parquet')
    all.push([
      entry.key.slice(entry.key.lastIndexOf('.') + 1),
      found?.contentType,
      file && (isParquet ? await parquetReadObjects({ file }) : new TextDecoder().decode(file)),
    ])
  }
  return all
}

/** A bucket that refuses every file until it is told otherwise. */
function closedStore(): { store: Store; open: () => void } {
  const base = memoryStore()
  let closed = true
  const put: Store['put'] = (...args) =>
    closed ? Promise.reject(new SluiceError('unavailable', 'down')) : base.put(...args)
  return {
    store: { ...base, put },
    open: () => {
      closed = false
    },
  }
}

describe('other columns than those that the records were taken for', () => {
  test('leave the open records their own', async () => {
    const { sink, reopen, store } = bench({ schema: columns('a') })
    const first = await sink.write([{ a: 1 }, { a: 2 }])
    const second = reopen({ schema: columns('b') })
    const after = await second.write([{ b: 1 }])
    await second.close()
    const schemas = [first, after].map(({ receipt }) => receipt.ranges[0]?.lane.schema ?? '')
    expect(await stored(store)).toEqual({
      [key(0, 2, '', schemas[0])]: [{ a: 1 }, { a: 2 }],
      [key(0, 1, '', schemas[1])]: [{ b: 1 }],
    })
  })

  test('leave a sealed file its own, types included', async () => {
    const { store, open } = closedStore()
    const schema: Schema = { fields: [{ name: 'a', type: 'int64', nullable: true }] }
    const { sink, reopen } = bench({ store, schema, format: parquet() as Format })
    await sink.write([{ a: 1 }])
    await expect(sink.flush()).rejects.toMatchObject({ code: 'unavailable' })
    open()
    await reopen({ schema: undefined }).close()
    expect(await objects(store)).toEqual([
      // Inferred, it would be an int32, which is read as a number.
      ['parquet', 'application/vnd.apache.parquet', [{ a: 1n }]],
    ])
  })

  test('are nothing to records without columns of their own', async () => {
    const { sink, reopen, store } = bench()
    await sink.write([{ anything: 'goes' }])
    await reopen({ schema: columns('a') }).close()
    expect(await stored(store)).toEqual({ [key(0, 1)]: [{ anything: 'goes' }] })
  })

  test('cut what was open at once: nothing more can come to it', async () => {
    const { sink, reopen, store } = bench({ schema: columns('a') })
    const { receipt } = await sink.write([{ a: 1 }])
    const second = reopen({ schema: columns('b') })
    await second.receipt(receipt.id).committed()
    expect(Object.values(await stored(store))).toEqual([[{ a: 1 }]])
    await second.close()
  })
})

describe('another format than that which the records were taken for', () => {
  test.each<[string, Row, Format]>([
    // Neither of them could be written by the other format.
    ['csv', {}, csv() as Format],
    ['parquet', {}, parquet() as Format],
    ['parquet', { n: { deep: [] } }, parquet() as Format],
  ])('%s: %j, taken for JSON lines, becomes a line', async (extension, row, format) => {
    const { sink, reopen, store } = bench()
    await sink.write([row])
    const second = reopen({ format, earlierFormats: [jsonl()] })
    await second.write([{ id: 2 }])
    await second.close()
    const [before, after] = (await objects(store)) as [unknown[], unknown[]]
    expect(before).toEqual(['jsonl', 'application/x-ndjson', `${JSON.stringify(row)}\n`])
    expect(after[0]).toBe(extension)
    expect(after[2]).toEqual(extension === 'csv' ? 'id\n2\n' : [{ id: 2 }])
  })

  test('leaves a sealed file what its key says', async () => {
    const { store, open } = closedStore()
    const { sink, reopen } = bench({ store })
    await sink.write([{ a: 1 }])
    await sink.flush().catch(() => {})
    open()
    await reopen({ format: csv(), earlierFormats: [jsonl()] }).close()
    expect(await objects(store)).toEqual([['jsonl', 'application/x-ndjson', '{"a":1}\n']])
  })

  test('leaves dead letters as they are', async () => {
    const { store, open } = closedStore()
    const { sink, reopen } = bench({ store, format: csv() })
    await sink.write([{}])
    await sink.flush().catch(() => {})
    await sink.write([{}])
    open()
    const { files } = await reopen({ format: parquet() as Format }).close()
    expect(files.map((file) => file.key)).toEqual([
      key(0, 1, '_rejected', 'rejected'),
      key(1, 2, '_rejected', 'rejected'),
    ])
  })

  test.each(['open', 'sealed'])(
    'refuses to open a log with %s records for a format that it was not given, by name',
    async (state) => {
      const { store, open } = closedStore()
      const { sink, reopen } = bench({ store })
      await sink.write(rows(0, 2))
      if (state === 'sealed') await sink.flush().catch(() => {})
      open()
      const second = reopen({ format: csv() })
      const refusal = { code: 'invalid-options', message: expect.stringContaining('.jsonl') }
      await expect(second.open()).rejects.toMatchObject(refusal)
      await expect(second.write(rows(2, 3))).rejects.toMatchObject(refusal)
      // Nothing was lost by trying.
      await reopen().close()
      expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
    },
  )

  test('is welcome where nothing waits', async () => {
    const { sink, reopen } = bench()
    await sink.write(rows(0, 2))
    await sink.close()
    const second = reopen({ format: csv() })
    await second.write(rows(2, 3))
    expect((await second.close()).files).toMatchObject([{ begin: 2, end: 3 }])
  })
})

test('a name that open records cannot have is refused when the log is opened', async () => {
  const partition = (): string => 'p'.repeat(500)
  const { sink, reopen, store } = bench({ partition })
  await sink.write(rows(0, 1))
  const name = '{partition}/{partition}/{partition}/{uuid}'
  await expect(reopen({ name }).open()).rejects.toMatchObject({ code: 'invalid-key' })
  await reopen().close()
  expect(Object.values(await stored(store))).toEqual([rows(0, 1)])
})
