import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { consumer, type PullSource, S3Bucket } from '../../../src/compat/buildflow/index.ts'
import type { S3BucketOptions } from '../../../src/compat/buildflow/s3-bucket-options.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/turn.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { keysOf, recordsIn } from './sink-behaviours.ts'

function bucketOver(store: Store, options: Partial<S3BucketOptions> = {}): S3Bucket {
  return new S3Bucket({ bucketName: 'b', filePath: 'out', fileFormat: 'JSON', store, ...options })
}

async function idsIn(store: Store): Promise<number[]> {
  const keys = (await keysOf(store)).filter((key) => !key.includes('_rejected'))
  const read = await Promise.all(keys.map((key) => recordsIn(store, key)))
  return read.flat().map(({ id }) => Number(id))
}

/** A queue that gives again what was not acknowledged, and what it was told. */
function queue(batches: readonly (readonly number[])[]) {
  const waiting = batches.map((payload, ackInfo) => ({ payload, ackInfo }))
  const told: [batch: number, success: boolean][] = []
  const source: PullSource<number, number> = {
    pull: () => waiting.shift(),
    ack(batch, success) {
      told.push([batch, success])
      const payload = batches[batch]
      if (!success && payload) waiting.push({ payload, ackInfo: batch })
    },
  }
  return { source, told }
}

const record = (id: number) => ({ id })

describe('any iterable is a source', () => {
  const items = [1, 2, 3]
  async function* generated() {
    yield* items
  }
  test.each([
    ['a list', () => items],
    ['a generator', () => generated()],
    [
      'a stream',
      () =>
        new Blob(['x']).stream().pipeThrough(
          new TransformStream({
            flush: (c) => {
              for (const item of items) c.enqueue(item)
            },
            transform() {},
          }),
        ),
    ],
  ])('%s, and a process that is synchronous or not', async (_, source) => {
    const store = memoryStore()
    await consumer(source() as Iterable<number>, record, bucketOver(store))
    await consumer(source() as Iterable<number>, async (id) => ({ id }), bucketOver(store))
    expect((await idsIn(store)).sort()).toEqual([1, 1, 2, 2, 3, 3])
  })

  test('results are flattened, nothing is left out, verdicts are counted', async () => {
    const store = memoryStore()
    const results = [[{ id: 1 }, { id: 2 }], undefined, { id: 3 }, () => 0]
    const result = await consumer(results, (given) => given, bucketOver(store))
    expect(result).toMatchObject({ batches: 4, failed: 0, accepted: 3, rejected: 1 })
    expect(await idsIn(store)).toEqual([1, 2, 3])
  })
})

describe('a process that fails', () => {
  test('gets its batch again, after a wait, and the consumer goes on', async () => {
    const clock = virtualClock()
    const store = memoryStore()
    let failures = 0
    const told: unknown[] = []
    const options = { clock, onError: (error: unknown) => told.push(error) }
    const running = consumer(
      [1, 2, 3],
      (id) => {
        if (id === 2 && failures++ < 2) throw new Error('not yet')
        return { id }
      },
      bucketOver(store),
      options,
    )
    while (failures < 3) {
      await clock.advance(20_000)
      await nextTurn()
    }
    expect(await running).toMatchObject({ batches: 3, accepted: 3 })
    expect(await idsIn(store)).toEqual([1, 2, 3])
    expect(told).toEqual([new Error('not yet'), new Error('not yet')])
  })

  test('for good ends a consumer whose source gives nothing again; what was pushed is visible', async () => {
    const store = memoryStore()
    let ended = false
    async function* source() {
      try {
        for (let id = 0; ; id++) yield id
      } finally {
        ended = true
      }
    }
    const broken = new Error('poison')
    const process = (id: number): object => {
      if (id === 5) throw broken
      return { id }
    }
    const running = consumer(source(), process, bucketOver(store), { attempts: 1, replicas: 2 })
    await expect(running).rejects.toBe(broken)
    await nextTurn()
    expect(ended).toBe(true)
    expect((await idsIn(store)).sort()).toEqual(expect.arrayContaining([0, 1, 2, 3, 4]))
  })

  test('for good gives the batch back to a source that gives it again, and the others go on', async () => {
    const store = memoryStore()
    const { source, told } = queue([[1], [2, 3], [4]])
    let failures = 0
    const errors: unknown[] = []
    const result = await consumer(
      source,
      (id) => {
        if (id === 3 && failures++ < 1) throw new Error('not yet')
        return { id }
      },
      bucketOver(store),
      { attempts: 1, onError: (error) => errors.push(error) },
    )
    expect(result).toMatchObject({ batches: 3, failed: 1, accepted: 4 })
    expect(errors).toHaveLength(1)
    expect(told[0]).toEqual([1, false])
    expect(told.slice(1).sort()).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ])
    // Nothing of a batch that failed is kept: 2 is there once.
    expect((await idsIn(store)).sort()).toEqual([1, 2, 3, 4])
  })
})

