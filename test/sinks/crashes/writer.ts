/**
 * A process that writes one batch after the other and tells its parent of each that was acknowledged. It is killed at any moment, and
 * the next one goes on with the first batch whose acknowledgement the parent has not seen, under the same sequence.
 */
import { parquet } from '../../../src/formats/parquet/index.ts'
import { fileLog } from '../../../src/node/file-log.ts'
import { createSink } from '../../../src/sinks/create-sink.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { BATCH_RECORDS, batchOf, isBad, SCHEMA } from './records.ts'

export interface WriterTask {
  readonly folder: string
  readonly server: Omit<Parameters<typeof s3Store>[0], 'retry'>
  /** The first batch to write. */
  readonly seq: number
  /** The batch before which it stops and closes the sink; without, it goes on until it is killed. */
  readonly until?: number
}

const { folder, server, seq: first, until } = JSON.parse(process.argv[2] ?? '') as WriterTask
const sink = createSink({
  stream: 'events',
  store: s3Store(server),
  log: fileLog(folder),
  format: parquet(),
  schema: SCHEMA,
  partition: ['kind'],
  rotate: { records: 15_000, ageMs: 250 },
})
await sink.open()
process.send?.('open')
for (let seq = first; until === undefined || seq < until; seq++) {
  const batch = batchOf(seq)
  const { accepted, rejected } = await sink.write(batch, {
    producer: { id: 'writer', epoch: 0, seq },
  })
  const bad = batch.filter(({ n }) => isBad(Number(n))).length
  if (accepted !== BATCH_RECORDS - bad || rejected.length !== bad) {
    throw new Error(`Batch ${seq}: ${accepted} accepted, ${rejected.length} rejected of ${bad}`)
  }
  process.send?.(seq)
}
await sink.close()
process.disconnect?.()
