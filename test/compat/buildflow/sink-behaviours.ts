/** What an `S3Bucket` does as a sink on every store; the pitfalls of BuildFlow's, and what is better here. */
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { consumer } from '../../../src/compat/buildflow/index.ts'
import type { S3Bucket } from '../../../src/compat/buildflow/s3-bucket.ts'
import type { S3BucketOptions } from '../../../src/compat/buildflow/s3-bucket-options.ts'
import type { Row, Store } from '../../../src/contracts/index.ts'
import { fromCsv } from '../../../src/inputs/csv.ts'

export type BucketClass = new (options: S3BucketOptions) => S3Bucket

export async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
  return keys
}

/** The records of a file, by an independent reader where it is Parquet. */
export async function recordsIn(store: Store, key: string): Promise<Row[]> {
  const bytes = (await (await store.get(key))?.bytes()) ?? new Uint8Array()
  if (key.endsWith('.parquet')) return (await parquetReadObjects({ file: bytes.buffer })) as Row[]
  const text = new TextDecoder().decode(bytes)
  if (key.endsWith('.jsonl')) {
    const lines = text.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Row)
  }
  const rows: Row[] = []
  const csv = new Blob([text]).stream().pipeThrough(fromCsv())
  for await (const row of csv as unknown as AsyncIterable<Row>) rows.push(row)
  return rows
}

