import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSink, type Log } from 'sluice'
import { parquet } from 'sluice/formats/parquet'
import { fileLog, nodeFetch } from 'sluice/node'
import { s3Store } from 'sluice/stores/s3'
import { type Event, events, SCHEMA } from './rows.ts'

/** Takes `records` records to its end, in batches. */
export type Contender = (records: number, endpoint: string) => Promise<void>

export const BATCH_RECORDS = 1000
export const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' }

/** Has no part in the race: it writes no files. */
export const REFERENCE = 'bare encoder'

export const CONTENDERS: Readonly<Record<string, Contender>> = {
  /** What the sink can at best be as fast as. Its bytes are forgotten. */
  [REFERENCE]: async (records) => {
    const encoder = parquet<Event>().encoder({ schema: SCHEMA })
    for (const batch of batches(records)) await encoder.write(batch)
    await encoder.close()
  },
  'memory log': (records, endpoint) => sink(records, endpoint, undefined),
  'file log, fsync': (records, endpoint) => durableSink(records, endpoint, 1),
  /** As of a server with some clients: those that come while the disk syncs share the next sync. */
  'file log, 8 at once': (records, endpoint) => durableSink(records, endpoint, 8),
}

async function durableSink(records: number, endpoint: string, writesAtOnce: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-sink-'))
  try {
    await sink(records, endpoint, fileLog(folder), writesAtOnce)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function sink(
  records: number,
  endpoint: string,
  log: Log<Event> | undefined,
  writesAtOnce = 1,
): Promise<void> {
  const into = createSink<Event>({
    store: s3Store({
      endpoint,
      bucket: 'bench',
      region: 'us-east-1',
      credentials: CREDENTIALS,
      fetch: nodeFetch,
    }),
    format: parquet(),
    schema: SCHEMA,
    ...(log && { log }),
  })
  const all = batches(records)
  const writeAll = async (): Promise<void> => {
    for (const batch of all) await into.write(batch)
  }
  await Promise.all(Array.from({ length: writesAtOnce }, writeAll))
  const { accepted, rejected } = await into.close()
  if (accepted !== records || rejected !== 0) {
    throw new Error(`${accepted} records were accepted and ${rejected} rejected, of ${records}`)
  }
}

function* batches(records: number): Generator<Event[], void, undefined> {
  for (let from = 0; from < records; from += BATCH_RECORDS) {
    yield events(from, Math.min(from + BATCH_RECORDS, records))
  }
}
