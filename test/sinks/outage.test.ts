import { describe, expect, test } from 'vitest'
import type { SinkEvent, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { bench, rows, stored } from './harness.ts'

const HOUR_MS = 3_600_000
const DOWN = new SluiceError('unavailable', 'down')

/** Lets what is under way, with turns of the event loop in it, come to its end. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}

describe('a store that fails for an hour', () => {
  test('leaves the log growing to its limit, then writes are refused, and everything drains after', async () => {
    const base = memoryStore()
    let down = true
    let puts = 0
    const store: Store = {
      ...base,
      async put(name, body, options) {
        puts++
        if (down) throw DOWN
        return base.put(name, body, options)
      },
    }
    const events: SinkEvent[] = []
    const { sink, clock } = bench({
      store,
      maxPendingBytes: 1500,
      rotate: { records: 10 },
      onEvent: (event) => void events.push(event),
    })
    let kept = 0
    let refused = 0
    for (let step = 0; step < 20; step++) {
      const ack = await sink.write(rows(kept, kept + 10)).catch((error: SluiceError) => error)
      if (ack instanceof Error) {
        expect(ack).toMatchObject({ code: 'slow-down', cause: DOWN })
        expect((ack as SluiceError).retryAfterMs).toBeGreaterThan(0)
        refused++
      } else {
        expect(refused).toBe(0)
        kept += 10
      }
      await clock.advance(HOUR_MS / 20)
      await turns()
    }
    expect(kept).toBeGreaterThan(30)
    expect(refused).toBeGreaterThan(3)
    // Its waits grow to five minutes, however much waits.
    expect(puts).toBeLessThan(30)
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(puts)
    down = false
    await clock.advance(300_000)
    await turns()
    expect(Object.values(await stored(base)).flat()).toEqual(rows(0, kept))
    expect(await sink.write(rows(kept, kept + 10))).toMatchObject({ accepted: 10 })
    await sink.close()
    expect(Object.values(await stored(base)).flat()).toEqual(rows(0, kept + 10))
  })
})

describe('a dead-letter file whose write fails', () => {
  test('blocks nothing but itself, and is never dropped', async () => {
    const base = memoryStore()
    let failing = true
    const store: Store = {
      ...base,
      async put(name, body, options) {
        if (failing && name.includes('_rejected')) throw new SluiceError('permission-denied', 'no')
        return base.put(name, body, options)
      },
    }
    const { sink, clock, reopen } = bench({ store, rotate: { ageMs: 1000 } })
    const { receipt, rejected } = await sink.write([{ id: 1 }, { id: () => 1 } as never, { id: 2 }])
    expect(rejected).toHaveLength(1)
    await clock.advance(1000)
    await turns()
    const letters = receipt.ranges.filter(({ lane }) => lane.schema === 'rejected')
    expect(letters).toHaveLength(1)
    // The records are visible, the letter is not, and the receipt says so.
    expect(await receipt.progress()).toMatchObject({ state: 'pending', records: 2 })
    await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
    await sink.write([{ id: 3 }])
    await expect(sink.close()).rejects.toMatchObject({ code: 'permission-denied' })
    expect(Object.values(await stored(base)).flat()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    await sink.abort()
    // It is in the log, and the next process has it to write.
    failing = false
    const next = reopen()
    await next.open()
    await next.close()
    const files = await stored(base, 's/_rejected/')
    expect(Object.values(files).flat()).toMatchObject([{ error: 'invalid-record' }])
  })
})

test('files that are refused are not tried again with each one that is not', async () => {
  const base = memoryStore()
  let refused = 0
  const store: Store = {
    ...base,
    async put(name, body, options) {
      await turns()
      if (!/id=[01]\//.test(name)) return base.put(name, body, options)
      refused++
      throw new SluiceError('permission-denied', 'no')
    },
  }
  const { sink, clock } = bench({ store, partition: ['id'], rotate: { records: 1 } })
  await sink.write(rows(0, 60))
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < 20; i++) await turns()
    await clock.advance(1000)
  }
  expect(Object.keys(await stored(base))).toHaveLength(58)
  // After 0, 1, 3 and 7 seconds, each of them.
  expect(refused).toBeLessThanOrEqual(2 * 4)
  await sink.abort()
})

test('a clock that is set back while a file waits for its next attempt adds no day to that', async () => {
  const base = memoryStore()
  let failures = 1
  const store: Store = {
    ...base,
    async put(name, body, options) {
      if (failures-- > 0) throw DOWN
      return base.put(name, body, options)
    },
  }
  const { sink, clock } = bench({ store, rotate: { records: 1 } })
  await sink.write(rows(0, 1))
  await turns()
  clock.setNow(clock.now() - 24 * HOUR_MS)
  await clock.advance(2000)
  await turns()
  expect(Object.values(await stored(base)).flat()).toEqual(rows(0, 1))
  await sink.close()
})