function noise(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return String.fromCharCode(...bytes.map((byte) => 48 + (byte % 75)))
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
const FORMATS = [
  ['JSON', 'jsonl'],
  ['CSV', 'csv'],
  ['PARQUET', 'parquet'],
] as const

export function sinkBehaviours(Bucket: BucketClass, create: () => Promise<Store>): void {
  async function place(options: Omit<S3BucketOptions, 'bucketName'> = {}) {
    const store = await create()
    const given = { bucketName: 'my.bucket', filePath: 'path/to/out', fileFormat: 'JSON' } as const
    return { store, bucket: new Bucket({ ...given, store, ...options }) }
  }

  describe.each(FORMATS)('%s', (fileFormat, extension) => {
    test('many pushes into one replica are one valid file, in the order of the pushes', async () => {
      const { store, bucket } = await place({ fileFormat })
      const sink = await bucket.sink()
      for (let push = 0; push < 20; push++) {
        await sink.push([
          { id: 2 * push, word: 'a' },
          { id: 2 * push + 1, word: 'b' },
        ])
      }
      expect(await keysOf(store)).toEqual([])
      const { files, accepted } = await sink.close()
      expect(accepted).toBe(40)
      const keys = await keysOf(store)
      expect(keys).toEqual(files.map(({ key }) => key))
      expect(keys).toEqual([
        expect.stringMatching(new RegExp(`^path/to/out-${UUID}\\.${extension}$`)),
      ])
      const ids = (await recordsIn(store, keys[0] ?? '')).map(({ id }) => Number(id))
      expect(ids).toEqual(Array.from({ length: 40 }, (_, id) => id))
    })

    test('more than its memory holds is one file, of parts that were sent meanwhile', async () => {
      const { store, bucket } = await place({ fileFormat, memoryBytes: 2 * 1024 * 1024 })
      const sink = await bucket.sink()
      // Parts have 5 MiB, and noise keeps its size.
      for (let push = 0; push < 23; push++) {
        await sink.push(
          Array.from({ length: 50 }, (_, i) => ({ id: 50 * push + i, text: noise(10_000) })),
        )
      }
      expect(await keysOf(store)).toEqual([])
      const { files } = await sink.close()
      expect(files).toMatchObject([{ begin: 0, records: 1150 }])
      expect(files[0]?.bytes).toBeGreaterThan(11_000_000)
      const ids = (await recordsIn(store, files[0]?.key ?? '')).map(({ id }) => Number(id))
      expect(ids).toEqual(Array.from({ length: 1150 }, (_, id) => id))
    })

    test('the columns are those of all records, whichever came first and in whatever order', async () => {
      const { store, bucket } = await place({ fileFormat })
      const sink = await bucket.sink()
      await sink.push([{ a: 1, code: '007', late: null }])
      await sink.push([{ code: '008', a: 1.5, extra: { deep: [1, 2] } }])
      await sink.push([{ late: 'now', a: 2 }])
      await sink.close()
      const [key = ''] = await keysOf(store)
      const rows = await recordsIn(store, key)
      expect(rows.map(({ a }) => Number(a))).toEqual([1, 1.5, 2])
      expect(rows.map(({ code }) => code ?? null)).toEqual(['007', '008', null])
      expect(rows[2]?.late).toBe('now')
      const { extra } = rows[1] ?? {}
      expect(typeof extra === 'string' ? JSON.parse(extra) : extra).toEqual({ deep: [1, 2] })
    })

    test('a batch of nothing is nothing, and a replica that got none has no file', async () => {
      const { store, bucket } = await place({ fileFormat })
      const sink = await bucket.sink()
      expect(await sink.push([])).toBeUndefined()
      expect(await sink.push([undefined, null, []])).toBeUndefined()
      expect(await sink.close()).toMatchObject({ accepted: 0, files: [] })
      expect(await keysOf(store)).toEqual([])
    })

    test('rolls where it is told to, each file valid', async () => {
      const { store, bucket } = await place({ fileFormat, rotate: { records: 3 } })
      const sink = await bucket.sink()
      for (let id = 0; id < 7; id++) await sink.push([{ id }])
      const { files } = await sink.close()
      expect(files.map(({ records }) => records)).toEqual([3, 3, 1])
      const read = await Promise.all(files.map(({ key }) => recordsIn(store, key)))
      expect(read.flat().map(({ id }) => Number(id))).toEqual([0, 1, 2, 3, 4, 5, 6])
    })
  })

  test('one file for each replica', async () => {
    const { store, bucket } = await place()
    const elements = Array.from({ length: 30 }, (_, id) => ({ id }))
    const result = await consumer(elements, (element) => element, bucket, { replicas: 3 })
    expect(result).toMatchObject({ batches: 30, failed: 0, accepted: 30, rejected: 0 })
    const keys = await keysOf(store)
    expect(keys).toHaveLength(3)
    expect(result.files.map(({ key }) => key).sort()).toEqual(keys)
    const read = await Promise.all(keys.map((key) => recordsIn(store, key)))
    const ids = read.flat().map(({ id }) => Number(id))
    expect(ids.sort((a, b) => a - b)).toEqual(elements.map(({ id }) => id))
  })

  test.each(['json', 'Json', 'csv', 'parquet', 'Parquet'])(
    '%s is a format in any case',
    async (name) => {
      const { store, bucket } = await place({ fileFormat: name as 'json' })
      const sink = await bucket.sink()
      await sink.push([{ id: 1 }])
      await sink.close()
      const [key = ''] = await keysOf(store)
      expect(await recordsIn(store, key)).toHaveLength(1)
      expect(await store.head(key)).toMatchObject({
        contentType: expect.stringMatching(/json|csv|parquet/),
      })
    },
  )

  test.each(['v1.2/out', 'out.csv', 'a.b.c', 'no-dots'])(
    'dots change nothing, and the extension is the format’s: %s',
    async (filePath) => {
      const { store, bucket } = await place({ filePath, fileFormat: 'CSV' })
      const sink = await bucket.sink()
      await sink.push([{ id: 1 }])
      await sink.close()
      const [key = '', ...others] = await keysOf(store)
      expect(others).toEqual([])
      expect(key.startsWith(`${filePath}-`)).toBe(true)
      expect(key.slice(filePath.length)).toMatch(new RegExp(`^-${UUID}\\.csv$`))
    },
  )

  test('nanoid where it is asked for', async () => {
    const { store, bucket } = await place({ fileIds: 'nanoid' })
    const sink = await bucket.sink()
    await sink.push([{ id: 1 }])
    await sink.close()
    expect(await keysOf(store)).toEqual([expect.stringMatching(/^path\/to\/out-[\w-]{21}\.jsonl$/)])
  })

  test('what nobody can write is a verdict and a dead letter beside the file, and the others go on', async () => {
    const { store, bucket } = await place()
    const sink = await bucket.sink()
    const ack = await sink.push([{ id: 1 }, { id: 2, of: () => 0 }, 3, { id: 4 }])
    expect(ack?.accepted).toBe(2)
    expect(ack?.rejected).toMatchObject([
      { index: 1, code: 'invalid-record', path: '/of' },
      { index: 2, code: 'invalid-record', path: '' },
    ])
    expect(await sink.close()).toMatchObject({ accepted: 2, rejected: 2 })
    const [letters = '', file = ''] = (await keysOf(store)).sort((a, b) => b.length - a.length)
    expect(letters).toMatch(/^path\/to\/out\/_rejected\//)
    expect(await recordsIn(store, file)).toEqual([{ id: 1 }, { id: 4 }])
    expect(await recordsIn(store, letters)).toMatchObject([{ path: '/of' }, { path: '' }])
    const { files } = (await ack?.receipt.committed()) ?? { files: [] }
    expect(files.map(({ key }) => key).sort()).toEqual([file, letters].sort())
    expect(await ack?.receipt.progress()).toMatchObject({ state: 'committed' })
  })

  test('whole or absent: an aborted replica, and a scope that is left, leave nothing', async () => {
    const { store, bucket } = await place()
    const sink = await bucket.sink()
    await sink.push([{ id: 1 }])
    await sink.abort()
    {
      await using left = await bucket.sink()
      await left.push([{ id: 1 }])
    }
    expect(await keysOf(store)).toEqual([])
  })

  test('flush() ends a file, and the next one begins', async () => {
    const { store, bucket } = await place()
    const sink = await bucket.sink()
    await sink.push([{ id: 1 }])
    const files = await sink.flush()
    expect(files.map(({ key }) => key)).toEqual(await keysOf(store))
    await sink.push([{ id: 2 }])
    await sink.close()
    expect(await keysOf(store)).toHaveLength(2)
  })
}
