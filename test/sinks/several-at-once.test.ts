import { describe, expect, test } from 'vitest'
import type { Log, LogSession, PendingFile, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { budgetOf } from '../../src/sinks/policy/budget.ts'
import { InFlight } from '../../src/sinks/publish/in-flight.ts'
import { PublishQueue } from '../../src/sinks/publish/publish-queue.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { LANE, sealed } from '../../src/testing/log-cases/tools.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { bench, key, rows, stored } from './harness.ts'

const MIB = 1024 ** 2

/** A store whose puts wait until they are let through. */
function gated(): { store: Store; waiting: () => number; open: () => void } {
  const base = memoryStore()
  let open = false
  const gates = new Set<() => void>()
  return {
    store: {
      ...base,
      put: async (name, body, options) => {
        await new Promise<void>((resolve) => {
          if (open) setTimeout(resolve, 0)
          gates.add(resolve)
          options?.signal?.addEventListener('abort', () => resolve())
        }).finally(() => gates.clear())
        return base.put(name, body, options)
      },
    },
    waiting: () => gates.size,
    open: () => {
      open = true
      for (const gate of gates) gate()
    },
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}

describe('files are published', () => {
  test('several at once, and no more than a Worker has connections for', async () => {
    const { store, waiting, open } = gated()
    const { sink } = bench({ store, partition: ['id'] })
    await sink.write(rows(0, 20))
    const flushed = sink.flush()
    await turns()
    expect(waiting()).toBe(5)
    open()
    expect(await flushed).toHaveLength(20)
    await sink.close()
    expect(Object.values(await stored(store)).flat()).toHaveLength(20)
  })

  test.each([
    { why: 'small ones by what they weigh', textBytes: 1, atOnce: 3 },
    { why: 'one that fills its half alone', textBytes: 100_000, atOnce: 1 },
  ])('within the half of the memory: $why', async ({ textBytes, atOnce }) => {
    const { store, waiting, open } = gated()
    const { sink } = bench({ store, partition: ['id'], memoryBytes: 2 * MIB })
    await sink.write(rows(0, 6).map((row) => ({ ...row, text: 'x'.repeat(textBytes) })))
    const flushed = sink.flush()
    await turns()
    expect(waiting()).toBe(atOnce)
    open()
    expect(await flushed).toHaveLength(6)
    await sink.close()
  })

  test.each([
    { why: 'beside others where it goes in parts', multipart: true, atOnce: 2 },
    {
      why: 'alone where a store takes it whole, which is all of it in memory',
      multipart: false,
      atOnce: 1,
    },
  ])('a large one $why', ({ multipart, atOnce }) => {
    const limits = { memoryBytes: 1024 * MIB, maxPendingBytes: 2 ** 40, maxRecordBytes: MIB }
    const inFlight = new InFlight(budgetOf({ ...limits, inMemory: false }))
    const { capabilities } = memoryStore(multipart ? {} : { capabilities: { multipart: false } })
    const queue = new PublishQueue(virtualClock())
    for (let order = 0; order < 3; order++) {
      const range = { ...sealed(LANE, order, order + 1), rowBytes: 200 * MIB }
      const item = queue.add(
        { ...range, encoding: { format: 'jsonl', schema: undefined } },
        0,
        order,
      )
      const share = inFlight.shareOf(item.file, capabilities)
      if (inFlight.fits(share)) inFlight.begin(item, share)
    }
    expect(inFlight.items).toHaveLength(atOnce)
  })

  test('also what is sealed while others are on their way', async () => {
    const { store, waiting, open } = gated()
    const { sink } = bench({ store, rotate: { records: 1 } })
    for (let id = 0; id < 3; id++) {
      await sink.write([{ id }])
      await turns()
      expect(waiting()).toBe(id + 1)
    }
    open()
    await sink.close()
  })

  test('and answered in the order in which they were decided', async () => {
    const base = memoryStore()
    let puts = 0
    const store: Store = {
      ...base,
      put: async (name, body, options) => {
        const waits = 20 - 4 * puts++
        for (let i = 0; i < waits; i++) await new Promise((resolve) => setTimeout(resolve, 0))
        return base.put(name, body, options)
      },
    }
    const { sink } = bench({ store, rotate: { records: 1 } })
    await sink.write(rows(0, 5))
    const keys = Array.from({ length: 5 }, (_, id) => key(id, id + 1))
    expect((await sink.flush()).map((file) => file.key)).toEqual(keys)
    expect((await sink.close()).files.map((file) => file.key)).toEqual(keys)
  })

  test('and one that failed is tried again while another one is on its way', async () => {
    const base = memoryStore()
    const { store: slow, open } = gated()
    let failures = 1
    const store: Store = {
      ...base,
      put: async (name, body, options) => {
        if (name.includes('id=0/')) await slow.put(name, body, options)
        else if (failures-- > 0) throw new SluiceError('unavailable', 'once')
        return base.put(name, body, options)
      },
    }
    const { sink, clock } = bench({ store, partition: ['id'], rotate: { records: 1 } })
    await sink.write(rows(0, 2))
    await turns()
    await clock.advance(1000)
    await turns()
    expect(Object.values(await stored(base))).toEqual([[{ id: 1 }]])
    open()
    await sink.close()
  })

  test('and begun no more once the sink is aborted', async () => {
    const { store, waiting } = gated()
    const { sink } = bench({ store, partition: ['id'] })
    await sink.write(rows(0, 20))
    const flushed = sink.flush()
    const told = expect(flushed).rejects.toMatchObject({ code: 'aborted' })
    await turns()
    expect(waiting()).toBe(5)
    await sink.abort()
    await told
    await turns()
    expect(Object.keys(await stored(store)).length).toBeLessThanOrEqual(5)
  })
})

test('those that fail together are one outage, and one file tries whether it is over', async () => {
  let puts = 0
  const store: Store = {
    ...memoryStore(),
    put: async () => {
      puts++
      await new Promise((resolve) => setTimeout(resolve, 0))
      throw new SluiceError('unavailable', 'down')
    },
  }
  const { sink, clock } = bench({ store, rotate: { records: 1 } })
  await sink.write(rows(0, 20))
  await turns()
  // Five, and one that was begun when only one of them had failed.
  expect(puts).toBe(6)
  await clock.advance(1000)
  await turns()
  expect(puts).toBe(7)
  await sink.abort()
})

describe.each([false, true])('of a thousand files (manifest: %s)', (manifest) => {
  test('each is looked at a few times, and not once for each other', async () => {
    let looks = 0
    const counted = (file: PendingFile): PendingFile => {
      const look = <T>(value: T) => ({ enumerable: true, get: () => ++looks && value })
      return Object.defineProperties({ ...file }, { run: look(file.run), lane: look(file.lane) })
    }
    const inner = memoryLog()
    const log: Log = {
      inMemory: true,
      open: async (owner) => {
        const session = await inner.open(owner)
        const names = ['append', 'read', 'progress', 'store', 'commit', 'close'] as const
        const bound = Object.fromEntries(names.map((name) => [name, session[name].bind(session)]))
        const seal: LogSession['seal'] = async (file) => {
          const sealed = await session.seal(file)
          return { ...sealed, file: counted(sealed.file) }
        }
        return Object.assign(Object.create(session), bound, { seal })
      },
    }
    const { sink } = bench({ log, manifest, rotate: { records: 1 } })
    await sink.write(rows(0, 1000))
    expect(await sink.flush()).toHaveLength(1000)
    expect(looks).toBeLessThan(1000 * 50)
    await sink.close()
  })
})