describe('a batch is acknowledged when it is kept', () => {
  test('with a log in memory, when its file is visible', async () => {
    const store = memoryStore()
    const { source, told } = queue([[1], [2], [3]])
    const seen: unknown[] = []
    const watched: PullSource<number, number> = {
      pull(options) {
        seen.push([...told])
        return source.pull(options)
      },
      async ack(batch, success) {
        expect(await idsIn(store)).toContain((batch as number) + 1)
        await source.ack(batch, success)
      },
    }
    await consumer(watched, record, bucketOver(store))
    expect(seen).toEqual([[], [], [], []])
    expect(told.sort()).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ])
  })

  test('with a durable log, as soon as it is in the log', async () => {
    const store = memoryStore()
    const { source, told } = queue([[1], [2]])
    const seen: unknown[] = []
    const watched: PullSource<number, number> = {
      ack: source.ack,
      pull(options) {
        seen.push(told.length)
        return source.pull(options)
      },
    }
    // As durable as a log that outlives the process is to the sink.
    const log = () => ({ ...memoryLog(), inMemory: false, open: memoryLog<object>().open })
    await consumer(watched, record, bucketOver(store, { log }))
    expect(seen).toEqual([0, 1, 2])
    expect(await idsIn(store)).toEqual([1, 2])
  })

  test('and not when its file cannot be written', async () => {
    const base = memoryStore()
    const refused = new SluiceError('permission-denied', 'No')
    const store: Store = { ...base, put: () => Promise.reject(refused) }
    const { source, told } = queue([[1], [2]])
    let pulls = 0
    const once: PullSource<number, number> = {
      ack: (batch, success) => void told.push([batch as number, success]),
      pull: (options) => (pulls++ < 2 ? source.pull(options) : undefined),
    }
    await expect(consumer(once, record, bucketOver(store))).rejects.toBe(refused)
    expect(told.sort()).toEqual([
      [0, false],
      [1, false],
    ])
  })

  test('a batch of no records at once; an acknowledgement that fails is told', async () => {
    const told: unknown[] = []
    const { source } = queue([[1]])
    const failing: PullSource<number, number> = {
      pull: source.pull,
      ack: () => Promise.reject(new Error('gone')),
    }
    const result = await consumer(failing, () => undefined, bucketOver(memoryStore()), {
      onError: (error) => told.push(error),
    })
    expect(result).toMatchObject({ batches: 1, accepted: 0 })
    expect(told).toEqual([new Error('gone')])
  })
})

describe('a store that fails for a while', () => {
  test('delays a file, and loses and doubles nothing', async () => {
    const base = memoryStore()
    let failures = 0
    const store: Store = {
      ...base,
      put: (...call) =>
        failures++ < 2
          ? Promise.reject(new SluiceError('unavailable', 'Later'))
          : base.put(...call),
    }
    const clock = virtualClock()
    const running = consumer([1, 2], record, bucketOver(store, { clock }), { clock })
    while (failures < 3) {
      await clock.advance(60_000)
      await nextTurn()
    }
    expect(await running).toMatchObject({ accepted: 2 })
    expect(await idsIn(base)).toEqual([1, 2])
  })
})

