import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { toWritable } from '../../src/sinks/to-writable.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { bench, key, rows, stored } from './harness.ts'

/** A store in which each put is asked about first. */
function withPuts(onPut: (key: string, signal?: AbortSignal) => Promise<void>): Store {
  const base = memoryStore()
  return {
    ...base,
    put: async (name, body, options) => {
      await onPut(name, options?.signal)
      return base.put(name, body, options)
    },
  }
}

/** A store that answers nothing until it is aborted. */
function hanging(): Store {
  return withPuts(
    (_, signal) =>
      new Promise((__, reject) => {
        signal?.addEventListener('abort', () => reject(new SluiceError('aborted', 'aborted')))
      }),
  )
}

/** Lets what is under way, with turns of the event loop in it, come to its end. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}

const REFUSED = new SluiceError('permission-denied', 'no')
const DOWN = new SluiceError('unavailable', 'down')

describe('one file that is refused', () => {
  const store = (): Store =>
    withPuts(async (name) => {
      if (name.includes('p=1')) throw REFUSED
    })

  test('does not hold up what is flushed with it, and flush tells of it', async () => {
    const { sink, store: to } = bench({ store: store(), partition: ['p'] })
    await sink.write([{ p: 1 }, { p: 2 }, { p: 3 }])
    await expect(sink.flush()).rejects.toBe(REFUSED)
    expect(Object.keys(await stored(to))).toEqual([key(0, 1, 'p=2'), key(0, 1, 'p=3')])
    await sink.abort()
  })

  test('holds up nothing later, however long it has been refused', async () => {
    const {
      sink,
      store: to,
      clock,
    } = bench({
      store: store(),
      partition: ['p'],
      rotate: { ageMs: 1000 },
    })
    await sink.write([{ p: 1 }])
    await clock.advance(3_600_000)
    await sink.write([{ p: 2 }])
    await clock.advance(1000)
    await turns()
    expect(Object.keys(await stored(to))).toEqual([key(0, 1, 'p=2')])
    await sink.abort()
  })

  test('leaves room to be made by the others', async () => {
    const {
      sink,
      store: to,
      clock,
    } = bench({
      store: store(),
      partition: ['p'],
      rotate: { ageMs: 1000 },
      maxPendingBytes: 100,
    })
    await sink.write([{ p: 1 }])
    await clock.advance(1000)
    for (let id = 0; id < 20; id++) await sink.write([{ p: 2, id }])
    expect(Object.keys(await stored(to)).length).toBeGreaterThan(0)
    await sink.abort()
  })
})

describe('a store that is down', () => {
  test('is not asked once for each write, nor for each file', async () => {
    let puts = 0
    const store = withPuts(async () => {
      puts++
      throw DOWN
    })
    const { sink, clock } = bench({ store, rotate: { records: 1 } })
    for (let id = 0; id < 100; id++) {
      await sink.write([{ id }])
      await turns()
    }
    expect(puts).toBe(2)
    // The waits double: 1, 2, 4 … s.
    for (let s = 0; s < 60; s++) {
      await clock.advance(1000)
      await turns()
    }
    expect(puts).toBeLessThan(10)
    await sink.abort()
  })

  test('gets everything once it is back', async () => {
    let down = true
    const store = withPuts(async () => {
      if (down) throw DOWN
    })
    const { sink, clock } = bench({ store, rotate: { records: 1 } })
    for (let id = 0; id < 10; id++) await sink.write([{ id }])
    await turns()
    await clock.advance(60_000)
    down = false
    await clock.advance(300_000)
    await turns()
    expect(Object.values(await stored(store)).flat()).toEqual(rows(0, 10))
    await sink.close()
  })
})

describe('while a store does not answer', () => {
  const wide = Array.from({ length: 10 }, () => ({ text: 'x'.repeat(100) }))

  test('no more writes wait than the sink may hold', async () => {
    const { sink } = bench({ store: hanging(), maxPendingBytes: 5000 })
    const codes: string[] = []
    const writes = Array.from({ length: 50 }, () =>
      sink.write(wide).then(
        () => codes.push('kept'),
        (error) => codes.push(error.code),
      ),
    )
    await turns()
    // Some 1.1 kB each: four are kept, one is at work, four wait, and all others are told at once.
    expect(codes.filter((code) => code === 'slow-down').length).toBeGreaterThan(40)
    expect(codes.length).toBeLessThan(50)
    await sink.abort()
    await Promise.all(writes)
    expect(new Set(codes)).toEqual(new Set(['kept', 'slow-down', 'aborted']))
  })

  test('a signal ends the waiting of a write and of a flush, wherever they wait', async () => {
    const { sink } = bench({ store: hanging(), maxPendingBytes: 1500 })
    await sink.write(wide)
    const stop = new AbortController()
    const calls = [
      sink.write(wide, { signal: stop.signal }),
      sink.write([{}], { signal: stop.signal }),
      sink.flush({ signal: stop.signal }),
    ]
    const told = Promise.allSettled(calls)
    await turns()
    stop.abort()
    for (const { status, reason } of (await told) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected')
      expect(reason).toMatchObject({ code: 'aborted' })
    }
    await expect(sink.write([{}], { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    await sink.abort()
  })
})

describe('abort', () => {
  test('is final: open() does not take the log from its next owner', async () => {
    const { sink, reopen } = bench()
    await sink.abort()
    const next = reopen()
    await next.write(rows(0, 1))
    await expect(sink.open()).rejects.toMatchObject({ code: 'aborted' })
    await next.write(rows(1, 2))
    await next.close()
  })

  test('is what everything under way hears of', async () => {
    const { sink } = bench({ store: hanging(), maxPendingBytes: 100 })
    const { receipt } = await sink.write([{ text: 'x'.repeat(90) }])
    const calls = [sink.write([{ text: 'x'.repeat(90) }]), sink.flush(), receipt.committed()]
    const told = Promise.allSettled(calls)
    await turns()
    await sink.abort()
    for (const { status, reason } of (await told) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected')
      expect(reason).toMatchObject({ code: 'aborted' })
    }
    await expect(receipt.progress()).rejects.toMatchObject({ code: 'aborted' })
  })
})

test('publishing gives other work its turns', async () => {
  const { sink } = bench()
  for (let i = 0; i < 10; i++) await sink.write(rows(i * 5000, (i + 1) * 5000))
  let ended = false
  const closing = sink.close().then(() => {
    ended = true
  })
  let seen = 0
  while (!ended) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    seen++
  }
  await closing
  expect(seen).toBeGreaterThan(10)
})

test.each([
  ['onAck throws', { onAck: () => Promise.reject(new Error('mine')) }, 'mine', 'aborted'],
  ['the sink refuses', {}, 'fenced', 'fenced'],
])('a pipe breaks when %s, and takes the sink with it', async (_, options, message, code) => {
  const { sink, reopen, store } = bench()
  await sink.open()
  if (message === 'fenced') await reopen().open()
  const source = new ReadableStream({
    start(controller) {
      for (const row of rows(0, 5)) controller.enqueue(row)
    },
  })
  const pipe = source.pipeTo(toWritable(sink, { batchRows: 2, ...options }))
  await expect(pipe).rejects.toThrow(message === 'fenced' ? /owner/ : message)
  await expect(sink.write(rows(0, 1))).rejects.toMatchObject({ code })
  expect(await stored(store)).toEqual({})
})
