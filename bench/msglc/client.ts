/** `node bench/msglc/client.ts TASK ENDPOINT RECORDS [--held] [--profile]`: one task in a process of its own; what it took goes to its parent. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { type LazyReader, lazyReader, lazyWriter, listOf } from 'sluice/msglc'
import { nodeFetch } from 'sluice/node'
import { s3Store } from 'sluice/stores/s3'
import { profiled } from '../self-times.ts'
import {
  BUCKET,
  CONCURRENCY,
  CREDENTIALS,
  HEADER_BYTES,
  type Ours,
  PART_BYTES,
  SLICE,
  type Task,
  VALUES,
  WARM_UP_RECORDS,
} from './tasks.ts'
import { type Entry, record, someRecords } from './value.ts'

interface File {
  readonly records: readonly Entry[]
}

const SAMPLE_MS = 20

const [name = '', endpoint = '', count = '', ...flags] = process.argv.slice(2)
const store = s3Store({
  endpoint,
  bucket: BUCKET,
  region: 'us-east-1',
  credentials: CREDENTIALS,
  fetch: nodeFetch,
})
const work: Readonly<Record<Task, (key: string, records: number) => Promise<number>>> = {
  write,
  value: (key, records) =>
    reading(key, async (reader) => {
      const { length } = await reader.read(['records', records >> 1, 'text'])
      return length
    }),
  values: (key, records) =>
    reading(key, async (reader) => {
      const places = someRecords(VALUES, records)
      const texts = places.map((place) => reader.read(['records', place, 'text']))
      return (await Promise.all(texts)).reduce((sum, { length }) => sum + length, 0)
    }),
  slice: (key, records) =>
    reading(key, async (reader) => {
      const start = records >> 2
      const found = await reader.read(['records', { start, stop: start + SLICE }])
      return (found as readonly Entry[]).reduce((sum, { blob }) => sum + blob.byteLength, 0)
    }),
  everything: (key) =>
    reading(key, async (reader) => {
      const { records } = await reader.toObject()
      return records.reduce((sum, { blob }) => sum + blob.byteLength, 0)
    }),
}
const task = work[name as Task]
if (name !== 'write') await write('warm', WARM_UP_RECORDS)
for (let n = 0; n < 3; n++) await task('warm', WARM_UP_RECORDS)

const holding = flags.includes('--held') ? held() : undefined
const profileOf = flags.includes('--profile') ? await profiled() : undefined
const before = await counts()
const cpuBefore = process.cpuUsage()
const began = performance.now()
const seen = await task('sluice', Number(count))
const seconds = (performance.now() - began) / 1000
const cpu = process.cpuUsage(cpuBefore)
const after = await counts()
const profile = await profileOf?.()
const heldBytes = holding?.()
const measured: Ours = {
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  requests: after.requests - before.requests,
  bytes: after.bytes - before.bytes,
  seen,
  ...(await sizes()),
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  ...(heldBytes !== undefined && { heldBytes }),
  ...(profile && { profile }),
}
process.send?.(measured)
process.disconnect?.()

async function write(key: string, records: number): Promise<number> {
  await using writer = lazyWriter(store, key, { partBytes: PART_BYTES, concurrency: CONCURRENCY })
  await writer.write({ title: 'measurements', records: listOf(entries(records), records) })
  return (await writer.close()).bytes
}

function* entries(records: number): Generator<Entry, void, undefined> {
  for (let id = 0; id < records; id++) yield record(id)
}

async function reading(
  key: string,
  read: (reader: LazyReader<File>) => Promise<number>,
): Promise<number> {
  return read(await lazyReader<File>(store, key))
}

/** Over a connection of its own: those that were kept may have been closed while everything was decoded. */
async function counts(): Promise<{ requests: number; bytes: number }> {
  const request = get(new URL('/counts', endpoint), { agent: false })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return (await json(answer)) as { requests: number; bytes: number }
}

/** Opening reads the header and the table of contents, and with so few first bytes nothing else. */
async function sizes(): Promise<{ fileBytes: number; tocBytes: number }> {
  const { sizeBytes, statistics } = await lazyReader(store, 'sluice', { firstBytes: HEADER_BYTES })
  return { fileBytes: sizeBytes, tocBytes: statistics.bytes - HEADER_BYTES }
}

/**
 * Without what was there at the beginning, and without garbage: that is collected before each look, though given back beside the
 * program, so that what is seen once only does not count.
 */
function held(): () => number {
  globalThis.gc?.()
  const { arrayBuffers } = process.memoryUsage()
  let before = 0
  let peak = 0
  const timer = setInterval(() => {
    globalThis.gc?.()
    const now = process.memoryUsage().arrayBuffers - arrayBuffers
    peak = Math.max(peak, Math.min(before, now))
    before = now
  }, SAMPLE_MS)
  return () => {
    clearInterval(timer)
    return peak
  }
}
