import { describe, expect, test } from 'vitest'
import type { Format, Log, Row, SinkEvent, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { openManifest } from '../../src/sinks/manifest/open-manifest.ts'
import { readManifest } from '../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { Process, type ProcessOptions } from './process.ts'

const DOWN = new SluiceError('unavailable', 'down')

function world() {
  const base = memoryStore()
  const log: Log = memoryLog()
  const events: SinkEvent[] = []
  const clock = virtualClock()
  const start = (options: ProcessOptions = {}, changed: Partial<SinkOptions> = {}) => {
    const process = new Process(options)
    const sink = createSink({
      store: process.store(base),
      log: process.log(changed.log ?? log),
      format: jsonl() as Format,
      stream: 's',
      manifest: true,
      partition: ['p'],
      probe: false,
      clock,
      onEvent: (event) => void events.push(event),
      ...changed,
      ...(changed.log && { log: process.log(changed.log) }),
    })
    return { process, sink }
  }
  return { base, log, events, clock, start }
}

/** What a reader of the manifest sees, by the records' ids. */
async function visible(store: Store): Promise<number[]> {
  const { files } = await readManifest({ store, stream: 's' })
  const ids: number[] = []
  for (const { key, etag } of files) {
    const found = await store.get(key)
    expect(found?.etag).toBe(etag)
    const text = (await found?.text()) ?? ''
    for (const line of text.trim().split('\n')) ids.push((JSON.parse(line) as { id: number }).id)
  }
  return ids.sort((a, b) => a - b)
}

const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, p: (from + i) % 3 }))
const ids = (from: number, to: number): number[] => rows(from, to).map(({ id }) => id as number)

async function ended(process: Process, work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), process.killed.then(() => false)])
}

