import { execFile } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
  data = createServer((request, response) => {
    if (request.url === '/flights-200k.json') createReadStream(input).pipe(response)
    else response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not here</h1>')
  }).listen(0, '127.0.0.1')
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

interface Ended {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

function runExample(name: string, path: string): Promise<Ended> {
  const { command, args } = RUNTIMES[name as keyof typeof RUNTIMES]
  const url = `http://127.0.0.1:${(data.address() as AddressInfo).port}${path}`
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    SLUICE_S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
  }
  const words = [...args, join(root, 'examples', `${name}.ts`), url, server.bucket]
  return new Promise((resolve) => {
    execFile(command, words, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ status: error ? (error.code ?? error.message) : 0, stdout, stderr })
    })
  })
}

describe.for(Object.entries(RUNTIMES))(
  'examples/%s.ts',
  { timeout: 120_000 },
  ([name, runtime]) => {
    const missing = existsSync(runtime.command)
      ? undefined
      : `${name} is not installed: npm test does it, in test/runtimes`

    test('writes what it reads', async ({ skip }) => {
      skip(missing !== undefined, missing)
      const { status, stdout, stderr } = await runExample(name, '/flights-200k.json')
      expect(status).toBe(0)
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
    })

    test('says what the server answered instead of records', async ({ skip }) => {
      skip(missing !== undefined, missing)
      const { status, stdout, stderr } = await runExample(name, '/absent.json')
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toContain('/absent.json answered 404')
    })
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
