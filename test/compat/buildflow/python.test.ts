/** pyarrow and boto3 read what an `S3Bucket` wrote, and what they write is read here. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consumer, manage, S3Bucket } from '../../../src/compat/buildflow/index.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { realServers, startServer, type TestServer } from '../../servers.ts'
import { recordsIn } from './sink-behaviours.ts'

let python: Python | undefined
let missing: string | undefined

beforeAll(async () => {
  const requirements = new URL('requirements.txt', import.meta.url)
  ;({ python, missing } = await pythonFor('pyarrow beside sluice/buildflow', requirements))
}, PREPARE_MS)

const servers = [{ kind: 'gateway' as const, missing: undefined }, ...realServers()]

describe.each(servers)('on $kind', ({ kind, missing: noServer }) => {
  let server: TestServer | undefined

  beforeAll(async () => {
    if (noServer === undefined && missing === undefined) server = await startServer(kind)
  }, 90_000)
  afterAll(() => server?.stop())

  test('what one writes the other reads', { timeout: 2 * SCRIPT_MS }, async ({ skip }) => {
    skip(missing !== undefined, missing)
    skip(!server, noServer)
    if (!server || !python) return
    const { bucket: bucketName, endpoint, region: awsRegion } = server
    const connection = { endpoint, awsRegion, credentials: server }
    class Record {
      readonly id: number
      readonly word: string
      constructor(id: number) {
        this.id = id
        this.word = `Größe ${id}`
      }
      toJSON(): object {
        const at = new Date(Date.UTC(2026, 10, 21) + this.id * 1000)
        const code = `x${String(this.id).padStart(3, '0')}`
        return { ...this, code, at, ...(this.id % 2 === 0 && { even: true }) }
      }
    }
    const numbers = Array.from({ length: 3000 }, (_, id) => id)
    for (const [fileFormat, filePath] of [
      ['PARQUET', 'sluice/parquet'],
      ['CSV', 'sluice/csv'],
      ['JSON', 'sluice/jsonl'],
    ] as const) {
      const bucket = new S3Bucket({ ...connection, bucketName, filePath, fileFormat })
      await consumer(numbers, (id) => new Record(id), bucket, { replicas: 2 })
    }
    const managed = new S3Bucket({ ...connection, bucketName: `sluice-test-${randomUUID()}` })
    const { unsupported } = await manage(managed).apply()

    await python.script(new URL('with_pyarrow.py', import.meta.url), server, {
      MANAGED: managed.bucketName,
      RULES: String(unsupported.length === 0),
    })
    await manage(managed).destroy()

    const { store } = new S3Bucket({ ...connection, bucketName })
    const rows = [
      { id: 1, word: 'one' },
      { id: 2, word: 'Größe' },
      { id: 3, word: null },
    ]
    for (const extension of ['parquet', 'jsonl', 'csv']) {
      const read = await recordsIn(store, `python/table.${extension}`)
      expect(read.map(({ id, word }) => ({ id: Number(id), word }))).toEqual(rows)
    }
  })
})
