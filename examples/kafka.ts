/**
 * A topic into JSON lines files of a bucket, each message exactly once, until it is told to end (SIGINT, SIGTERM). Any number of them may run:
 *
 *     node examples/kafka.ts localhost:9092 TOPIC BUCKET
 */
import process from 'node:process'
import { runKafkaSink } from 'sluice/kafka'
import { fileSink, jsonFormat, s3Destination } from 'sluice/node/quix-streams'

const [brokers = '', topic = '', bucket = ''] = process.argv.slice(2)

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ended.abort())

const sink = fileSink({
  directory: 'data',
  format: jsonFormat({ compress: true }),
  destination: s3Destination({ bucket }),
  exactlyOnce: true,
})

await runKafkaSink({
  ...{ brokers, groupId: 'sluice', topics: topic, sink },
  autoOffsetReset: 'earliest',
  signal: ended.signal,
  onEvent(event) {
    if (event.type !== 'committed') return
    for (const { key, records } of event.files) console.log(key, records)
  },
})
