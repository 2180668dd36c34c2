import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { SinkResult } from '../../../src/contracts/index.ts'
import { consumer, S3Bucket } from '../../../src/node/buildflow.ts'
import { fileLog } from '../../../src/node/file-log.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { duckdb } from '../../formats/duckdb.ts'
import { startGateway } from '../../servers.ts'
import { keysOf, recordsIn } from './sink-behaviours.ts'

const run = promisify(execFile)

test('a bucket without options is refused by name', () => {
  const make = () => new S3Bucket(undefined as never)
  expect(make).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  expect(make).toThrow('bucketName')
})

test('a bucket of the environment, and what is given wins over it', async () => {
  const server = await startGateway()
  try {
    const env = {
      SLUICE_S3_ENDPOINT: server.endpoint,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_REGION: server.region,
    }
    const options = {
      bucketName: server.bucket,
      filePath: 'a/out',
      fileFormat: 'CSV',
      env,
    } as const
    const bucket = new S3Bucket(options)
    await consumer([{ id: 1 }], (element) => element, bucket)
    const [key = ''] = await keysOf(bucket.store)
    expect(await recordsIn(bucket.store, key)).toEqual([{ id: '1' }])

    const credentials = { accessKeyId: 'OTHER', secretAccessKey: 'KEY' }
    const sink = await new S3Bucket({ ...options, credentials }).sink()
    await sink.push([{ id: 2 }])
    await expect(sink.close()).rejects.toMatchObject({ code: 'unauthenticated' })

    const store = memoryStore()
    await consumer([{ id: 3 }], (element) => element, new S3Bucket({ ...options, store }))
    expect(await keysOf(store)).toHaveLength(1)
    expect(await keysOf(bucket.store)).toHaveLength(1)
  } finally {
    await server.stop()
  }
})

test('with a log, what was pushed before a crash is in one file, once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-buildflow-'))
  try {
    const store = memoryStore()
    const bucket = new S3Bucket({
      ...{ bucketName: 'b', filePath: 'out', fileFormat: 'JSON', store },
      log: (replica) => fileLog(join(folder, String(replica))),
    })
    for (const replica of [0, 1]) {
      const dying = await bucket.sink({ replica })
      // What is rejected is named by its position, which each log counts by itself.
      await dying.push([{ replica, id: 1 }, () => replica])
      await dying.abort()
    }
    expect(await keysOf(store)).toEqual([])
    const queue = { pull: () => undefined, ack: () => {} }
    const result = await consumer(queue, () => undefined, bucket, { replicas: 2 })
    expect(result.files).toHaveLength(4)
    const keys = await keysOf(store)
    expect(keys.filter((key) => key.startsWith('out/_rejected/'))).toHaveLength(2)
    const files = keys.filter((key) => key.startsWith('out-'))
    const read = await Promise.all(files.map((key) => recordsIn(store, key)))
    expect(read.flat()).toEqual(
      expect.arrayContaining([
        { replica: 0, id: 1 },
        { replica: 1, id: 1 },
      ]),
    )
    expect(read.flat()).toHaveLength(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('with a log on a disk, a file may be larger than the memory, and than what waits in other sinks’ logs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-buildflow-'))
  try {
    const store = memoryStore()
    const bucket = new S3Bucket({
      ...{ bucketName: 'b', filePath: 'out', fileFormat: 'JSON', store },
      ...{ memoryBytes: 4 * 1024 * 1024, log: () => fileLog(folder) },
    })
    const batch = Array.from({ length: 9 }, (_, id) => ({ id, text: 'x'.repeat(100_000) }))
    const sink = await bucket.sink()
    for (let push = 0; push < 80; push++) await sink.push(batch)
    expect(await sink.close()).toMatchObject({ accepted: 720, fileCount: 1 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.each(['JSON', 'CSV', 'PARQUET'])(
  '100 MB in memory are one file, and are never all there: %s',
  async (fileFormat) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-buildflow-'))
    try {
      // As objects they would take more than the engine is given here, and end it.
      const script = fileURLToPath(new URL('large-replica.ts', import.meta.url))
      const words = ['--max-old-space-size=80', script, fileFormat, folder]
      const { stdout } = await run(process.execPath, words)
      const { accepted, files } = JSON.parse(stdout) as SinkResult
      expect(accepted).toBe(100_000)
      expect(files).toMatchObject([{ begin: 0, records: 100_000 }])
      const [name = ''] = (await readdir(folder)).filter((one) => !one.startsWith('.'))
      const sql = `select count(*), count(distinct id), sum(id), count(*) filter (id <> place) from
      (select id, row_number() over () - 1 as place from $file)`
      const { rows } = await duckdb(await readFile(join(folder, name)), extname(name).slice(1), sql)
      expect(rows[0]?.map(Number)).toEqual([100_000, 100_000, 4_999_950_000, 0])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
  120_000,
)
