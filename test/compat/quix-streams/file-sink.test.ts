import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type BatchFormat,
  type FileSink,
  type FileSinkOptions,
  fileSink,
  type SinkBatch,
} from '../../../src/compat/quix-streams/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { fsStore } from '../../../src/stores/fs.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { addAll, fileSinkCases, message, numbersOf, PARTITION, textsOf } from './on-stores.ts'

describe('in memory', () => fileSinkCases(async () => memoryStore()))

describe('on a store that puts nothing together and completes without conditions, as the R2 binding', () => {
  const capabilities = { compose: false, conditionalComplete: false }
  fileSinkCases(async () => memoryStore({ capabilities }))
})

describe('in a folder', () => {
  const folders: string[] = []
  afterAll(async () => {
    for (const folder of folders) await fs.rm(folder, { recursive: true, force: true })
  })
  fileSinkCases(async () => {
    const folder = await fs.mkdtemp(join(tmpdir(), 'sluice-quix-'))
    folders.push(folder)
    return fsStore(folder, { fs })
  })
})

describe('over S3', () => fileSinkCases(async () => s3StoreOver(gatewayFetch(memoryStore()))))

/** A store whose puts fail for as long as they are told to, before or after their effect. */
function failing(inner: Store): { store: Store; fail(puts: number, after?: boolean): void } {
  let left = 0
  let isAfter = false
  const store: Store = {
    ...inner,
    async put(...call) {
      if (left === 0) return inner.put(...call)
      left--
      if (isAfter) await inner.put(...call)
      throw new SluiceError('unavailable', 'Away')
    },
  }
  return {
    store,
    fail(puts, after = false) {
      left = puts
      isAfter = after
    },
  }
}

describe('a flush that fails', () => {
  test.each(['cover', 'chain', 'append'])(
    'keeps its batches, and is made again: %s',
    async (mode) => {
      const inner = memoryStore()
      const { store, fail } = failing(inner)
      const modes = { exactlyOnce: mode === 'chain', append: mode === 'append' }
      const sink = fileSink({ destination: store, ...modes })
      if (mode === 'chain') await sink.resume(PARTITION)
      addAll(sink, 0, 2)
      fail(1)
      await expect(sink.flush()).rejects.toMatchObject({ code: 'slow-down', retryAfterMs: 5000 })
      expect(sink.pendingBytes).toBeGreaterThan(0)
      // What comes meanwhile is the next file's.
      addAll(sink, 2, 3)
      expect((await sink.flush()).map(({ end }) => end)).toEqual([2n, 3n])
      const expected = mode === 'append' ? { 0: [0, 1, 2] } : { 0: [0, 1], 2: [2] }
      expect(await numbersOf(inner)).toEqual(expected)
      expect(sink.pendingBytes).toBe(0)
    },
  )

  test.each(['cover', 'chain', 'append'])(
    'whose answer was lost is known as one’s own: %s',
    async (mode) => {
      const inner = memoryStore()
      const { store, fail } = failing(inner)
      const modes = { exactlyOnce: mode === 'chain', append: mode === 'append' }
      const sink = fileSink({ destination: store, ...modes })
      if (mode === 'chain') await sink.resume(PARTITION)
      for (let n = 0; n < 3; n++) {
        addAll(sink, n, n + 1)
        fail(1, true)
        await sink.flush()
      }
      const expected = mode === 'append' ? { 0: [0, 1, 2] } : { 0: [0], 1: [1], 2: [2] }
      expect(await numbersOf(inner)).toEqual(expected)
    },
  )

  test('lets the other partitions be written', async () => {
    const inner = memoryStore()
    const { store, fail } = failing(inner)
    const sink = fileSink({ destination: store })
    for (const partition of [0, 1, 2]) sink.add({ ...message(0), partition })
    fail(1)
    await expect(sink.flush()).rejects.toMatchObject({ code: 'slow-down' })
    expect(Object.keys(await textsOf(inner))).toHaveLength(2)
    expect(await sink.flush()).toHaveLength(1)
  })

  test('passes on what no patience helps', async () => {
    const put = () => Promise.reject(new SluiceError('permission-denied', 'Not you'))
    const sink = fileSink({ destination: { ...memoryStore(), put } })
    addAll(sink, 0, 1)
    await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test('waits as long as the store asks for', async () => {
    const slow = new SluiceError('slow-down', 'Not so fast', { retryAfterMs: 12_000 })
    const sink = fileSink({ destination: { ...memoryStore(), put: () => Promise.reject(slow) } })
    addAll(sink, 0, 1)
    await expect(sink.flush()).rejects.toMatchObject({ code: 'slow-down', retryAfterMs: 12_000 })
  })
})

test('two flushes at once write each batch once', async () => {
  const store = memoryStore()
  const sink = fileSink({ destination: store, exactlyOnce: true })
  await sink.resume(PARTITION)
  addAll(sink, 0, 2)
  const flushes = [sink.flush(), sink.flush(PARTITION)]
  addAll(sink, 2, 3)
  flushes.push(sink.flush())
  const written = (await Promise.all(flushes)).flat()
  expect(written.reduce((sum, { records }) => sum + records, 0)).toBe(3)
  const all = Object.values(await numbersOf(store)).flat()
  expect(all.sort()).toEqual([0, 1, 2])
})

describe('append', () => {
  test('begins a new file where the last one is too large to be read', async () => {
    const inner = memoryStore({ capabilities: { compose: false } })
    const sink = fileSink({ destination: inner, append: true })
    const text = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 65; n++) {
      sink.add(message(n, { n, text }))
      if (sink.pendingBytes > 40 * 1024 * 1024) await sink.flush()
    }
    await sink.flush()
    // Read again after a crash: five of these are in the file that is left.
    const again = fileSink({ destination: inner, append: true })
    addAll(again, 60, 67)
    expect(await again.flush()).toMatchObject([{ begin: 65n, end: 67n }])
    const { 0: large, ...others } = await numbersOf(inner)
    expect(large).toHaveLength(65)
    expect(others).toEqual({ 65: [65, 66] })
  })

  test('reads a small file and writes it again, with no object beside it', async () => {
    const inner = memoryStore()
    const compose = () => Promise.reject(new Error('not for so little'))
    const sink = fileSink({ destination: { ...inner, compose }, append: true })
    for (let n = 0; n < 2; n++) {
      addAll(sink, n, n + 1)
      await sink.flush()
    }
    expect(await numbersOf(inner)).toEqual({ 0: [0, 1] })
  })

  test('of two that append at once none is lost', async () => {
    const store = memoryStore()
    const sinks = [0, 1].map(() => fileSink({ destination: store, append: true }))
    const [one, other] = sinks as [(typeof sinks)[0], (typeof sinks)[0]]
    addAll(one, 0, 1)
    await one.flush()
    addAll(one, 1, 2)
    addAll(other, 1, 3)
    const outcomes = await Promise.allSettled([one.flush(), other.flush()])
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'slow-down' })
    }
    await Promise.all([one.flush(), other.flush()])
    expect(await numbersOf(store)).toEqual({ 0: [0, 1, 2] })
  })
})

