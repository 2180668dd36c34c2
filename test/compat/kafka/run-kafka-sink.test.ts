import { inspect } from 'node:util'
import { Consumer, ProduceAcks, Producer, ProtocolError } from '@platformatic/kafka'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type KafkaConsumer,
  type KafkaSinkEvent,
  type RunKafkaSinkOptions,
  runKafkaSink,
} from '../../../src/compat/kafka/index.ts'
import { type FileSinkOptions, fileSink } from '../../../src/compat/quix-streams/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { type Broker, brokerFor, PREPARE_MS, USER } from './broker.ts'
import { produce } from './produce.ts'

let found: Broker | undefined
let missing: string | undefined

beforeAll(async () => {
  ;({ broker: found, missing } = await brokerFor('runKafkaSink on a real broker'))
}, PREPARE_MS)
afterAll(() => found?.stop())

interface Run {
  readonly events: readonly KafkaSinkEvent[]
  /** The next event of this type that nobody has waited for yet. */
  next<T extends KafkaSinkEvent['type']>(type: T): Promise<Extract<KafkaSinkEvent, { type: T }>>
  /** Until so many messages are in files. */
  records(count: number): Promise<void>
  readonly ended: Promise<void>
  stop(): Promise<void>
}

type Options = Partial<RunKafkaSinkOptions> & { readonly files?: Partial<FileSinkOptions> }

