import { describe, expect, test } from 'vitest'
import { adler32, type DynamicSink, runSink } from '../../../src/compat/bytewax/index.ts'
import { assignParts } from '../../../src/compat/bytewax/run/assign-parts.ts'
import { ArraySink, type Keyed } from './tools.ts'

describe('adler32', () => {
  // By Python's zlib.adler32.
  test.each([
    ['', 1],
    ['a', 6422626],
    ['0', 3211313],
    ['1', 3276850],
    ['hello', 103547413],
    ['ключ', 456918477],
    ['part_0', 144507463],
  ])('%j is %i', (text, hash) => {
    expect(adler32(text)).toBe(hash)
  })

  test('of a long text no sum leaves the whole numbers', () => {
    // The sums of RFC 1950 for n times the same byte, in closed form.
    const n = 20_000_000n
    const low = (1n + 121n * n) % 65_521n
    const high = (n + (121n * n * (n + 1n)) / 2n) % 65_521n
    expect(adler32('y'.repeat(Number(n)))).toBe(Number(high * 65_536n + low))
  })

  test('a lone surrogate has no UTF-8', () => {
    expect(() => adler32('\ud800')).toThrow(/lone surrogate/)
  })
})

describe('the partitions of all workers', () => {
  test('are in the order of their UTF-8 bytes, each once', () => {
    // In JavaScript’s own order, the last two would change places.
    const names = ['part_2', 'part_10', 'part_1', '\u{1f600}', '\uff5e']
    const parts = assignParts([names, ['part_1']])
    expect(parts.map(({ name }) => name)).toEqual([
      ...['part_1', 'part_10', 'part_2', '\uff5e', '\u{1f600}'],
    ])
  })

  test('go to the workers that have the fewest, those that few can write first', () => {
    const parts = assignParts([
      ['a', 'b', 'c', 'd'],
      ['b', 'c', 'd'],
      ['d', 'b'],
    ])
    expect(parts).toEqual([
      { name: 'a', worker: 0 },
      { name: 'b', worker: 2 },
      { name: 'c', worker: 1 },
      { name: 'd', worker: 0 },
    ])
  })

  test('are shared evenly where all workers list all', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const workers = assignParts([names, names]).map(({ worker }) => worker)
    expect(workers).toEqual([0, 1, 0, 1, 0])
  })
})

describe('a key', () => {
  const items: Keyed[] = [
    ['0', 'zero'],
    ['2', 'two'],
    ['1', 'one'],
    ['0', 'zero again'],
  ]

  test('goes to the partition at its hash, wrapped around: with more than ten, behind part_1 comes part_10', async () => {
    const names = Array.from({ length: 11 }, (_, i) => `part_${i}`)
    const sink = Object.assign(new ArraySink([names]), {
      partFn: (key: string) => Number(key) + 11,
    })
    await runSink(items, sink)
    expect(sink.outputs).toMatchObject({
      part_0: ['zero', 'zero again'],
      part_1: ['one'],
      part_10: ['two'],
      part_2: [],
    })
  })

  test('goes by adler32 where the sink says nothing', async () => {
    const sink = new ArraySink([['a', 'b']])
    await runSink(items, sink)
    // 3211313, 3276850 and 3342387: odd, even, odd.
    expect(sink.outputs).toEqual({ a: ['one'], b: ['zero', 'two', 'zero again'] })
  })

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('is not routed by %f', async (hash) => {
    const sink = Object.assign(new ArraySink([['a']]), { partFn: () => hash })
    const run = runSink(items, sink, { stepId: 'flow.out' })
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    await expect(run).rejects.toThrow(/"flow\.out" answered/)
    expect(sink.outputs).toEqual({ a: [] })
  })

  test.each([['a value'], [['key']], [[1, 'value']], [['key', 'value', 'more']]])(
    'is missing in %j: the step is named, and nothing of the batch written',
    async (item) => {
      const sink = new ArraySink([['a']])
      const run = runSink([items[0], item] as Keyed[], sink, { stepId: 'flow.out' })
      await expect(run).rejects.toMatchObject({ code: 'invalid-record' })
      await expect(run).rejects.toThrow(/"flow\.out" takes \[key, value\]/)
      expect(sink.outputs).toEqual({ a: [] })
    },
  )
})

test.each([undefined, {}, { nextBatch() {} }, []])(
  'a source that is none is refused: %j',
  async (source) => {
    const run = runSink((() => source) as never, new ArraySink([['a']]), { stepId: 'flow.out' })
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    await expect(run).rejects.toThrow(/source of the step "flow\.out"/)
  },
)

describe('a sink is refused', () => {
  const code = (sink: unknown) => {
    const run = runSink([], sink as DynamicSink<never>, { workers: 2 })
    return run.then(
      () => 'taken',
      (error) => error.code,
    )
  }

  test('that lists no partition on any worker', async () => {
    expect(await code(new ArraySink([[]]))).toBe('invalid-options')
    expect(await code(new ArraySink([[], ['a']]))).toBe('taken')
  })

  test('that is none, or builds what is no partition', async () => {
    expect(await code({})).toBe('invalid-options')
    expect(await code(undefined)).toBe('invalid-options')
    expect(await code({ build: () => ({}) })).toBe('invalid-options')
    const noSnapshot = { writeBatch() {} }
    const sink = { listParts: () => ['a'], buildPart: () => noSnapshot }
    expect(await code(sink)).toBe('invalid-options')
    expect(await code({ ...sink, listParts: () => 'a' })).toBe('invalid-options')
    expect(await code({ ...sink, listParts: () => [1] })).toBe('invalid-options')
  })
})