describe('the end', () => {
  test('a signal ends it at once, with nothing visible and nothing acknowledged', async () => {
    const store = memoryStore()
    const controller = new AbortController()
    const { source, told } = queue([[1], [2]])
    const quiet: PullSource<number, number> = {
      ack: (batch, success) => void told.push([batch as number, success]),
      async pull(options) {
        const batch = await source.pull(options)
        if (batch) return batch
        controller.abort()
        // A queue that is quiet.
        return new Promise<undefined>(() => {})
      },
    }
    const running = consumer(quiet, record, bucketOver(store), { signal: controller.signal })
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    expect(await keysOf(store)).toEqual([])
    expect(told.sort()).toEqual([
      [0, false],
      [1, false],
    ])
    await expect(
      consumer([1], record, bucketOver(store), { signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'aborted' })
  })

  test('what a source gives after the end is given back', async () => {
    const told: unknown[] = []
    let give = (_: { payload: number[]; ackInfo: number }): void => {}
    let pulls = 0
    const source: PullSource<number, number> = {
      pull() {
        if (pulls++ > 0) throw new Error('source')
        return new Promise((resolve) => {
          give = resolve
        })
      },
      ack: (batch, success) => void told.push([batch, success]),
    }
    const running = consumer(source, record, bucketOver(memoryStore()), { replicas: 2 })
    await expect(running).rejects.toThrow('source')
    give({ payload: [1], ackInfo: 7 })
    await nextTurn()
    expect(told).toEqual([[7, false]])
  })

  test('a source that fails is the consumer’s failure', async () => {
    const store = memoryStore()
    async function* source() {
      yield 1
      throw new Error('source')
    }
    await expect(consumer(source(), record, bucketOver(store))).rejects.toThrow('source')
    expect(await idsIn(store)).toEqual([1])
  })

  test.each<[string, unknown, unknown, unknown]>([
    ['a number as the source', 5, record, bucketOver(memoryStore())],
    ['null as the source', null, record, bucketOver(memoryStore())],
    ['text as the source', 'abc', record, bucketOver(memoryStore())],
    ['an object that gives nothing', {}, record, bucketOver(memoryStore())],
    ['no process', [1], undefined, bucketOver(memoryStore())],
    ['no sink', [1], record, undefined],
    ['a store as the sink', [1], record, memoryStore()],
  ])('%s is refused', async (_, source, process, sink) => {
    const call = consumer(source as [], process as typeof record, sink as S3Bucket)
    await expect(call).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test.each([{ replicas: 0 }, { replicas: 1.5 }, { attempts: 0 }])('%j is refused', async (bad) => {
    await expect(consumer([], record, bucketOver(memoryStore()), bad)).rejects.toMatchObject({
      code: 'invalid-options',
    })
  })
})

test('a batch that waits for its file is not kept, but for what acknowledges it', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const payloads: WeakRef<object>[] = []
  const told: number[] = []
  let kept = -1
  const source: PullSource<object, number> = {
    async pull() {
      const batch = payloads.length
      if (batch === 20) {
        // What is awaited right now is held by that.
        for (let i = 0; i < 3; i++) await nextTurn()
        collect()
        kept = payloads.filter((payload) => payload.deref() !== undefined).length
        return undefined
      }
      const element = { large: new Uint8Array(1024) }
      payloads.push(new WeakRef(element))
      return { payload: [element], ackInfo: batch }
    },
    ack: (batch) => void told.push(batch),
  }
  let id = 0
  await consumer(source, () => record(id++), bucketOver(memoryStore()))
  expect(told).toHaveLength(20)
  expect(kept).toBeLessThan(3)
})
