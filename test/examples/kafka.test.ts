import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { type Broker, brokerFor, PREPARE_MS } from '../compat/kafka/broker.ts'
import { produce } from '../compat/kafka/produce.ts'
import { environmentOf } from '../docs/environment.ts'
import { startGateway } from '../servers.ts'

let broker: Broker | undefined
let missing: string | undefined

beforeAll(async () => {
  ;({ broker, missing } = await brokerFor('examples/kafka.ts'))
}, PREPARE_MS)
afterAll(() => broker?.stop())

test('examples/kafka.ts: a topic into gzip files, until it is told to end', async ({ skip }) => {
  skip(!broker, missing)
  if (!broker) return
  const store = memoryStore()
  const server = await startGateway(store)
  const topic = await broker.newTopic(1)
  await produce(broker.address, topic, 0, 100)
  const example = fileURLToPath(new URL('../../examples/kafka.ts', import.meta.url))
  const child = fork(example, [broker.address, topic, server.bucket], {
    env: { PATH: process.env.PATH ?? '', ...environmentOf(server) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const key = `data/${topic}/0/${'0'.repeat(19)}.jsonl.gz`
  try {
    const [printed] = await once(child.stdout ?? child, 'data')
    expect(String(printed)).toBe(`${key} 100\n`)
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
    await server.stop()
  }
  const lines = gunzipSync((await (await store.get(key))?.bytes()) ?? '')
    .toString()
    .trimEnd()
    .split('\n')
  expect(lines.map((line) => JSON.parse(line)._value.n)).toEqual(
    Array.from({ length: 100 }, (_, n) => n),
  )
})
