import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import type { FileInfo, SinkEvent } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { sinkMetrics } from '../../src/sinks/otel.ts'
import { bench, rows } from './harness.ts'

const LANE = { stream: 's', partition: 'country=DE', shard: '0', schema: 'auto' }
const FILE: FileInfo = {
  key: 's/secret-partition/file',
  etag: 'e',
  lane: LANE,
  begin: 0,
  end: 5,
  records: 5,
  bytes: 77,
}

const EVENTS: readonly SinkEvent[] = [
  { type: 'opened', design: 'create-only', weaker: [], sealed: 0, lanes: 0 },
  { type: 'appended', accepted: 4, rejected: 1, duplicate: false, bytes: 120 },
  { type: 'appended', accepted: 4, rejected: 1, duplicate: true, bytes: 0 },
  { type: 'appended', accepted: 2, rejected: 0, duplicate: false, bytes: 40 },
  { type: 'slow-down', retryAfterMs: 1000 },
  { type: 'drift', schema: 'ab', columns: { fields: [] }, changes: [] },
  { type: 'sealed', lane: LANE, key: FILE.key, reason: 'age', records: 5, rowBytes: 100 },
  { type: 'sealed', lane: LANE, key: FILE.key, reason: 'bytes', records: 1, rowBytes: 20 },
  {
    type: 'failed',
    key: FILE.key,
    error: new SluiceError('unavailable', 'The store answered 503'),
    attempts: 1,
    retryAtMs: 0,
  },
  { type: 'upload-left', key: FILE.key, uploadId: 'u' },
  { type: 'committed', file: FILE, reason: 'age', rowBytes: 100, lagMs: 2500 },
]

/** Every number that a real SDK has collected, by name and attributes. */
async function collected(
  run: (metrics: ReturnType<typeof sinkMetrics>) => void | Promise<void>,
): Promise<Record<string, unknown>> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter })
  const provider = new MeterProvider({ readers: [reader] })
  await run(sinkMetrics(provider.getMeter('test'), { stream: 's' }))
  await provider.forceFlush()
  const found: Record<string, unknown> = {}
  for (const { scopeMetrics } of exporter.getMetrics()) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      for (const { attributes, value } of dataPoints) {
        const { stream, ...rest } = attributes
        expect(stream).toBe('s')
        const of = Object.entries(rest).map(([name, word]) => ` ${name}=${word}`)
        const sum = typeof value === 'object' && 'sum' in value ? value.sum : value
        found[`${descriptor.name} ${descriptor.unit}${of.join('')}`] = sum
      }
    }
  }
  await provider.shutdown()
  return found
}

test('events become counters and a histogram of a real SDK', async () => {
  const found = await collected(({ onEvent }) => {
    for (const event of EVENTS) onEvent(event)
  })
  expect(found).toEqual({
    'sluice.sink.records {record} outcome=accepted': 6,
    'sluice.sink.records {record} outcome=rejected': 1,
    'sluice.sink.duplicates {request}': 1,
    'sluice.sink.input By': 160,
    'sluice.sink.slow_downs {request}': 1,
    'sluice.sink.drifts {schema}': 1,
    'sluice.sink.sealed {file} reason=age': 1,
    'sluice.sink.sealed {file} reason=bytes': 1,
    'sluice.sink.retries {attempt} error.type=unavailable': 1,
    'sluice.sink.orphan_uploads {upload}': 1,
    'sluice.sink.committed {file}': 1,
    'sluice.sink.committed.records {record}': 5,
    'sluice.sink.output By': 77,
    'sluice.sink.commit.duration s': 2.5,
  })
  expect(JSON.stringify(found)).not.toContain('country')
})

test('gauges ask the sink whenever they are collected', async () => {
  const status = { openFiles: 3, sealedFiles: 2, pendingBytes: 99, lagMs: 1500 }
  const found = await collected(({ watch }) => watch({ status: () => status }))
  expect(found).toEqual({
    'sluice.sink.lag s': 1.5,
    'sluice.sink.pending By': 99,
    'sluice.sink.files.open {file}': 3,
    'sluice.sink.files.sealed {file}': 2,
  })
})

test('a whole sink tells of all that it does', async () => {
  const found = await collected(async ({ onEvent, watch }) => {
    const { sink, clock } = bench({ onEvent })
    watch(sink)
    await sink.write([...rows(0, 2), { id: Number.NaN }])
    await clock.advance(2000)
    await sink.flush()
    await sink.write(rows(2, 3))
    await clock.advance(500)
  })
  expect(found).toMatchObject({
    'sluice.sink.records {record} outcome=accepted': 3,
    'sluice.sink.records {record} outcome=rejected': 1,
    // The dead letter's too.
    'sluice.sink.sealed {file} reason=flush': 2,
    'sluice.sink.committed {file}': 2,
    'sluice.sink.committed.records {record}': 3,
    'sluice.sink.commit.duration s': 4,
    'sluice.sink.lag s': 0.5,
    'sluice.sink.files.open {file}': 1,
  })
})