describe('runKafkaSink', () => {
  let broker: Broker
  let topic: string
  let store: Store

  beforeEach(async ({ skip }) => {
    skip(!found, missing)
    broker = found as Broker
    topic = await broker.newTopic(2)
    store = memoryStore()
  })

  function start({ files, ...options }: Options = {}): Run {
    const events: KafkaSinkEvent[] = []
    const waiting = new Set<() => void>()
    let seen = 0
    let wrong: unknown
    const stopped = new AbortController()
    const sink = fileSink({ destination: store, exactlyOnce: true, ...files })
    const ended = runKafkaSink({
      ...{ brokers: broker.address, groupId: topic, topics: topic, sink },
      ...{ autoOffsetReset: 'earliest', commitIntervalMs: 100, signal: stopped.signal },
      onEvent(event) {
        events.push(event)
        for (const wake of waiting) wake()
      },
      ...options,
    } as RunKafkaSinkOptions)
    ended.catch((error: unknown) => {
      wrong = error
      for (const wake of waiting) wake()
    })
    const until = async <T>(look: () => T | undefined): Promise<T> => {
      for (;;) {
        const value = look()
        if (value !== undefined) return value
        if (wrong) throw wrong
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake)
            resolve()
          }
          waiting.add(wake)
        })
      }
    }
    return {
      events,
      next: (type) =>
        until<never>(() => {
          const at = events.findIndex((event, i) => i >= seen && event.type === type)
          if (at < 0) return undefined
          seen = at + 1
          return events[at] as never
        }),
      records: async (count) => {
        await until(() => (recordsOf(events) >= count ? true : undefined))
      },
      ended,
      async stop() {
        stopped.abort()
        await ended
      },
    }
  }

  const newConsumer = () =>
    new Consumer({
      ...{ clientId: 'test', groupId: topic, bootstrapBrokers: [broker.address] },
      deserializers: { value: (bytes) => JSON.parse(String(bytes)) },
    })

  const committed = async (): Promise<readonly bigint[]> => {
    const consumer = new Consumer({
      ...{ clientId: 'test', groupId: topic, bootstrapBrokers: [broker.address] },
    })
    try {
      const topics = [{ topic, partitions: [0, 1] }]
      return (await consumer.listCommittedOffsets({ topics })).get(topic) ?? []
    } finally {
      await consumer.close()
    }
  }

  /** All `n`, as often as they are there, in order. */
  const numbers = async (): Promise<number[]> => {
    const all: number[] = []
    for await (const entry of store.list()) {
      if (entry.kind !== 'object') continue
      const text = (await (await store.get(entry.key))?.text()) ?? ''
      for (const line of text.trimEnd().split('\n')) all.push(JSON.parse(line)._value?.n)
    }
    return all.sort((a, b) => a - b)
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

  test.each([true, false])(
    'files first, then offsets; and on from there (exactly once: %s)',
    async (exactlyOnce) => {
      await produce(broker.address, topic, 0, 500)
      const first = start({ files: { exactlyOnce } })
      await first.records(500)
      await first.stop()
      expect(await numbers()).toEqual(upTo(500))
      const ends = endsOf(first.events)
      expect(await committed()).toEqual([ends.get(0), ends.get(1)])
      await produce(broker.address, topic, 500, 600)
      const second = start({ files: { exactlyOnce } })
      const { partitions } = await second.next('assigned')
      expect(partitions.map(({ partition, offset }) => [partition, offset])).toEqual([
        [0, ends.get(0)],
        [1, ends.get(1)],
      ])
      await second.records(100)
      await second.stop()
      expect(await numbers()).toEqual(upTo(600))
    },
  )

  test('what waits when it is told to end is written', async () => {
    await produce(broker.address, topic, 0, 10)
    const run = start({ commitIntervalMs: 3_600_000, commitEvery: 10 })
    await run.records(10)
    await produce(broker.address, topic, 10, 15)
    const before = start({
      groupId: `${topic}-other`,
      commitEvery: 5,
      files: { directory: 'other' },
    })
    await before.records(15)
    await before.stop()
    await run.stop()
    expect((await numbers()).filter((n) => n < 10)).toHaveLength(20)
  })

  test('exactly once goes on behind the last file, whatever the group has committed', async () => {
    await produce(broker.address, topic, 0, 100)
    const first = start()
    await first.records(100)
    await first.stop()
    await produce(broker.address, topic, 100, 200)
    const other = start({ groupId: `${topic}-other` })
    await other.records(100)
    await other.stop()
    expect(await numbers()).toEqual(upTo(200))
  })

  test('exactly once, a file that somebody else has written meanwhile is met, and gone behind', async () => {
    await produce(broker.address, topic, 0, 100)
    const slow = start({ commitIntervalMs: 3_600_000, commitEvery: 150 })
    await slow.next('assigned')
    // Of another group, so that both believe to own the partitions.
    const quick = start({ groupId: `${topic}-other` })
    await quick.records(100)
    await produce(broker.address, topic, 100, 400)
    await slow.next('fenced')
    await quick.stop()
    await produce(broker.address, topic, 400, 1_000)
    await slow.next('committed')
    await slow.stop()
    const all = await numbers()
    expect(new Set(all).size).toBe(all.length)
    const last = start()
    await last.records(1_000 - all.length)
    await last.stop()
    expect(await numbers()).toEqual(upTo(1_000))
  })

  test.each([true, false])(
    'when the store is away: no offset, a pause, and all of it again (exactly once: %s)',
    async (exactlyOnce) => {
      await produce(broker.address, topic, 0, 100)
      let left = 3
      const inner = store
      const away: Store = {
        ...inner,
        async put(...call) {
          if (left-- > 0) throw new SluiceError('unavailable', 'Away', { retryAfterMs: 20 })
          return inner.put(...call)
        },
      }
      const run = start({ files: { exactlyOnce, destination: away } })
      expect(await run.next('paused')).toMatchObject({
        retryAfterMs: 20,
        error: { code: 'slow-down' },
      })
      await run.records(100)
      await run.stop()
      expect(await numbers()).toEqual(upTo(100))
    },
  )

  test('a sink that is full is written before its time', async () => {
    await produce(broker.address, topic, 0, 2_000)
    const run = start({ commitIntervalMs: 1_000, files: { maxPendingBytes: 5_000 } })
    await run.records(2_000)
    await run.stop()
    expect(await numbers()).toEqual(upTo(2_000))
    for (const event of run.events) {
      if (event.type !== 'committed') continue
      for (const { records } of event.files) expect(records).toBeLessThan(500)
    }
  })

  test('autoOffsetReset: latest begins with what comes, error not at all', async () => {
    await produce(broker.address, topic, 0, 50)
    const latest = start({ autoOffsetReset: 'latest' })
    await latest.next('assigned')
    await produce(broker.address, topic, 50, 80)
    await latest.records(30)
    await latest.stop()
    expect(await numbers()).toEqual(upTo(80).slice(50))
    const none = start({
      autoOffsetReset: 'error',
      groupId: `${topic}-x`,
      files: { directory: 'x' },
    })
    await expect(none.ended).rejects.toMatchObject({ code: 'not-found' })
  })

  test.each([true, false])(
    'latest is where it was, for whoever takes over before the first file (exactly once: %s)',
    async (exactlyOnce) => {
      await produce(broker.address, topic, 0, 50)
      const options = { autoOffsetReset: 'latest', commitIntervalMs: 3_600_000 } as const
      const put = () => Promise.reject(new SluiceError('permission-denied', 'Not you'))
      const broken = { exactlyOnce, destination: { ...store, put } }
      const first = start({ ...options, commitEvery: 30, files: broken })
      await first.next('assigned')
      await produce(broker.address, topic, 50, 80)
      await expect(first.ended).rejects.toMatchObject({ code: 'permission-denied' })
      const second = start({ ...options, commitEvery: 30, files: { exactlyOnce } })
      await second.records(30)
      await second.stop()
      expect(await numbers()).toEqual(upTo(80).slice(50))
    },
  )

  test('what retention has taken is told, and the chain goes on', async () => {
    await produce(broker.address, topic, 0, 1_000)
    const first = start()
    await first.records(1_000)
    await first.stop()
    await produce(broker.address, topic, 1_000, 2_000)
    const end = endsOf(first.events).get(0) ?? 0n
    await broker.deleteBefore(topic, 0, end + 10n)
    const second = start()
    const { from, to, partition } = await second.next('skipped')
    expect({ from, to, partition }).toEqual({ from: end, to: end + 10n, partition: 0 })
    await second.records(990)
    await second.stop()
    const names = (await Array.fromAsync(store.list())).map(
      (entry) => entry.kind === 'object' && entry.key,
    )
    expect(names).toContain(`${topic}/0/${String(end).padStart(19, '0')}.jsonl`)
  })

  test('a start behind what retention has taken is where it was, too', async () => {
    await produce(broker.address, topic, 0, 100)
    const first = start()
    await first.records(100)
    await first.stop()
    await produce(broker.address, topic, 100, 200)
    await broker.deleteBefore(topic, 0, (endsOf(first.events).get(0) ?? 0n) + 10n)
    const put = () => Promise.reject(new SluiceError('permission-denied', 'Not you'))
    const files = { destination: { ...store, put } }
    const broken = start({ autoOffsetReset: 'latest', files })
    const { to } = await broken.next('skipped')
    await expect(broken.ended).rejects.toMatchObject({ code: 'permission-denied' })
    await produce(broker.address, topic, 200, 300)
    const second = start({ autoOffsetReset: 'latest' })
    expect((await second.next('skipped')).to).toBe(to)
    await second.stop()
  })

  test('nor is it forgotten by the pause after it', async () => {
    const inner = store
    let refuses: (() => Promise<void>) | undefined
    const away: Store = {
      ...inner,
      async put(key, ...call) {
        if (!refuses || !key.startsWith(`${topic}/0/`)) return inner.put(key, ...call)
        await refuses()
        throw new SluiceError('unavailable', 'Away', { retryAfterMs: 20 })
      },
    }
    const run = start({ autoOffsetReset: 'latest', files: { destination: away } })
    await run.next('assigned')
    await produce(broker.address, topic, 0, 100)
    await run.records(100)
    const end = endsOf(run.events).get(0) ?? 0n
    refuses = () => broker.deleteBefore(topic, 0, end + 10n)
    await produce(broker.address, topic, 100, 200)
    const { from, to } = await run.next('skipped')
    expect(from).toBe(end)
    await run.next('assigned')
    refuses = async () => {}
    await produce(broker.address, topic, 200, 300)
    await run.next('paused')
    refuses = undefined
    const { partitions } = await run.next('assigned')
    expect(partitions.find(({ partition }) => partition === 0)?.offset).toBe(to)
    await run.records(300 - Number(to - from))
    await run.stop()
  })

  test('nor does the group go back behind it with what was read before', async () => {
    const inner = store
    let isAway = false
    const away: Store = {
      ...inner,
      async put(key, ...call) {
        if (!isAway || !key.startsWith(`${topic}/0/`)) return inner.put(key, ...call)
        throw new SluiceError('unavailable', 'Away')
      },
    }
    const consumer = newConsumer()
    const commit = consumer.commit.bind(consumer)
    consumer.commit = async (options: never) => {
      if (!isAway) return commit(options)
      // Partition 0 has no file of what was read, and 1 one that Kafka is not told of.
      isAway = false
      await produce(broker.address, topic, 200, 300)
      for (const partition of [0, 1]) await broker.deleteBefore(topic, partition, -1n)
      throw new Error('Not now')
    }
    const run = start({
      ...{ brokers: undefined, groupId: undefined, consumer: consumer as never },
      ...{ autoOffsetReset: 'latest', commitIntervalMs: 3_600_000, commitEvery: 100 },
      files: { destination: away },
    })
    await run.next('assigned')
    await produce(broker.address, topic, 0, 100)
    await run.records(100)
    isAway = true
    await produce(broker.address, topic, 100, 200)
    const skipped = [await run.next('skipped'), await run.next('skipped')]
    await run.next('assigned')
    await run.stop()
    await consumer.close()
    expect(await numbers()).toEqual(upTo(200))
    const starts = skipped.sort((a, b) => a.partition - b.partition).map(({ to }) => to)
    expect(await committed()).toEqual(starts)
  })

  describe('a topic that was made anew', () => {
    const makeAnew = async (messages: number): Promise<void> => {
      await broker.deleteTopic(topic)
      await broker.createTopic(topic, 2)
      await produce(broker.address, topic, 0, messages)
    }
    const written = async (): Promise<void> => {
      await produce(broker.address, topic, 0, 100)
      const run = start()
      await run.records(100)
      await run.stop()
    }
    const own = { brokers: undefined, groupId: undefined }
    const refused = { code: 'conflict', retryable: false }

    test.each([10, 400])('is not taken for the old one, with %i messages', async (messages) => {
      await written()
      await makeAnew(messages)
      await expect(start().ended).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('another topic of this name'),
      })
      expect(await numbers()).toEqual(upTo(100))
    })

    test('is seen by its end where the broker has no ids', async () => {
      await written()
      await makeAnew(10)
      const consumer = newConsumer()
      const withoutIds = new Proxy(consumer as never as KafkaConsumer, {
        get(of, name) {
          if (name === 'metadata')
            return async () => ({ topics: new Map([[topic, { id: topic }]]) })
          const value: unknown = Reflect.get(of, name, of)
          return typeof value === 'function' ? value.bind(of) : value
        },
      })
      await expect(start({ ...own, consumer: withoutIds }).ended).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('end at'),
      })
      await consumer.close()
    })

    test.each([true, false])('ends whoever reads it (exactly once: %s)', async (exactlyOnce) => {
      await produce(broker.address, topic, 0, 100)
      const run = start({ files: { exactlyOnce } })
      await run.records(100)
      await makeAnew(400)
      await expect(run.ended).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('while it was read'),
      })
    })
  })

  test('a file of messages that came while one looked is no topic made anew', async () => {
    await produce(broker.address, topic, 0, 100)
    const inner = store
    let looks = 0
    store = {
      ...inner,
      async *list(options) {
        if (looks++ === 0) {
          // The topic's end is known by now, and whoever had the partitions before goes on.
          await produce(broker.address, topic, 100, 200)
          const files = { destination: inner }
          const other = start({ groupId: `${topic}-other`, files })
          await other.records(200)
          await other.stop()
        }
        yield* inner.list(options)
      },
    }
    const run = start()
    await run.next('assigned')
    await produce(broker.address, topic, 200, 300)
    await run.records(100)
    await run.stop()
    expect(await numbers()).toEqual(upTo(300))
  })

  test('a folder that cannot be listed at first keeps no partition from its place', async () => {
    await produce(broker.address, topic, 0, 100)
    const first = start()
    await first.records(100)
    await first.stop()
    await produce(broker.address, topic, 100, 200)
    const inner = store
    let isAway = true
    const other = Promise.withResolvers<void>()
    store = {
      ...inner,
      async head(...call) {
        setImmediate(other.resolve)
        return inner.head(...call)
      },
      async *list(options) {
        if (isAway && options?.prefix === `${topic}/1/`) {
          isAway = false
          // When the other partition has its place already.
          await other.promise
          throw new SluiceError('unavailable', 'Away', { retryAfterMs: 20 })
        }
        yield* inner.list(options)
      },
    }
    const second = start()
    await second.next('paused')
    await second.records(100)
    await second.stop()
    expect(await numbers()).toEqual(upTo(200))
  })

  test('what fails while the sink is full leaves out no message, and each file is told of', async () => {
    await produce(broker.address, topic, 0, 1_000)
    const consumer = newConsumer()
    const commit = consumer.commit.bind(consumer)
    let refusals = 1
    consumer.commit = async (options: never) => {
      if (refusals-- > 0) throw new Error('Not now')
      return commit(options)
    }
    let left = 1
    const inner = store
    const away: Store = {
      ...inner,
      async put(key, ...call) {
        if (key.includes(`${topic}/0/`) && left-- > 0) {
          throw new SluiceError('unavailable', 'Away', { retryAfterMs: 20 })
        }
        return inner.put(key, ...call)
      },
    }
    const errors: Error[] = []
    const run = start({
      ...{ brokers: undefined, groupId: undefined, consumer: consumer as never },
      files: { destination: away, maxPendingBytes: 5_000 },
      onProcessingError(error) {
        errors.push(error)
        return true
      },
    })
    expect((await run.next('failed')).error.code).toBe('unavailable')
    await run.records(1_000)
    await run.stop()
    await consumer.close()
    expect(errors).toEqual([])
    expect(await numbers()).toEqual(upTo(1_000))
  })

  test.each(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])(
    'told to end while the group goes on without it (%s), it ends, and the next one goes on',
    async (apiId) => {
      await produce(broker.address, topic, 0, 100)
      const consumer = newConsumer()
      const commit = consumer.commit.bind(consumer)
      let told = false
      consumer.commit = async (options: never) => {
        if (told) throw new ProtocolError(apiId)
        return commit(options)
      }
      const run = start({ brokers: undefined, groupId: undefined, consumer: consumer as never })
      await run.records(100)
      told = true
      await produce(broker.address, topic, 100, 110)
      await run.next('failed')
      await run.stop()
      await consumer.close()
      const next = start()
      await next.next('assigned')
      await produce(broker.address, topic, 110, 120)
      await next.records(10)
      await next.stop()
      expect(await numbers()).toEqual(upTo(120))
    },
  )

  test('what the sink fails with is told, though the group goes on without it', async () => {
    await produce(broker.address, topic, 0, 100)
    const inner = store
    let refused = false
    const put: Store['put'] = async (key, ...call) => {
      if (!key.startsWith(`${topic}/0/`)) return inner.put(key, ...call)
      refused = true
      throw new SluiceError('permission-denied', 'Not you')
    }
    const consumer = newConsumer()
    const commit = consumer.commit.bind(consumer)
    const stopped = new AbortController()
    consumer.commit = async (options: never) => {
      if (!refused) return commit(options)
      stopped.abort()
      throw new ProtocolError('REBALANCE_IN_PROGRESS')
    }
    const run = start({
      ...{ brokers: undefined, groupId: undefined, consumer: consumer as never },
      ...{ commitIntervalMs: 3_600_000, commitEvery: 100, signal: stopped.signal },
      files: { destination: { ...inner, put } },
    })
    await expect(run.ended).rejects.toMatchObject({ code: 'permission-denied' })
    await consumer.close()
  })

  test('holes of transactions lie within files, and what was aborted in none', async () => {
    const producer = new Producer({
      ...{ clientId: 'test', bootstrapBrokers: [broker.address], idempotent: true },
      ...{ transactionalId: topic, producerId: undefined },
    } as never)
    let n = 0
    for (const commits of [true, false, true]) {
      const transaction = await producer.beginTransaction()
      const messages = [0, 1].map(() => ({
        ...{ topic, partition: 0, key: Buffer.from('k') },
        value: Buffer.from(JSON.stringify({ n: n++ })),
      }))
      await transaction.send({ messages, acks: ProduceAcks.ALL })
      await (commits ? transaction.commit() : transaction.abort())
    }
    await producer.close()
    const run = start({ commitEvery: 2 })
    await run.records(4)
    await run.stop()
    expect(await numbers()).toEqual([0, 1, 4, 5])
    // Offset 2 marks the commit, 3 to 5 are aborted.
    expect(endsOf(run.events).get(0)).toBe(8n)
  })

  describe('a message that cannot be written', () => {
    const send = async (...values: (string | null)[]): Promise<void> => {
      const producer = new Producer({ clientId: 'test', bootstrapBrokers: [broker.address] })
      const messages = values.map((text) => ({
        ...{ topic, partition: 0, key: Buffer.from('k') },
        ...(text !== null && { value: Buffer.from(text) }),
      }))
      await producer.send({ messages, acks: -1 })
      await producer.close()
    }

    test('ends the run, which names it', async () => {
      await send('{"n":0}', 'not JSON')
      const run = start()
      await expect(run.ended).rejects.toMatchObject({
        code: 'invalid-record',
        message: expect.stringContaining(`Message 1 of partition 0 of "${topic}"`),
      })
    })

    test('is left out where one says so, and what has no value is null', async () => {
      await send('{"n":0}', 'not JSON', '{"n":1}', null)
      const errors: string[] = []
      const run = start({
        onProcessingError(error, { offset }) {
          errors.push(`${offset} ${(error as SluiceError).code}`)
          return true
        },
      })
      await run.records(3)
      await run.stop()
      expect(errors).toEqual(['1 invalid-record'])
      expect(await numbers()).toEqual([0, 1, undefined])
    })
  })

  test.each(['roundrobin', 'cooperative-sticky'])(
    'partitions move to a consumer that joins, and back when it leaves: %s',
    async (name) => {
      const consumerOf = (): Consumer =>
        new Consumer({
          ...{ clientId: 'test', groupId: topic, bootstrapBrokers: [broker.address] },
          ...{
            heartbeatInterval: 100,
            rebalanceTimeout: 60_000,
            protocols: [{ name, version: 1 }],
          },
          deserializers: { value: (bytes) => JSON.parse(String(bytes)) },
        }) as never
      const own = { brokers: undefined, groupId: undefined }
      const [one, two] = [consumerOf(), consumerOf()]
      const first = start({ ...own, consumer: one as KafkaConsumer })
      expect((await first.next('assigned')).partitions).toHaveLength(2)
      const second = start({ ...own, consumer: two as KafkaConsumer })
      for (;;) if ((await first.next('assigned')).partitions.length === 1) break
      for (;;) if ((await second.next('assigned')).partitions.length === 1) break
      await produce(broker.address, topic, 0, 200)
      await Promise.all([first.next('committed'), second.next('committed')])
      await second.stop()
      for (;;) if ((await first.next('assigned')).partitions.length === 2) break
      await produce(broker.address, topic, 200, 300)
      await first.records(300 - recordsOf(second.events))
      await first.stop()
      expect(await numbers()).toEqual(upTo(300))
      // They are their owner's, who closes them.
      for (const consumer of [one, two]) {
        expect(consumer.closed).toBe(false)
        await consumer.close()
      }
    },
  )

  describe('with SASL', () => {
    const consumerWith = (password: string, mechanism: 'PLAIN' | 'SCRAM-SHA-256'): Consumer =>
      new Consumer({
        ...{ clientId: 'test', groupId: topic, bootstrapBrokers: [broker.saslAddress], retries: 0 },
        sasl: { mechanism, username: USER.username, password },
        deserializers: { value: (bytes) => JSON.parse(String(bytes)) },
      }) as never
    const own = { brokers: undefined, groupId: undefined }

    test('a consumer says who it is', async () => {
      await produce(broker.address, topic, 0, 100)
      const consumer = consumerWith(USER.password, 'PLAIN')
      const run = start({ ...own, consumer: consumer as KafkaConsumer })
      await run.records(100)
      await run.stop()
      await consumer.close()
      expect(await numbers()).toEqual(upTo(100))
    })

    test.each([
      ['PLAIN', 'a-wrong-password'],
      // The broker does not offer it.
      ['SCRAM-SHA-256', USER.password],
    ] as const)(
      'and is refused otherwise, with its password in no error: %s',
      async (mechanism, password) => {
        const consumer = consumerWith(password, mechanism)
        const run = start({ ...own, consumer: consumer as KafkaConsumer })
        const error = await run.ended.catch((reason: unknown) => reason)
        await consumer.close()
        expect(error).toMatchObject({ code: 'unauthenticated', retryable: false })
        // At once: patience would only lock the account.
        expect(run.events).toMatchObject([{ type: 'failed', attempts: 1 }])
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(password)
      },
    )
  })

  describe('with an ACL', () => {
    test.each(['TOPIC', 'GROUP'] as const)(
      'that keeps it from its %s, it is told at once',
      async (kind) => {
        await broker.reserve(kind, topic)
        const consumer = new Consumer({
          ...{
            clientId: 'test',
            groupId: topic,
            bootstrapBrokers: [broker.saslAddress],
            retries: 0,
          },
          sasl: { mechanism: 'PLAIN', ...USER },
        })
        const own = { brokers: undefined, groupId: undefined, consumer: consumer as KafkaConsumer }
        const run = start(own)
        const error = await run.ended.catch((reason: unknown) => reason)
        await consumer.close()
        expect(error).toMatchObject({ code: 'permission-denied', retryable: false })
        expect(run.events).toMatchObject([{ type: 'failed', attempts: 1 }])
      },
    )
  })

  describe('with TLS', () => {
    const consumerWith = (tls: { ca?: string }): Consumer =>
      new Consumer({
        ...{ clientId: 'test', groupId: topic, bootstrapBrokers: [broker.tlsAddress], retries: 0 },
        ...{ tls, deserializers: { value: (bytes) => JSON.parse(String(bytes)) } },
      }) as never
    const own = { brokers: undefined, groupId: undefined }

    test('a broker whose certificate is known is read', async () => {
      await produce(broker.address, topic, 0, 100)
      const consumer = consumerWith({ ca: broker.certificate })
      const run = start({ ...own, consumer: consumer as KafkaConsumer })
      await run.records(100)
      await run.stop()
      await consumer.close()
      expect(await numbers()).toEqual(upTo(100))
    })

    test('and another one is not', async () => {
      const clock = { now: () => Date.now(), sleep: async () => {}, schedule: () => () => {} }
      const consumer = consumerWith({})
      const run = start({ ...own, consumer: consumer as KafkaConsumer, clock })
      await expect(run.ended).rejects.toMatchObject({ code: 'unavailable' })
      await consumer.close()
    })
  })

  test('a broker that is not there is tried again, and then told', async () => {
    let waits = 0
    const clock = {
      now: () => Date.now(),
      sleep: async () => void waits++,
      schedule: () => () => {},
    }
    const consumer = new Consumer({
      ...{ clientId: 'test', groupId: topic, bootstrapBrokers: ['127.0.0.1:1'], retries: 0 },
    })
    const own = { brokers: undefined, groupId: undefined, consumer: consumer as KafkaConsumer }
    const run = start({ ...own, clock })
    await expect(run.ended).rejects.toMatchObject({ code: 'unavailable' })
    await consumer.close()
    expect(run.events.map(({ type }) => type)).toEqual(Array(8).fill('failed'))
    expect(waits).toBe(7)
  })
})

test.each<[string, Partial<RunKafkaSinkOptions>]>([
  ['no topic', { topics: [] }],
  ['neither brokers nor a consumer', { brokers: undefined }],
  ['both', { consumer: {} as KafkaConsumer }],
  ['another reset', { autoOffsetReset: 'newest' as 'latest' }],
  ['no interval', { commitIntervalMs: 0 }],
  ['half a message', { commitEvery: 0.5 }],
])('%s is refused', async (_, options) => {
  const sink = fileSink({ destination: memoryStore() })
  const given = { brokers: '127.0.0.1:1', groupId: 'g', topics: 't', sink, ...options }
  await expect(runKafkaSink(given as RunKafkaSinkOptions)).rejects.toMatchObject({
    code: 'invalid-options',
  })
})

function recordsOf(events: readonly KafkaSinkEvent[]): number {
  let records = 0
  for (const event of events) {
    if (event.type === 'committed') for (const file of event.files) records += file.records
  }
  return records
}

function endsOf(events: readonly KafkaSinkEvent[]): Map<number, bigint> {
  const ends = new Map<number, bigint>()
  for (const event of events) {
    if (event.type === 'committed')
      for (const { partition, end } of event.files) ends.set(partition, end)
  }
  return ends
}
