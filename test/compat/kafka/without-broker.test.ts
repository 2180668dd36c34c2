import { createServer, type Server, type Socket } from 'node:net'
import { Consumer } from '@platformatic/kafka'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunKafkaSinkOptions, runKafkaSink } from '../../../src/compat/kafka/index.ts'
import { fileSink } from '../../../src/compat/quix-streams/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'

let server: Server | undefined
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server?.close()
})

/** Takes connections, and answers nothing. */
async function silent(): Promise<{ address: string; connected: Promise<void> }> {
  let connect = (): void => {}
  const connected = new Promise<void>((resolve) => {
    connect = resolve
  })
  const made = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    connect()
  })
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as { port: number }
  return { address: `127.0.0.1:${port}`, connected }
}

const given = () => ({ topics: 'topic', sink: fileSink({ destination: memoryStore() }) })

describe('a run whose broker answers nothing ends with its signal', () => {
  test('by its address', async () => {
    const { address, connected } = await silent()
    const stop = new AbortController()
    const { signal } = stop
    const run = runKafkaSink({ ...given(), brokers: address, groupId: 'group', signal })
    await connected
    stop.abort()
    await run
  })

  test('with a consumer of one’s own', async () => {
    const { address, connected } = await silent()
    const consumer = new Consumer({
      clientId: 'test',
      groupId: 'group',
      bootstrapBrokers: [address],
    })
    try {
      const stop = new AbortController()
      const run = runKafkaSink({ ...given(), consumer: consumer as never, signal: stop.signal })
      await connected
      stop.abort()
      await run
    } finally {
      await consumer.close(true)
    }
  })
})

test.each<[string, Partial<Record<keyof RunKafkaSinkOptions, unknown>>]>([
  ['brokers', { brokers: [] }],
  ['brokers', { brokers: '' }],
  ['brokers', { brokers: 'localhost:9092,' }],
  ['brokers', { brokers: [5] }],
  ['brokers', { brokers: 5 }],
  ['brokers', { brokers: 'user:TOPSECRET@localhost:9092' }],
  ['groupId', { groupId: undefined }],
  ['groupId', { groupId: '' }],
  ['topics', { topics: undefined }],
  ['topics', { topics: [''] }],
  ['topics', { topics: 5 }],
  ['sink', { sink: undefined }],
  ['sink', { sink: {} }],
])('%s are checked: %o', async (name, wrong) => {
  const options = { ...given(), brokers: '127.0.0.1:1', groupId: 'group', ...wrong }
  const signal = AbortSignal.abort()
  const run = runKafkaSink({ ...options, signal } as never)
  const error = await run.then(
    () => expect.unreachable(),
    (reason: unknown) => reason as Error,
  )
  expect(error).toMatchObject({ code: 'invalid-options', message: expect.stringContaining(name) })
  expect(error.message).not.toContain('SECRET')
})
