import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openDuckDb } from '../../scripts/start/readers.ts'
import type { Store } from '../../src/contracts/index.ts'
import { fsStore } from '../../src/node/fs-store.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { PROFILES, realServers, startGateway, startServer, type TestServer } from '../servers.ts'
import { BATCH_RECORDS, isBad } from './crashes/records.ts'
import type { WriterTask } from './crashes/writer.ts'

/** How often the writer is killed; `npm run prove crashes` does it a hundred times. */
const CRASHES = Number(process.env.SLUICE_CRASHES ?? 6)
/** The longest that a writer lives once its sink is open. */
const LIFE_MS = 1500
/** Batches after the last crash. */
const LAST_BATCHES = 3

test(`SIGKILL ${CRASHES} times at random: every acknowledged record is there exactly once, by DuckDB's count`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-crashes-'))
  const server = await startedServer(join(folder, 'bucket'))
  try {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
    const credentials = { accessKeyId, secretAccessKey }
    const { capabilities } = PROFILES[server.kind]
    const options = { endpoint, bucket, region, credentials, ...(capabilities && { capabilities }) }
    const task = { folder: join(folder, 'log'), server: options }

    let seq = 0
    let killedOpen = 0
    for (let crash = 0; crash < CRASHES; crash++) {
      const { next, opened } = await killedWriter({ ...task, seq })
      seq = next
      if (opened) killedOpen++
    }
    const until = seq + LAST_BATCHES
    await writer({ ...task, seq, until })
    console.log(`${server.kind}: killed ${CRASHES} times, ${until * BATCH_RECORDS} records`)
    // Else most were killed before anything was written.
    expect(killedOpen).toBeGreaterThan(CRASHES / 2)

    const records = until * BATCH_RECORDS
    const numbers = Array.from({ length: records }, (_, n) => n)
    const bad = numbers.filter(isBad)
    const store = s3Store(options)
    const found = await counted(store, folder)
    expect(found.parquet).toEqual({
      count: BigInt(records - bad.length),
      distinct: BigInt(records - bad.length),
      least: 1,
      most: numbers.findLast((n) => !isBad(n)),
    })
    expect(found.letters).toEqual({ count: BigInt(bad.length), distinct: BigInt(bad.length) })
    const uploads = []
    for await (const { key } of store.listMultipart?.('') ?? []) uploads.push(key)
    // An upload whose creation was never answered is known to nobody; there is at most one for each crash and lane.
    expect(uploads.length).toBeLessThanOrEqual(CRASHES)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}, 600_000)

/** A real server where there is one, else the gateway over the file system. */
async function startedServer(folder: string): Promise<TestServer> {
  const found = realServers().find(({ kind, missing }) => kind !== 'environment' && !missing)
  return found ? startServer(found.kind) : startGateway(fsStore(folder))
}

/** Runs a writer to its end. */
async function writer(task: WriterTask): Promise<void> {
  const child = fork(script, [JSON.stringify(task)])
  const status = await new Promise((resolve) => child.once('exit', resolve))
  expect(status).toBe(0)
}

/** Lets a writer live for a random time. `next` is the first batch that it was not seen to have written. */
async function killedWriter(task: WriterTask): Promise<{ next: number; opened: boolean }> {
  let next = task.seq
  let opened = false
  const child = fork(script, [JSON.stringify(task)])
  const kill = (): void => void child.kill('SIGKILL')
  // Some die while they take the log over.
  const early = Math.random() < 0.1
  child.on('message', (message) => {
    if (message === 'open') {
      opened = true
      if (!early) setTimeout(kill, Math.random() * LIFE_MS)
    } else next = Number(message) + 1
  })
  if (early) setTimeout(kill, Math.random() * 2 * LIFE_MS)
  const end = await new Promise((resolve) =>
    child.once('exit', (status, signal) => resolve(signal ?? status)),
  )
  expect(end).toBe('SIGKILL')
  return { next, opened }
}

const script = fileURLToPath(new URL('crashes/writer.ts', import.meta.url))

/** What DuckDB finds in the bucket. */
async function counted(store: Store, folder: string) {
  let files = 0
  for await (const entry of store.list()) {
    if (entry.kind !== 'object') continue
    const extension = entry.key.split('.').at(-1)
    const bytes = await (await store.get(entry.key))?.bytes()
    await writeFile(join(folder, `${files++}.${extension}`), bytes ?? '')
  }
  const duckDb = await openDuckDb()
  try {
    const row = async (sql: string) => (await duckDb.runAndReadAll(sql)).getRowObjects()[0]
    return {
      parquet: await row(
        `SELECT count(*) AS count, count(DISTINCT n) AS distinct, min(n) AS least, max(n) AS most
         FROM read_parquet('${folder}/*.parquet')`,
      ),
      letters: await row(
        `SELECT count(*) AS count, count(DISTINCT raw) AS distinct FROM read_json('${folder}/*.jsonl')`,
      ),
    }
  } finally {
    duckDb.closeSync()
  }
}
