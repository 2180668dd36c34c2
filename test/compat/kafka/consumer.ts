/**
 * A process that consumes a topic into files until it is told to end, and tells its parent what happens. It is killed, or stopped
 * and left to go on, at any moment.
 */
import { Consumer } from '@platformatic/kafka'
import { runKafkaSink } from '../../../src/compat/kafka/index.ts'
import { fileSink } from '../../../src/compat/quix-streams/index.ts'
import { s3Store } from '../../../src/stores/s3.ts'

export interface ConsumerTask {
  readonly broker: string
  readonly topic: string
  readonly server: Parameters<typeof s3Store>[0]
  readonly exactlyOnce: boolean
  readonly commitEvery: number
}

/** What an event comes to, as plain data. */
export interface Reported {
  readonly type: string
  /** By partition: how far its files go, as far as this consumer knows. */
  readonly ends: readonly { readonly partition: number; readonly end: string }[]
}

const { broker, topic, server, exactlyOnce, commitEvery } = JSON.parse(
  process.argv[2] ?? '',
) as ConsumerTask
const ended = new AbortController()
process.on('message', () => ended.abort())
process.on('disconnect', () => process.exit())

const consumer = new Consumer({
  clientId: 'test',
  groupId: topic,
  bootstrapBrokers: [broker],
  // Short, so that a killed consumer's partitions soon move, and long enough for a machine that is busy with all of this.
  sessionTimeout: 4000,
  rebalanceTimeout: 20_000,
  heartbeatInterval: 300,
  deserializers: { value: (bytes) => JSON.parse(String(bytes)) },
})
// Behind the run, from `close`, while the group is rebalanced.
consumer.on('error', (error) => console.error(error))
const sink = fileSink({
  directory: 'data',
  format: 'parquet',
  destination: s3Store(server),
  exactlyOnce,
})
await runKafkaSink({
  ...{ consumer, sink, topics: topic, commitEvery },
  autoOffsetReset: 'earliest',
  commitIntervalMs: 200,
  signal: ended.signal,
  onEvent(event) {
    const ends =
      event.type === 'committed'
        ? event.files.map(({ partition, end }) => ({ partition, end: String(end) }))
        : event.type === 'assigned' && exactlyOnce
          ? event.partitions.map(({ partition, offset }) => ({ partition, end: String(offset) }))
          : []
    const { type } = event
    process.send?.({ type, ends } satisfies Reported)
  },
})
await consumer.close(true)
process.exit()