describe('add', () => {
  const sinkOf = (options: Partial<FileSinkOptions> = {}) =>
    fileSink({ destination: memoryStore(), ...options })
  const refused = (code: string, text: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(text) })

  test('refuses offsets that go back, and messages without a place', () => {
    const sink = sinkOf()
    addAll(sink, 4, 6)
    expect(() => sink.add(message(5))).toThrow(refused('invalid-options', 'Offset 5'))
    const bad = [{ offset: -1 }, { offset: 1.5 }, { timestamp: Number.NaN }, { topic: '' }]
    for (const wrong of [...bad, { partition: -1 }, { offset: 2n ** 63n }]) {
      expect(() => sink.add({ ...message(9), ...wrong })).toThrow(refused('invalid-options', ''))
    }
  })

  test('wants an exactly-once partition to be resumed', async () => {
    const sink = sinkOf({ exactlyOnce: true })
    expect(() => sink.add(message(0))).toThrow(refused('invalid-options', 'resumed'))
    await sink.resume(PARTITION)
    addAll(sink, 0, 7)
    await sink.flush()
    expect(() => sink.add(message(6))).toThrow(refused('invalid-options', 'Offset 6'))
    await expect(sinkOf().resume(PARTITION)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('says slow-down when as much waits as may', async () => {
    const sink = sinkOf({ maxPendingBytes: 100 })
    sink.add(message(0, 'x'.repeat(200)))
    expect(() => sink.add(message(1))).toThrow(refused('slow-down', 'wait for a flush'))
    await sink.flush()
    sink.add(message(1))
  })
})

describe('what is wrong is refused at construction', () => {
  const own: BatchFormat = {
    fileExtension: '.bin',
    supportsAppend: false,
    serialize: (batch: SinkBatch) => new Uint8Array(batch.size),
  }
  const without = { conditionalPut: false }
  test.each<[string, string, Partial<FileSinkOptions>]>([
    ['append with Parquet', 'not-supported', { append: true, format: 'parquet' }],
    ['append with a format that has none', 'not-supported', { append: true, format: own }],
    ['append and exactlyOnce', 'invalid-options', { append: true, exactlyOnce: true }],
    [
      'exactlyOnce without conditions',
      'not-supported',
      { exactlyOnce: true, destination: memoryStore({ capabilities: without }) },
    ],
    // Between its look and its write another one's file may come, and would be replaced.
    [
      'at least once without conditions',
      'not-supported',
      { destination: memoryStore({ capabilities: without }) },
    ],
    [
      'append without conditions',
      'not-supported',
      { append: true, destination: memoryStore({ capabilities: without }) },
    ],
    ['a directory that leaves its place', 'invalid-key', { directory: 'a/../b' }],
    ['another format', 'invalid-options', { format: 'csv' as 'json' }],
    ['an extension without its dot', 'invalid-options', { format: { ...own, fileExtension: 'x' } }],
    ['another layout', 'invalid-options', { layout: 'hive' as 'quix' }],
    ['no room', 'invalid-options', { maxPendingBytes: 0 }],
  ])('%s', (_, code, options) => {
    const make = () => fileSink({ destination: memoryStore(), ...options })
    expect(make).toThrow(expect.objectContaining({ code }))
  })

  test('a format of one’s own is written as it says', async () => {
    const store = memoryStore()
    const sink = fileSink({ destination: store, format: own })
    addAll(sink, 2, 5)
    await sink.flush()
    const file = await store.get('sink-topic/0/0000000000000000002.bin')
    expect(file).toMatchObject({ sizeBytes: 3, contentType: 'application/octet-stream' })
    const bad = fileSink({
      destination: store,
      format: { ...own, serialize: () => 'text' as never },
    })
    addAll(bad, 0, 1)
    await expect(bad.flush()).rejects.toMatchObject({ code: 'invalid-options' })
  })
})

describe('setup tries whether conditions are honoured', () => {
  const modes = [{}, { append: true }, { exactlyOnce: true }]

  test.each(modes)('and leaves nothing behind: %o', async (mode) => {
    for (const directory of ['', 'data']) {
      const store = memoryStore()
      await fileSink({ destination: store, directory, ...mode }).setup()
      expect(await textsOf(store)).toEqual({})
    }
  })

  test.each(modes)('and refuses a store that drops them: %o', async (mode) => {
    const store = memoryStore()
    const dropping: Store = {
      ...store,
      put: (key, body, { ifNoneMatch, ifMatch, ...options } = {}) => store.put(key, body, options),
    }
    const sink = fileSink({
      ...{ destination: dropping, directory: 'data', ...mode },
      onClientConnectFailure: () => {},
      onClientConnectSuccess: () => expect.unreachable(),
    })
    for (let i = 0; i < 2; i++) {
      await expect(sink.setup()).rejects.toMatchObject({ code: 'not-supported' })
    }
    expect(await textsOf(store)).toEqual({})
  })

  test('and refuses one that refuses them', async () => {
    const put = () => Promise.reject(new SluiceError('not-supported', 'NotImplemented'))
    const sink = fileSink({ destination: { ...memoryStore(), put } })
    await expect(sink.setup()).rejects.toMatchObject({ code: 'not-supported' })
  })

  test('and goes on where it may not be tried', async () => {
    const put = () => Promise.reject(new SluiceError('permission-denied', 'Not there'))
    await fileSink({ destination: { ...memoryStore(), put } }).setup()
  })
})

describe('folders', () => {
  test.each(['cover', 'chain', 'append'])(
    'a file of another topic in the same folder of Quix is told: %s',
    async (mode) => {
      const store = memoryStore()
      const modes = { exactlyOnce: mode === 'chain', append: mode === 'append' }
      const make = () => fileSink({ destination: store, layout: 'quix', ...modes })
      const write = async (sink: FileSink, topic: string, records: number) => {
        if (mode === 'chain') await sink.resume({ topic, partition: 0 })
        for (let n = 0; n < records; n++) sink.add({ ...message(n), topic })
        return sink.flush()
      }
      const late = make()
      if (mode === 'chain') await late.resume({ topic: 'a_b', partition: 0 })
      await write(make(), 'a-b', 3)
      const before = await textsOf(store)
      const refused = { code: 'conflict', retryable: false, message: /a-b.*a_b|a_b.*a-b/ }
      const told = expect.objectContaining({
        ...refused,
        message: expect.stringMatching(refused.message),
      })
      for (const records of [2, 3, 5]) {
        await expect(write(make(), 'a_b', records)).rejects.toEqual(told)
      }
      late.add({ ...message(0), topic: 'a_b' })
      await expect(late.flush()).rejects.toEqual(told)
      expect(await textsOf(store)).toEqual(before)
    },
  )

  test.each([
    ['', ''],
    ['./a//b/', 'a/b/'],
    ['/a-b', 'a-b/'],
  ])('the directory %o is %o', async (directory, prefix) => {
    const store = memoryStore()
    const sink = fileSink({ destination: store, directory })
    addAll(sink, 0, 1)
    await sink.flush()
    expect(Object.keys(await textsOf(store))).toEqual([
      `${prefix}sink-topic/0/0000000000000000000.jsonl`,
    ])
  })

  test('topics that would share a folder of Quix are refused, and have their own otherwise', async () => {
    const quix = fileSink({ destination: memoryStore(), layout: 'quix' })
    quix.add({ ...message(0), topic: 'a-b' })
    expect(() => quix.add({ ...message(0), topic: 'a_b' })).toThrow(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining('a-b') }),
    )
    const store = memoryStore()
    const plain = fileSink({ destination: store })
    for (const topic of ['a-b', 'a_b', '../x']) plain.add({ ...message(0), topic })
    await plain.flush()
    expect(Object.keys(await textsOf(store)).map((key) => key.split('/0/')[0])).toEqual([
      '%2E.%2Fx',
      'a-b',
      'a_b',
    ])
  })
})
