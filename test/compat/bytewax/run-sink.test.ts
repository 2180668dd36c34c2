import { describe, expect, test } from 'vitest'
import {
  type DynamicSink,
  logRecovery,
  runSink,
  type StatefulSinkPartition,
} from '../../../src/compat/bytewax/index.ts'
import { nextTurn } from '../../../src/core/turn.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { ABORT, ArraySink, type Keyed, listSource } from './tools.ts'

const byKey = { partFn: (key: string) => Number(key) }
const items: Keyed[] = [
  ['0', 'a'],
  ['1', 'b'],
  ['0', 'c'],
]

/** A sink of two partitions, routed by number. */
function twoParts(outputs?: Map<string, string[]>) {
  return Object.assign(new ArraySink([['x', 'y']], outputs), byKey)
}

describe('the calls of a run', () => {
  test('listParts once for each worker, buildPart once for each partition, also without items', async () => {
    const sink = new ArraySink([['x', 'y'], ['y', 'z'], []])
    await runSink([], sink, { workers: 3, stepId: 'flow.out' })
    expect(sink.calls.slice(0, 3)).toEqual(['list 0/3', 'list 1/3', 'list 2/3'])
    expect(sink.calls.filter((call) => call.startsWith('build')).sort()).toEqual([
      'build flow.out x undefined',
      'build flow.out y undefined',
      'build flow.out z undefined',
    ])
  })

  test('a write before its snapshot, a snapshot only of what was written, and close after all of them', async () => {
    const sink = twoParts()
    await runSink(listSource([items[0] as Keyed, items[2] as Keyed]), sink, { epochMs: 0 })
    expect(sink.calls.slice(3)).toEqual([
      ...['snapshot x', 'snapshot y'],
      ...['write x a', 'snapshot x', 'write x c', 'snapshot x', 'close x', 'close y'],
    ])
  })

  test('one writeBatch for each partition and batch, in the order of the partitions, without the keys', async () => {
    const sink = twoParts()
    await runSink(
      listSource(
        [
          ['1', 'b'],
          ['0', 'a'],
          ['1', 'd'],
        ] as Keyed[],
        3,
      ),
      sink,
    )
    expect(sink.calls.slice(5, 7)).toEqual(['write x a', 'write y b,d'])
  })

  test('close is not called when the source fails, nor when the sink does, and nothing after that', async () => {
    const sink = twoParts()
    const failing = runSink(listSource([...items, ABORT]), sink)
    await expect(failing).rejects.toThrow('The execution is aborted')
    expect(sink.calls.slice(5)).toEqual(['write x a', 'write y b', 'write x c'])

    const broken = twoParts()
    const build = broken.buildPart.bind(broken)
    const sinkFails = runSink(listSource(items), {
      listParts: () => ['x'],
      async buildPart(...args: Parameters<typeof build>) {
        const partition = await build(...args)
        const writeBatch = () => Promise.reject(new Error('The disk is full'))
        return { ...partition, writeBatch } as StatefulSinkPartition<string, number>
      },
    })
    await expect(sinkFails).rejects.toThrow('The disk is full')
    expect(broken.calls).toEqual(['build out x undefined', 'snapshot x'])
  })

  test('an abort is abrupt: no snapshot, no close', async () => {
    const sink = twoParts()
    const stop = new AbortController()
    async function* endless() {
      yield items[0] as Keyed
      stop.abort()
      await new Promise(() => {})
    }
    const run = runSink(endless(), sink, { signal: stop.signal })
    await expect(run).rejects.toMatchObject({ code: 'aborted' })
    expect(sink.calls.slice(5)).toEqual(['write x a'])
    const aborted = runSink(items, sink, { signal: stop.signal })
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    expect(sink.calls).toHaveLength(6)
  })

  test('workers write at once, each one partition at a time; a failure waits for what is under way', async () => {
    const log: string[] = []
    const gates = new Map<string, () => void>()
    const sink = {
      ...byKey,
      listParts: () => ['w', 'x', 'y', 'z'],
      buildPart: (_: string, part: string) => ({
        async writeBatch() {
          log.push(`begin ${part}`)
          await new Promise<void>((resolve) => gates.set(part, resolve))
          log.push(`end ${part}`)
          if (part === 'w') throw new Error('w fails')
        },
        snapshot: () => 0,
      }),
    }
    const batch = ['0', '1', '2', '3'].map((key) => [key, key] as const)
    const run = runSink(listSource(batch, 4), sink, { workers: 2 })
    const failed = expect(run).rejects.toThrow('w fails')
    while (gates.size < 2) await Promise.resolve()
    expect(log).toEqual(['begin w', 'begin x'])
    gates.get('w')?.()
    gates.get('x')?.()
    while (gates.size < 3) await Promise.resolve()
    // w and y are one worker's, and w has failed; x and z the other's.
    expect(log).toEqual(['begin w', 'begin x', 'end w', 'end x', 'begin z'])
    let over = false
    failed.then(() => {
      over = true
    })
    await nextTurn()
    expect(over).toBe(false)
    gates.get('z')?.()
    await failed
    expect(log.at(-1)).toBe('end z')
  })

  test.each([{ workers: 0 }, { workers: 1.5 }, { epochMs: -1 }, { epochMs: Number.NaN }])(
    '%j is refused',
    async (options) => {
      const run = runSink(items, twoParts(), options)
      await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    },
  )

  test('a recovery needs a source that can begin again, before anything is built', async () => {
    const sink = twoParts()
    const run = runSink(items, sink, { recovery: logRecovery(memoryLog()) })
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    expect(sink.calls).toEqual([])
  })
})

