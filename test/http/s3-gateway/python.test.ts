import { parquetReadObjects } from 'hyparquet'
import { beforeAll, expect, test } from 'vitest'
import type { GetOptions, Store } from '../../../src/contracts/index.ts'
import { objectWriter } from '../../../src/core/object-writer.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { startGateway } from '../../servers.ts'

/** The gateway in the hands of Python's programs: boto3 and DuckDB, with their settings as they come. */
let python: Python | undefined
let missing: string | undefined

beforeAll(async () => {
  const requirements = new URL('requirements.txt', import.meta.url)
  ;({ python, missing } = await pythonFor('boto3 and DuckDB through the gateway', requirements))
}, PREPARE_MS)

async function script(name: string, store: Store, env: Record<string, string> = {}): Promise<void> {
  const server = await startGateway(store)
  try {
    await python?.script(new URL(name, import.meta.url), server, env)
  } finally {
    await server.stop()
  }
}

test('boto3', { timeout: SCRIPT_MS + 10_000 }, async ({ skip }) => {
  skip(missing !== undefined, missing)
  await script('with_boto3.py', memoryStore())
})

test('DuckDB reads Parquet by range, and writes it', { timeout: SCRIPT_MS + 10_000 }, async ({
  skip,
}) => {
  skip(missing !== undefined, missing)
  const rows = 200_000
  const store = memoryStore()
  await writeRows(store, 'duckdb/in/rows.parquet', rows)
  const ranges: GetOptions['range'][] = []
  const watched: Store = {
    ...store,
    get(key, options) {
      if (key.startsWith('duckdb/in/')) ranges.push(options?.range)
      return store.get(key, options)
    },
  }
  await script('with_duckdb.py', watched, { ROWS: String(rows) })
  expect(ranges.length).toBeGreaterThan(0)
  expect(ranges).not.toContain(undefined)
  const written = await (await store.get('duckdb/out/even rows.parquet'))?.bytes()
  const found = await parquetReadObjects({ file: written?.buffer as ArrayBuffer })
  expect(found).toHaveLength(rows / 2)
  expect(found.slice(0, 2)).toEqual([
    { id: 0n, name: 'name 0' },
    { id: 2n, name: 'name 2' },
  ])
  const large = await store.head('duckdb/out/large.csv')
  expect(large?.sizeBytes).toBeGreaterThan(40_000_000)
})

async function writeRows(store: Store, key: string, count: number): Promise<void> {
  const format = parquet()
  const fields = [
    { name: 'id', type: 'int64', nullable: false },
    { name: 'name', type: 'string', nullable: false },
  ] as const
  const encoder = format.encoder({ schema: { fields } })
  const writer = objectWriter(store, key, { contentType: format.contentType })
  for (let at = 0; at < count; at += 10_000) {
    const batch = Array.from({ length: 10_000 }, (_, n) => ({
      id: BigInt(at + n),
      name: `name ${n % 10}`,
    }))
    for (const chunk of await encoder.write(batch)) await writer.write(chunk)
  }
  const { chunks } = await encoder.close()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close()
}
