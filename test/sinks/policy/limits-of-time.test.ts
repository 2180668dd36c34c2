import { describe, expect, test } from 'vitest'
import type { Log, LogSession } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { bench, key, rows, stored } from '../harness.ts'

const HOUR_MS = 3_600_000

/** The harness's clock begins at a full hour. */
const keysOf = async (store: Parameters<typeof stored>[0]): Promise<string[]> =>
  Object.keys(await stored(store))

describe('idle', () => {
  test('counts from the last record, and needs no next one', async () => {
    const { sink, store, clock } = bench({ rotate: { idleMs: 1000, ageMs: 1e9 } })
    await sink.write(rows(0, 1))
    for (let id = 1; id < 5; id++) {
      await clock.advance(999)
      await sink.write(rows(id, id + 1))
    }
    await clock.advance(999)
    expect(await keysOf(store)).toEqual([])
    await clock.advance(1)
    expect(await keysOf(store)).toEqual([key(0, 5)])
    await sink.close()
  })

  test('is each lane’s own', async () => {
    const { sink, store, clock } = bench({ partition: ['p'], rotate: { idleMs: 1000 } })
    await sink.write([{ p: 'a' }])
    await clock.advance(600)
    await sink.write([{ p: 'b' }])
    await clock.advance(400)
    expect(await keysOf(store)).toEqual([key(0, 1, 'p=a')])
    await clock.advance(600)
    expect(await keysOf(store)).toEqual([key(0, 1, 'p=a'), key(0, 1, 'p=b')])
    await sink.close()
  })

  test('of what an earlier process left open counts on', async () => {
    const { sink, reopen, store, clock } = bench({ rotate: { idleMs: 1000 } })
    await sink.write(rows(0, 1))
    await clock.advance(500)
    await sink.write(rows(1, 2))
    await sink.abort()
    await clock.advance(900)
    const second = reopen()
    await second.open()
    await clock.advance(99)
    expect(await keysOf(store)).toEqual([])
    await clock.advance(1)
    expect(await keysOf(store)).toEqual([key(0, 2)])
    await second.close()
  })

  test('is found by a clock that was set back, once something comes', async () => {
    const { sink, store, clock } = bench({ rotate: { idleMs: 1000, ageMs: 5000 } })
    await sink.write(rows(0, 1))
    clock.setNow(clock.now() - HOUR_MS)
    await sink.write(rows(1, 2))
    await clock.advance(1000)
    expect(await keysOf(store)).toEqual([key(0, 2)])
    await sink.close()
  })
})

test('age is told by a clock that was set back as if nothing were older than that', async () => {
  const { sink, store, clock } = bench({ rotate: { ageMs: 5000 } })
  await sink.write(rows(0, 1))
  clock.setNow(clock.now() - HOUR_MS)
  await sink.write(rows(1, 2))
  await clock.advance(5000)
  expect(await keysOf(store)).toEqual([key(0, 2)])
  await sink.close()
})

describe('a clock that is set back by a day', () => {
  test.each([
    { limit: 'age', rotate: { ageMs: 60_000 } },
    { limit: 'idle time', rotate: { idleMs: 60_000, ageMs: 1e9 } },
    { limit: 'boundary', rotate: { schedule: { everyMs: 60_000 } } },
  ])('delays no cut by $limit, although nothing more is written', async ({ rotate }) => {
    const { sink, store, clock } = bench({ rotate })
    await sink.write(rows(0, 1))
    await clock.advance(30_000)
    clock.setNow(clock.now() - 24 * HOUR_MS)
    await clock.advance(29_999)
    expect(await keysOf(store)).toEqual([])
    await clock.advance(1)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await sink.close()
  })

  test('lets what an earlier process left open wait no longer than if it came now', async () => {
    const { sink, reopen, store, clock } = bench({ rotate: { ageMs: 60_000 } })
    await sink.write(rows(0, 1))
    await sink.abort()
    clock.setNow(clock.now() - 24 * HOUR_MS)
    const second = reopen()
    await second.open()
    await clock.advance(60_000)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await second.close()
  })

  test('delays no boundary by more than lies between two records, although the next one moves the timer', async () => {
    const rotate = { idleMs: 50_000, schedule: { everyMs: 60_000 } }
    const { sink, store, clock } = bench({ rotate })
    await sink.write(rows(0, 1))
    await clock.advance(10_000)
    clock.setNow(clock.now() - 24 * HOUR_MS)
    await clock.advance(20_000)
    for (const id of [1, 2, 3]) {
      await sink.write(rows(id, id + 1))
      expect(await keysOf(store)).toEqual([])
      await clock.advance(20_000)
    }
    // Half a minute late: as much as had passed between two records.
    expect(await keysOf(store)).toEqual([key(0, 4)])
    await sink.close()
  })

  test('delays no cut by idle time of what came while it was ahead', async () => {
    const { sink, store, clock } = bench({ rotate: { idleMs: 60_000, ageMs: 1e9 } })
    const beforeMs = clock.now()
    await sink.write(rows(0, 1))
    clock.setNow(beforeMs + 24 * HOUR_MS)
    await sink.write(rows(1, 2))
    clock.setNow(beforeMs)
    await clock.advance(120_000)
    expect(await keysOf(store)).toEqual([key(0, 2)])
    await sink.close()
  })

  test('ages nothing that came after that', async () => {
    const { sink, store, clock } = bench({ rotate: { idleMs: 60_000, ageMs: 1e9 } })
    await sink.write(rows(0, 1))
    await clock.advance(50_000)
    await sink.write(rows(1, 2))
    clock.setNow(clock.now() - 24 * HOUR_MS)
    await clock.advance(20_000)
    await sink.write(rows(2, 3))
    await clock.advance(59_999)
    expect(await keysOf(store)).toEqual([])
    await clock.advance(1)
    expect(await keysOf(store)).toEqual([key(0, 3)])
    await sink.close()
  })
})