describe('a DynamicSink', () => {
  function recorded(calls: string[]): DynamicSink<number> {
    return {
      build(stepId, worker, workers) {
        calls.push(`build ${stepId} ${worker}/${workers}`)
        return {
          writeBatch: (batch) => void calls.push(`write ${worker}: ${batch}`),
          close: () => void calls.push(`close ${worker}`),
        }
      },
    }
  }

  test('is built once on each worker, which share the items, and closed at the end', async () => {
    const calls: string[] = []
    await runSink(listSource([1, 2, 3, 4, 5], 3), recorded(calls), {
      workers: 2,
      stepId: 'flow.out',
    })
    expect(calls).toEqual([
      ...['build flow.out 0/2', 'build flow.out 1/2'],
      ...['write 0: 1,2', 'write 1: 3', 'write 0: 4', 'write 1: 5'],
      ...['close 0', 'close 1'],
    ])
  })

  test('gets small batches in turn, any items, and no close when the source fails', async () => {
    const calls: string[] = []
    const run = runSink(listSource([1, 2, 3, ABORT]), recorded(calls), { workers: 2 })
    await expect(run).rejects.toThrow('aborted')
    expect(calls.slice(2)).toEqual(['write 0: 1', 'write 1: 2', 'write 0: 3'])
  })

  test('is at least once: an epoch that was not complete is written again', async () => {
    const calls: string[] = []
    const recovery = logRecovery(memoryLog())
    const options = { recovery, epochMs: 1000, clock: virtualClock() }
    const first = runSink(listSource([1, 2, ABORT]), recorded(calls), options)
    await expect(first).rejects.toThrow('aborted')
    await runSink(listSource([1, 2, 3]), recorded(calls), options)
    expect(calls.filter((call) => call.startsWith('write'))).toEqual([
      ...['write 0: 1', 'write 0: 2', 'write 0: 1', 'write 0: 2', 'write 0: 3'],
    ])
  })
})