describe('with a manifest', () => {
  test('what a flush cuts becomes visible in one entry', async () => {
    const { base, start, events } = world()
    const { sink } = start()
    await sink.write(rows(0, 9))
    expect(await sink.flush()).toHaveLength(3)
    await sink.write(rows(9, 18))
    await sink.close()
    expect(await visible(base)).toEqual(ids(0, 18))
    // A fence, and an entry for each flush.
    expect((await readManifest({ store: base, stream: 's' })).version).toBe(3)
    expect(events.find(({ type }) => type === 'opened')).toMatchObject({ design: 'manifest' })
  })

  test.each([false, true])(
    'a flush is seen whole or not at all, wherever its process dies (after the effect: %s)',
    async (after) => {
      for (let killAt = 1; ; killAt++) {
        const { base, start } = world()
        const before = start()
        await before.sink.write(rows(0, 3))
        await before.sink.close()
        const { process, sink } = start({ killAt, after })
        let answered = false
        const work = async (): Promise<void> => {
          await sink.write(rows(3, 12))
          answered = true
          await sink.flush()
        }
        const over = await ended(process, work())
        // A flush that dies while it decides its files is as many flushes as it takes.
        const sealed = process.count('seal') === 3
        const seen = await visible(base)
        expect([ids(0, 3), ids(0, 12)]).toContainEqual(seen)
        const next = start()
        await next.sink.open()
        await next.sink.close()
        const kept = answered || process.calls.includes('append')
        if (kept && (answered || after || process.calls.at(-1) !== 'append')) {
          expect(await visible(base)).toEqual(ids(0, 12))
        }
        expect(sealed || !over).toBe(true)
        if (over) break
      }
    },
  )

  test('no file of a flush is named while others of it are still decided', async () => {
    const { base, start } = world()
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    let seals = 0
    let seen: number[] = []
    const { process, sink } = start(
      {
        async onCall(name) {
          if (name === 'put' && process.count('put') === 1) await held
          if (name !== 'seal' || ++seals !== 4) return
          letGo()
          // The pass that was under way comes to its end, with what the flush has decided by now.
          for (let i = 0; i < 30; i++) await new Promise((go) => setTimeout(go, 0))
          seen = await visible(base)
        },
      },
      { rotate: { records: 3 } },
    )
    await sink.write([0, 1, 2].map((id) => ({ id, p: 0 })))
    await sink.write(rows(3, 9))
    await sink.flush()
    expect(process.count('store')).toBe(4)
    expect(seals).toBe(4)
    expect(seen).toEqual(ids(0, 3))
    expect(await visible(base)).toEqual(ids(0, 9))
    await sink.close()
  })

  test('one refused file of a flush holds back the others of it, and no later one', async () => {
    let refusing = true
    const { base, clock, start } = world()
    const refused = (store: Store): Store => ({
      ...store,
      async put(key, body, options) {
        if (refusing && key.includes('p=0/0-auto-0000000000000000000')) {
          throw new SluiceError('permission-denied', 'no', { key })
        }
        return store.put(key, body, options)
      },
    })
    const { sink } = start({}, { store: refused(base) })
    await sink.write(rows(0, 6))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
    expect(await visible(base)).toEqual([])
    await sink.write([{ id: 6, p: 1 }])
    await expect(sink.flush())
      .rejects.toMatchObject({ code: 'permission-denied' })
      .catch(() => {})
    expect(await visible(base)).toEqual([6])
    refusing = false
    await clock.advance(300_000)
    await sink.close()
    expect(await visible(base)).toEqual(ids(0, 7))
  })

  test('what comes all the time keeps nothing that is stored from being named', async () => {
    const base = memoryStore()
    const turns = async (count: number) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 0))
    }
    const store: Store = {
      ...base,
      put: async (key, body, options) => {
        if (!key.includes('/_log/')) await turns(6)
        return base.put(key, body, options)
      },
    }
    const { sink } = world().start({}, { store, rotate: { records: 1 } })
    const { receipt } = await sink.write(rows(0, 1))
    let isVisible = false
    void receipt.committed().then(() => {
      isVisible = true
    })
    let count = 1
    // The next one is always begun before the one before is stored.
    for (; count < 100 && !isVisible; count++) {
      await sink.write(rows(count, count + 1))
      await turns(4)
    }
    expect(count).toBeLessThan(20)
    await sink.close()
    expect(await visible(base)).toEqual(ids(0, count))
  })

  test('a flush with a file that is refused rejects, whatever comes meanwhile', async () => {
    const base = memoryStore()
    const turns = async (count: number) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 0))
    }
    const store: Store = {
      ...base,
      put: async (key, body, options) => {
        await turns(6)
        if (key.includes('p=0')) throw new SluiceError('permission-denied', 'no')
        return base.put(key, body, options)
      },
    }
    const { sink } = world().start({}, { store, rotate: { records: 10 } })
    await sink.write(rows(0, 3))
    let isTold = false
    const flushed = expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
    void flushed.then(() => {
      isTold = true
    })
    let count = 0
    for (; count < 100 && !isTold; count++) {
      await sink.write(Array.from({ length: 10 }, (_, i) => ({ id: count * 10 + i, p: 1 })))
      await turns(4)
    }
    expect(count).toBeLessThan(20)
    await sink.abort()
    await flushed
  })

  test('dead letters are not named, and wait for nothing', async () => {
    const { base, start } = world()
    const { sink } = start()
    await sink.write([{ id: 1, p: { no: 'path' } }])
    await sink.close()
    expect((await readManifest({ store: base, stream: 's' })).files).toEqual([])
    const letters = await Array.fromAsync(base.list({ prefix: 's/_rejected/' }))
    expect(letters).toHaveLength(1)
  })

  test('an owner that was fenced by the manifest stops', async () => {
    const { base, start } = world()
    const { sink } = start()
    await sink.write(rows(0, 3))
    await sink.flush()
    await openManifest({ store: base, stream: 's', writer: '0' })
    await sink.write(rows(3, 6))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'fenced' })
    await expect(sink.write(rows(6, 9))).rejects.toMatchObject({ code: 'fenced' })
    expect(await visible(base)).toEqual(ids(0, 3))
  })

  test('a store that is down when the sink opens holds up no write', async () => {
    const { base, clock, start } = world()
    let down = true
    const { sink } = start({
      onCall(name) {
        if (down && name === 'put') throw DOWN
      },
    })
    const { receipt } = await sink.write(rows(0, 3))
    const flushing = sink.flush()
    flushing.catch(() => {})
    await clock.advance(1000)
    await expect(flushing).rejects.toMatchObject({ code: 'unavailable' })
    down = false
    await clock.advance(300_000)
    await receipt.committed()
    expect(await visible(base)).toEqual(ids(0, 3))
    await sink.close()
  })

  test('needs a store with conditional writes', () => {
    const store = memoryStore({ capabilities: { conditionalPut: false } })
    expect(() => createSink({ store, format: jsonl(), manifest: true })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
    expect(() => createSink({ store: memoryStore(), format: jsonl(), run: 'a' })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })
})