describe('a schedule', () => {
  test('meets a boundary once, also when the clock was set back a little just before it', async () => {
    const { sink, store, clock } = bench({ rotate: { schedule: { everyMs: 60_000 } } })
    await sink.write(rows(0, 1))
    await clock.advance(58_000)
    clock.setNow(clock.now() - 5_000)
    await clock.advance(2_000)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await sink.write(rows(1, 2))
    await clock.advance(10_000)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await sink.close()
  })

  test('cuts at its boundaries, whenever the records came', async () => {
    const schedule = { everyMs: HOUR_MS, offsetMs: 600_000 }
    const { sink, store, clock } = bench({ partition: ['p'], rotate: { schedule } })
    await sink.write([{ p: 'a' }])
    await clock.advance(300_000)
    await sink.write([{ p: 'b' }])
    await clock.advance(299_999)
    expect(await keysOf(store)).toEqual([])
    await clock.advance(1)
    expect(await keysOf(store)).toEqual([key(0, 1, 'p=a'), key(0, 1, 'p=b')])
    await sink.write([{ p: 'a' }])
    await clock.advance(HOUR_MS - 1)
    expect(await keysOf(store)).toHaveLength(2)
    await clock.advance(1)
    expect(await keysOf(store)).toHaveLength(3)
    await sink.close()
  })

  test('cuts nothing twice when the clock is set back over a boundary', async () => {
    const { sink, store, clock } = bench({ rotate: { schedule: { everyMs: HOUR_MS } } })
    await clock.advance(HOUR_MS - 1000)
    await sink.write(rows(0, 1))
    await clock.advance(2000)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    clock.setNow(clock.now() - 5000)
    await sink.write(rows(1, 2))
    await clock.advance(10_000)
    // The boundary came a second time.
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await clock.advance(HOUR_MS)
    expect(await keysOf(store)).toEqual([key(0, 1), key(1, 2)])
    await sink.close()
  })

  test('that was missed while nobody ran is made up for', async () => {
    const schedule = { everyMs: HOUR_MS }
    const { sink, reopen, store, clock } = bench({ rotate: { schedule } })
    await sink.write(rows(0, 1))
    await sink.abort()
    await clock.advance(3 * HOUR_MS)
    const second = reopen()
    await second.open()
    await clock.advance(0)
    expect(await keysOf(store)).toEqual([key(0, 1)])
    await second.close()
  })
})

test('a cut that the log refused is tried again', async () => {
  let broken = true
  const { sink, store, clock } = bench({
    rotate: { ageMs: 1000 },
    log: withSession(memoryLog(), (session) => ({
      seal: (file) =>
        broken ? Promise.reject(new SluiceError('unavailable', 'full')) : session.seal(file),
    })),
  })
  await sink.write(rows(0, 1))
  await clock.advance(60_000)
  expect(await keysOf(store)).toEqual([])
  broken = false
  await clock.advance(10_000)
  expect(await keysOf(store)).toEqual([key(0, 1)])
  await sink.close()
})

test('no timer is set for what is answered, or refused, after the sink was aborted', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { promise: kept, resolve: keep } = Promise.withResolvers<void>()
  const { sink, clock } = bench({
    rotate: { ageMs: 1000 },
    log: withSession(memoryLog(), (session) => ({
      async append(batch) {
        const appended = await session.append(batch)
        keep()
        await gate
        return appended
      },
    })),
  })
  const written = sink.write(rows(0, 1))
  await kept
  await sink.abort()
  open()
  await written
  expect(clock.pending).toBe(0)
})

test('what an earlier process left full is cut at once', async () => {
  const { sink, reopen } = bench({ rotate: { records: 100 } })
  const { receipt } = await sink.write(rows(0, 4))
  await sink.abort()
  const second = reopen({ rotate: { records: 2 } })
  await second.open()
  const { files } = await second.receipt(receipt.id).committed()
  expect(files.map((file) => file.key)).toEqual([key(0, 2), key(2, 4)])
  await second.close()
})

function withSession(log: Log, change: (session: LogSession) => Partial<LogSession>): Log {
  return {
    inMemory: log.inMemory,
    open: async (owner) => {
      const session = await log.open(owner)
      const changed = change(session)
      return new Proxy(session, {
        get(target, name) {
          const value = Reflect.get(name in changed ? changed : target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}