describe('an epoch', () => {
  test('is 1 at first, and one for each batch with epochMs 0', async () => {
    const sink = twoParts()
    const {
      resumeEpoch,
      epoch,
      items: count,
    } = await runSink(listSource(items), sink, { epochMs: 0 })
    expect([resumeEpoch, epoch, count]).toEqual([1, 3, 3])
    expect(await runSink([] as Keyed[], sink)).toEqual({ resumeEpoch: 1, epoch: 0, items: 0 })
  })

  test('lasts 10 seconds from its first item, also when no item comes at its end', async () => {
    const clock = virtualClock()
    const sink = twoParts()
    let give: (item: Keyed | undefined) => void = () => {}
    const next = () =>
      new Promise<Keyed | undefined>((resolve) => {
        give = resolve
      })
    async function* source() {
      for (let item = await next(); item; item = await next()) yield item
    }
    const run = runSink(source(), sink, { clock })
    const written = async (count: number) => {
      while (sink.calls.length < count) await Promise.resolve()
      await clock.advance(0)
    }
    await clock.advance(60_000)
    give(['0', 'a'])
    await written(6)
    await clock.advance(9_999)
    give(['0', 'b'])
    await written(7)
    expect(sink.calls.slice(5)).toEqual(['write x a', 'write x b'])
    await clock.advance(1)
    expect(sink.calls.at(-1)).toBe('snapshot x')
    await clock.advance(60_000)
    expect(sink.calls.at(-1)).toBe('snapshot x')
    give(undefined)
    expect(await run).toEqual({ resumeEpoch: 1, epoch: 1, items: 2 })
    expect(clock.pending).toBe(0)
  })

  test('ends by the clock, too, where nothing is ever waited for', async () => {
    const clock = virtualClock()
    const sink = twoParts()
    const many = Array.from({ length: 5 }, () => ['0', 'a'] as const)
    const source = listSource(many)
    const slow = async (position: number | undefined) => {
      const inner = await (source as Extract<typeof source, (p?: number) => unknown>)(position)
      return {
        ...inner,
        nextBatch() {
          clock.setNow(clock.now() + 4000)
          return inner.nextBatch()
        },
      }
    }
    expect(await runSink(slow, sink, { clock })).toMatchObject({ epoch: 2 })
  })

  test('without items there is none, though the source has moved', async () => {
    const sink = twoParts()
    const source = () => {
      const batches: Keyed[][] = [[], []]
      return { nextBatch: () => batches.pop(), snapshot: () => 0 }
    }
    expect(await runSink(source, sink, { epochMs: 0 })).toMatchObject({ epoch: 0, items: 0 })
  })
})

describe('committed', () => {
  test('comes when the epoch is kept, and what it changed is kept with the next epoch, at the end once more', async () => {
    const calls: string[] = []
    const log = memoryLog()
    const kept = logRecovery(log)
    const recovery = {
      async open(stepId: string) {
        const session = await kept.open(stepId)
        return {
          ...session,
          async save(...args: Parameters<typeof session.save>) {
            calls.push(`save ${args[0].epoch} ${JSON.stringify([...args[0].parts])}`)
            await session.save(...args)
          },
        }
      },
    }
    const sink = {
      listParts: () => ['x'],
      buildPart() {
        let written = 0
        let prepared = 0
        let visible = 0
        return {
          writeBatch: (values: readonly string[]) => {
            written += values.length
          },
          snapshot: () => {
            prepared = written
            return { visible, prepared }
          },
          committed: () => {
            visible = prepared
            calls.push(`committed ${visible}`)
          },
        }
      },
    }
    await runSink(listSource(items.slice(0, 2)), sink, { recovery, epochMs: 0 })
    expect(calls).toEqual([
      'save 0 [["x",{"visible":0,"prepared":0}]]',
      'committed 0',
      'save 1 [["x",{"visible":0,"prepared":1}]]',
      'committed 1',
      'save 2 [["x",{"visible":1,"prepared":2}]]',
      'committed 2',
      'save 2 [["x",{"visible":2,"prepared":2}]]',
    ])
  })
})

describe('items of an iterable are written together', () => {
  /** The sizes of its batches. */
  function counting() {
    const sizes: number[] = []
    const sink = {
      build: () => ({
        writeBatch: async (batch: readonly unknown[]) => void sizes.push(batch.length),
      }),
    }
    return { sink, sizes }
  }
  function* some(count: number) {
    for (let n = 0; n < count; n++) yield n
  }

  test('a thousand at once, where it need not be waited for', async () => {
    for (const source of [some(2500), new Set(some(2500)), [...some(2500)]]) {
      const { sink, sizes } = counting()
      expect(await runSink(source, sink)).toMatchObject({ items: 2500 })
      expect(sizes).toEqual([1000, 1000, 500])
    }
  })

  test('one that waits for an answer to its item is given it', async () => {
    const { sink, sizes } = counting()
    async function* source() {
      for (let n = 1; n <= 3; n++) {
        yield n
        while (sizes.length < n) await nextTurn()
      }
    }
    expect(await runSink(source(), sink)).toMatchObject({ items: 3 })
    expect(sizes).toEqual([1, 1, 1])
  })

  test('what came before a failure is written', async () => {
    const { sink, sizes } = counting()
    function* failing() {
      yield* some(3)
      throw new Error('source')
    }
    const run = runSink(failing(), sink)
    await expect(run).rejects.toThrow('source')
    expect(sizes).toEqual([3])
  })
})
