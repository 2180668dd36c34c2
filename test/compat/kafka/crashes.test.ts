import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDuckDb } from '../../../scripts/start/readers.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { fsStore } from '../../../src/node/fs-store.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { PROFILES, realServers, startGateway, startServer, type TestServer } from '../../servers.ts'
import { type Broker, brokerFor, PREPARE_MS } from './broker.ts'
import { Group } from './group.ts'
import { produce } from './produce.ts'

/** `npm run prove kafka` takes a million. */
const MESSAGES = Number(process.env.SLUICE_KAFKA_MESSAGES ?? 20_000)
const DISTURBANCES = Number(process.env.SLUICE_KAFKA_DISTURBANCES ?? 4)
const PARTITIONS = 6
const CONSUMERS = 3

let broker: Broker | undefined
let missing: string | undefined

beforeAll(async () => {
  ;({ broker, missing } = await brokerFor('consumers of Kafka that are killed'))
}, PREPARE_MS)
afterAll(() => broker?.stop())

test.for([
  { mode: 'exactly once', exactlyOnce: true },
  { mode: 'at least once', exactlyOnce: false },
])(
  `$mode: ${MESSAGES} messages, consumers killed, frozen and rebalanced ${DISTURBANCES} times at random`,
  { timeout: 3_600_000 },
  async ({ mode, exactlyOnce }, { skip }) => {
    skip(!broker, missing)
    if (!broker) return
    const folder = await mkdtemp(join(tmpdir(), 'sluice-kafka-sink-'))
    const server = await startedServer(join(folder, 'bucket'))
    const topic = await broker.newTopic(PARTITIONS)
    const options = optionsOf(server)
    const commitEvery = Math.max(200, Math.round(MESSAGES / 250))
    const task = { broker: broker.address, topic, server: options, exactlyOnce, commitEvery }
    const group = new Group(task)
    try {
      for (let i = 0; i < CONSUMERS; i++) group.start()
      const step = Math.ceil(MESSAGES / (DISTURBANCES + 1))
      for (let n = 0; n < MESSAGES; n += step) {
        await produce(broker.address, topic, n, Math.min(MESSAGES, n + step))
        if (n + step < MESSAGES) await group.disturb(Math.random)
      }
      await group.reaches(await endsOf(broker.address, topic))
      await group.end()
      const store = s3Store(options)
      const found = await counted(store, folder)
      console.log(`${mode} on ${server.kind}:`, { messages: MESSAGES, ...found, ...group.counts })

      expect(found).toMatchObject({
        distinct: BigInt(MESSAGES),
        least: 0n,
        most: BigInt(MESSAGES - 1),
      })
      if (!exactlyOnce) return
      expect(found.count).toBe(BigInt(MESSAGES))
      expect(await gapsOf(store, topic)).toEqual([])
    } finally {
      group.kill()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

/** A real server where there is one, else the gateway over the file system. */
async function startedServer(folder: string): Promise<TestServer> {
  const found = realServers().find(({ kind, missing }) => kind !== 'environment' && !missing)
  return found ? startServer(found.kind) : startGateway(fsStore(folder))
}

function optionsOf(server: TestServer): Parameters<typeof s3Store>[0] {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const { capabilities } = PROFILES[server.kind]
  return { endpoint, bucket, region, credentials, ...(capabilities && { capabilities }) }
}

/** Where each partition of the topic ends. */
async function endsOf(address: string, topic: string): Promise<readonly bigint[]> {
  const consumer = new Consumer({
    clientId: 'test',
    groupId: 'test',
    bootstrapBrokers: [address],
  })
  try {
    return (await consumer.listOffsets({ topics: [topic], timestamp: -1n })).get(topic) ?? []
  } finally {
    await consumer.close()
  }
}

/** What DuckDB finds in the bucket. */
async function counted(store: Store, folder: string) {
  let files = 0
  for await (const entry of store.list({ prefix: 'data/' })) {
    if (entry.kind !== 'object') continue
    const bytes = await (await store.get(entry.key))?.bytes()
    await writeFile(join(folder, `${files++}.parquet`), bytes ?? '')
  }
  const duckDb = await openDuckDb()
  try {
    const reader = await duckDb.runAndReadAll(
      `SELECT count(*) AS count, count(DISTINCT n) AS distinct, min(n)::BIGINT AS least, max(n)::BIGINT AS most
       FROM read_parquet('${folder}/*.parquet')`,
    )
    return { files, ...reader.getRowObjects()[0] } as Record<string, unknown>
  } finally {
    duckDb.closeSync()
  }
}

/** Files that do not begin where the one before them ends. */
async function gapsOf(store: Store, topic: string): Promise<string[]> {
  const gaps: string[] = []
  for (let partition = 0; partition < PARTITIONS; partition++) {
    let end = '0'
    const prefix = `data/${topic}/${partition}/`
    for await (const entry of store.list({ prefix })) {
      if (entry.kind !== 'object') continue
      const name = `${prefix}${end.padStart(19, '0')}.parquet`
      if (entry.key !== name) gaps.push(`${entry.key} where ${name} should be`)
      end = (await store.head(entry.key))?.metadata?.['sluice-end'] ?? ''
    }
  }
  return gaps
}
