import { execFile } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { startGateway, type TestServer } from '../servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const input = join(root, 'node_modules/vega-datasets/data/flights-200k.json')
const runtimes = join(root, 'test/runtimes/node_modules/.bin')

const store = memoryStore()
let server: TestServer
let data: Server
let folder: string

beforeAll(async () => {
  server = await startGateway(store)
  data = createServer((_, response) => createReadStream(input).pipe(response)).listen(
    0,
    '127.0.0.1',
  )
  await new Promise((resolve) => data.once('listening', resolve))
  folder = await mkdtemp(join(tmpdir(), 'sluice-examples-'))
})

afterAll(async () => {
  data.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The command of each runtime, with the permissions that are all it gets. */
const RUNTIMES = {
  node: { command: process.execPath, args: [] },
  bun: { command: join(runtimes, 'bun'), args: [] },
  deno: {
    command: join(runtimes, 'deno'),
    args: ['run', '--no-prompt', '--allow-net=127.0.0.1', '--allow-env=AWS_*,SLUICE_S3_ENDPOINT'],
  },
}

test.for(Object.entries(RUNTIMES))(
  'examples/%s.ts',
  {
    timeout: 120_000,
  },
  async ([name, runtime], { skip }) => {
    skip(
      !existsSync(runtime.command),
      `${name} is not installed: npm test does it, in test/runtimes`,
    )
    const url = `http://127.0.0.1:${(data.address() as AddressInfo).port}/flights-200k.json`
    const { stdout, stderr } = await promisify(execFile)(
      runtime.command,
      [...runtime.args, join(root, 'examples', `${name}.ts`), url, server.bucket],
      {
        cwd: root,
        env: {
          PATH: process.env.PATH ?? '',
          HOME: folder,
          SLUICE_S3_ENDPOINT: server.endpoint,
          AWS_ACCESS_KEY_ID: server.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
          AWS_REGION: server.region,
        },
      },
    )
    expect(stderr).toBe('')
    const printed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '))
    expect(printed).toEqual([[expect.stringMatching(/\.parquet$/), '200000', expect.any(String)]])
    const [key = '', , bytes] = printed[0] ?? []
    const stored = await (await store.get(key))?.bytes()
    expect(stored?.byteLength).toBe(Number(bytes))
    const file = join(folder, `${name}.parquet`)
    await writeFile(file, stored ?? '')
    expect(await differences(file)).toEqual({ records: 200_000n, missing: 0n, added: 0n })
  },
)

/** Compares with the input as DuckDB reads both, records that are there more than once counted as often. */
async function differences(file: string): Promise<unknown> {
  const connection = await (await DuckDBInstance.create()).connect()
  const read = `SELECT delay, distance, "time" FROM`
  const given = `${read} read_json('${input}', maximum_object_size = 100000000)`
  const found = `${read} read_parquet('${file}')`
  const reader = await connection.runAndReadAll(`
    SELECT (SELECT count(*) FROM (${found})) AS records,
           (SELECT count(*) FROM (${given} EXCEPT ALL ${found})) AS missing,
           (SELECT count(*) FROM (${found} EXCEPT ALL ${given})) AS added`)
  connection.closeSync()
  return reader.getRowObjects()[0]
}

test.each(Object.keys(RUNTIMES))(
  'examples/%s.ts is ten lines of code, and its imports',
  async (name) => {
    const text = await readFile(join(root, 'examples', `${name}.ts`), 'utf8')
    const lines = text
      .replace(/\/\*\*.*?\*\//su, '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^(import|declare) /.test(line))
    expect(lines.length).toBeLessThanOrEqual(10)
  },
)