describe('a run', () => {
  test('is seen when it is closed, and takes the place of its earlier files and no others', async () => {
    const { base, start } = world()
    const run = async (name: string, from: number, to: number): Promise<void> => {
      const { sink } = start({}, { run: name, log: memoryLog(), shard: `${name}-${from}` })
      const before = await visible(base)
      const { receipt } = await sink.write(rows(from, to))
      expect(await sink.flush()).toEqual([])
      expect(await visible(base)).toEqual(before)
      const state = from < to ? 'pending' : 'committed'
      expect(await receipt.progress()).toMatchObject({ state })
      const { files } = await sink.close()
      expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(to - from)
      expect(await receipt.committed()).toMatchObject({ records: to - from })
    }
    await run('monday', 0, 6)
    await run('tuesday', 10, 16)
    expect(await visible(base)).toEqual([...ids(0, 6), ...ids(10, 16)])
    await run('monday', 3, 5)
    expect(await visible(base)).toEqual([...ids(3, 5), ...ids(10, 16)])
    await run('monday', 7, 7)
    expect(await visible(base)).toEqual(ids(10, 16))
  })

  test.each([false, true])(
    'is seen whole or not at all, wherever its process dies, and goes on under its name (after the effect: %s)',
    async (after) => {
      for (let killAt = 1; ; killAt++) {
        const { base, log, start } = world()
        const earlier = start({}, { run: 'r', log: memoryLog(), shard: 'earlier' })
        await earlier.sink.write(rows(90, 93))
        await earlier.sink.close()
        const { process, sink } = start({ killAt, after }, { run: 'r' })
        const work = async (job: typeof sink): Promise<void> => {
          for (const seq of [0, 1]) {
            const producer = { id: 'job', epoch: 0, seq }
            await job.write(rows(seq * 6, 6 + seq * 3), { producer })
            await job.flush()
          }
          await job.close()
        }
        const over = await ended(process, work(sink))
        expect([ids(90, 93), ids(0, 9)]).toContainEqual(await visible(base))
        if (over) break
        const held = (await log.open('look')).state
        if (held.sealed.some((file) => file.run !== undefined)) {
          const other = start({}, { run: 'other' })
          await expect(other.sink.open()).rejects.toMatchObject({
            code: 'invalid-options',
            message: expect.stringContaining('"r"'),
          })
        }
        await work(start({}, { run: 'r' }).sink)
        expect(await visible(base)).toEqual(ids(0, 9))
      }
    },
  )

  test('keeps what it made visible before, and was answered again beside what is new', async () => {
    const { base, start } = world()
    const job = async (...producers: string[]): Promise<void> => {
      const { sink } = start({}, { run: 'r' })
      for (const id of producers) {
        const from = 3 * Number(id)
        await sink.write(rows(from, from + 3), { producer: { id, epoch: 0, seq: 0 } })
      }
      await sink.close()
    }
    await job('0', '1')
    await job('0', '1', '2')
    expect(await visible(base)).toEqual(ids(0, 9))
    // A process that comes after the end, and finds nothing to do.
    await job()
    expect(await visible(base)).toEqual(ids(0, 9))
    await job('3')
    expect(await visible(base)).toEqual(ids(9, 12))
  })

  test('is told by the records that wait for a file, too', async () => {
    for (const run of ['other', undefined]) {
      const { base, log, start } = world()
      await start({}, { run: 'r' }).sink.write(rows(0, 3))
      await expect(start({}, { run }).sink.open()).rejects.toMatchObject({
        code: 'invalid-options',
        message: expect.stringContaining('"r"'),
      })
      await start({}, { run: 'r', log }).sink.close()
      expect(await visible(base)).toEqual(ids(0, 3))
    }
  })

  test('takes nothing into it that came before it', async () => {
    const { base, start } = world()
    await start().sink.write(rows(0, 3))
    for (const from of [3, 6]) {
      const { sink } = start({}, { run: 'r' })
      await sink.write(rows(from, from + 3))
      await sink.close()
    }
    expect(await visible(base)).toEqual([...ids(0, 3), ...ids(6, 9)])
  })
})

test('an owner that lost the log, asleep before its first entry, does not fence its successor', async () => {
  const { base, start } = world()
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  let puts = 0
  const first = start({ onCall: (name) => (name === 'put' && ++puts === 1 ? held : undefined) })
  await first.sink.write(rows(0, 3))
  const flushed = first.sink.flush()
  flushed.catch(() => {})
  await expect.poll(() => [puts, first.process.count('seal')]).toEqual([1, 3])
  const second = start()
  await second.sink.write(rows(3, 6))
  await second.sink.flush()
  letGo()
  await expect(flushed).rejects.toMatchObject({ code: 'fenced' })
  await second.sink.write(rows(6, 9))
  await second.sink.close()
  expect(await visible(base)).toEqual(ids(0, 9))
})
