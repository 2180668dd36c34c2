/**
 * The published suites in Node 20, Deno and Bun, where no test runner runs in all three: `npm test` bundles this file
 * and starts it in each. It imports the package by name, as its users do, and prints one line of JSON for each case:
 * `{"suite", "name", "status": "passed" | "failed" | "skipped", "reason"?}`. It ends with status 1 when a case failed.
 *
 * SLUICE_TEST_FOLDER is where the folder store may write; SLUICE_S3_ENDPOINT names a further S3 server, see ../servers.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { memoryLog, memoryStore } from 'sluice'
import { csv } from 'sluice/formats/csv'
import { gzip } from 'sluice/formats/gzip'
import { jsonl } from 'sluice/formats/jsonl'
import { parquet } from 'sluice/formats/parquet'
import { fsStore } from 'sluice/node'
import { s3Store } from 'sluice/stores/s3'
import { formatSuite, logSuite, type SuiteCase, storeSuite } from 'sluice/testing'
import { csvByPapaParse, gunzip, jsonlByJsonParse, parquetByHyparquet } from '../formats/readers.ts'
import { PROFILES, type ServerKind, startServer } from '../servers.ts'

const CASE_MS = 120_000

interface Suite {
  readonly name: string
  readonly cases: readonly SuiteCase[]
  /** Called when the last case has ended. */
  end?(): Promise<void>
}

function memorySuite(): Suite {
  const capabilities = { multipart: { minPartBytes: 1000 } }
  const create = async () => ({ store: memoryStore({ capabilities }) })
  return { name: 'store: memory', cases: storeSuite({ create }) }
}

function folderSuite(parent: string): Suite {
  const cases = storeSuite({
    async create() {
      const root = await mkdtemp(join(parent, 'store-'))
      return { store: fsStore(root), close: () => rm(root, { recursive: true, force: true }) }
    },
  })
  return { name: 'store: a folder', cases }
}

async function s3Suite(kind: ServerKind): Promise<Suite> {
  const server = await startServer(kind)
  const { capabilities, exceptions } = PROFILES[kind]
  const cases = storeSuite({
    exceptions,
    async create() {
      const { bucket, remove } = await server.newBucket()
      const store = s3Store({ ...server, bucket, credentials: server, capabilities })
      return { store, close: remove }
    },
  })
  return { name: `store: S3 over the ${kind}`, cases, end: () => server.stop() }
}

function formatSuites(): readonly Suite[] {
  const subjects = {
    jsonl: { create: () => jsonl(), read: jsonlByJsonParse },
    csv: { create: () => csv(), read: csvByPapaParse },
    parquet: { create: () => parquet(), read: parquetByHyparquet },
    'jsonl.gz': {
      create: () => gzip(jsonl()),
      read: async (file, schema) => jsonlByJsonParse(await gunzip(file), schema),
    },
  } satisfies Record<string, Parameters<typeof formatSuite>[0]>
  return Object.entries(subjects).map(([name, options]) => ({
    name: `format: ${name}`,
    cases: formatSuite(options),
  }))
}

function memoryLogSuite(): Suite {
  const reopen = () => Promise.reject(new Error('A memory log does not outlive its process'))
  const create = async () => ({ log: memoryLog(), reopen })
  return { name: 'log: memory', cases: logSuite({ durable: false, create }) }
}

async function runCase({ name, skip, run }: SuiteCase): Promise<object> {
  if (skip !== undefined) return { name, status: 'skipped', reason: skip }
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${CASE_MS} ms`)), CASE_MS)
  })
  try {
    await Promise.race([run(), late])
    return { name, status: 'passed' }
  } catch (error) {
    process.exitCode = 1
    return { name, status: 'failed', reason: error instanceof Error ? error.message : `${error}` }
  } finally {
    clearTimeout(timer)
  }
}

const folder = process.env.SLUICE_TEST_FOLDER
const suites = [
  memorySuite(),
  ...(folder === undefined ? [] : [folderSuite(folder)]),
  await s3Suite('gateway'),
  ...(process.env.SLUICE_S3_ENDPOINT === undefined ? [] : [await s3Suite('environment')]),
  ...formatSuites(),
  memoryLogSuite(),
]
for (const { name: suite, cases, end } of suites) {
  for (const suiteCase of cases) {
    process.stdout.write(`${JSON.stringify({ suite, ...(await runCase(suiteCase)) })}\n`)
  }
  await end?.()
}
