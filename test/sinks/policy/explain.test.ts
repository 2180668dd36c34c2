import { expect, test } from 'vitest'
import { bench } from '../harness.ts'

const START_MS = Date.UTC(2026, 0, 1)

test('each open file says what will close it, and when', async () => {
  const { sink, clock } = bench({
    partition: ['p', { time: 'at', by: 'hour', allowedLateMs: 60_000 }],
    maxOpenFiles: 3,
    rotate: { records: 10, bytes: 1000, ageMs: 5000, idleMs: 2000, schedule: { everyMs: 3000 } },
    memoryBytes: 1024 ** 2,
  })
  expect(await sink.explain()).toEqual([])
  const at = new Date(START_MS)
  await sink.write([{ p: 'a', at }])
  await clock.advance(1500)
  await sink.write([
    { p: 'a', at },
    { p: 'b', at },
  ])
  const [first, second] = await sink.explain()
  const bytes = first?.bytes ?? 0
  expect(first).toMatchObject({
    lane: { partition: 'p=a/hour=2026-01-01T00' },
    begin: 0,
    records: 2,
    openedAtMs: START_MS,
    lastAtMs: START_MS + 1500,
    limits: [
      { reason: 'schedule', atMs: START_MS + 3000 },
      { reason: 'idle', atMs: START_MS + 3500 },
      { reason: 'age', atMs: START_MS + 5000 },
      { reason: 'records', records: 8 },
      { reason: 'bytes', bytes: 1000 - bytes },
      { reason: 'watermark', atMs: START_MS + 3_600_000 },
      { reason: 'files', files: 2 },
      { reason: 'memory', bytes: 1024 ** 2 * (3 / 8) - bytes - (second?.bytes ?? 0) },
    ],
  })
  expect(second?.why).toBe(
    '1 record since 2026-01-01T00:00:01.500Z: closes on schedule at 2026-01-01T00:00:03.000Z, ' +
      'at 2026-01-01T00:00:03.500Z if nothing more comes, by age at 2026-01-01T00:00:06.500Z, after 9 records more, ' +
      `after ${second?.limits[4]?.bytes} bytes more, when the watermark passes 2026-01-01T01:00:00.000Z, ` +
      'with 2 open files more if this is the largest, ' +
      `when the log gets ${second?.limits[7]?.bytes} bytes more and this is its largest file, whichever comes first`,
  )
  await clock.advance(1500)
  expect(await sink.explain()).toEqual([])
  await sink.close()
  await expect(sink.explain()).rejects.toMatchObject({ code: 'invalid-options' })
})

test('without limits of its own a file waits for the log to fill up', async () => {
  const none = Number.POSITIVE_INFINITY
  const { sink } = bench({ rotate: { bytes: none, ageMs: none } })
  await sink.write([{ id: 1 }])
  const [file] = await sink.explain()
  expect(file?.limits.map(({ reason }) => reason)).toEqual(['files', 'memory'])
  await sink.close()
})

test('the file that is cut for their number is one that said so', async () => {
  const { sink } = bench({ partition: ['p'], maxOpenFiles: 2 })
  const { receipt } = await sink.write([{ p: 'a', long: 'x'.repeat(100) }])
  await sink.write([{ p: 'b' }])
  const [file] = await sink.explain()
  expect(file?.limits).toContainEqual({ reason: 'files', files: 1 })
  await sink.write([{ p: 'c' }])
  await receipt.committed()
  const open = (await sink.explain()).map(({ lane }) => lane.partition)
  expect(open.sort()).toEqual(['p=b', 'p=c'])
  await sink.close()
})
