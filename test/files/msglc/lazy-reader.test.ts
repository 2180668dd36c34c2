import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import type { GetOptions, Store } from '../../../src/contracts/index.ts'
import { iterate } from '../../../src/core/reading.ts'
import { type LazyReader, lazyReader } from '../../../src/files/msglc/index.ts'
import { HEADER_BYTES } from '../../../src/formats/msglc/header.ts'
import { encodeMsglc, type MsglcOptions } from '../../../src/formats/msglc/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { rejectionOf } from '../../formats/msglc/tools.ts'

const tiny: MsglcOptions = { smallBytes: 2, trivialBytes: 2 }

const value = {
  list: ['first entry', 'second entry', [3, 4, 5], 'fourth', 'fifth'],
  blocks: Array.from({ length: 31 }, (_, index) => index),
  map: { inner: { deep: 'x'.repeat(40) }, 'a/b': 1, '': 2 },
  none: [] as number[],
  small: 1,
}

/** Each threshold gives another table of contents, and all the same values. */
const files = [tiny, { ...tiny, codec: 'cbor' }, {}, { smallBytes: 64 }].map(
  (options) => [JSON.stringify(options), encodeMsglc(value, options as MsglcOptions)] as const,
)

describe.each(files)('%s', (_, file) => {
  const open = (): Promise<LazyReader<typeof value>> => lazyReader<typeof value>(file)

  test('reads what lies at a path', async () => {
    const reader = await open()
    expect(await reader.toObject()).toEqual(value)
    expect(await reader.read('')).toEqual(value)
    expect(await reader.read('map/inner/deep')).toBe('x'.repeat(40))
    expect(await reader.read('/list//0/')).toBe('first entry')
    expect(await reader.read('list/2/1')).toBe(4)
    expect(await reader.read('list/+1')).toBe('second entry')
    expect(await reader.read(['list', 2, -1])).toBe(5)
    expect(await reader.read('list/-1')).toBe('fifth')
    expect(await reader.read('blocks/30')).toBe(30)
    expect(await reader.read('blocks/-31')).toBe(0)
    expect(await reader.read(['map', 'a/b'])).toBe(1)
    expect(await reader.read(['map', ''])).toBe(2)
    expect(await reader.read('none')).toEqual([])
  })

  test('slices clamp, and a step stands in the middle', async () => {
    const reader = await open()
    const { blocks, list } = value
    const cases: [string, unknown][] = [
      ['blocks/24:2:30', [24, 26, 28]],
      ['blocks/:2:5', [0, 2, 4]],
      ['blocks/28:', [28, 29, 30]],
      ['blocks/0:99', blocks],
      ['blocks/-99:2', [0, 1]],
      ['blocks/5:2', []],
      ['blocks/:', blocks],
      ['blocks/::', blocks],
      ['blocks/-3:-1', [28, 29]],
      ['list/1:3', list.slice(1, 3)],
      ['none/0:5', []],
      ['none/::', []],
    ]
    for (const [path, items] of cases)
      expect([path, await reader.read(path)]).toEqual([path, items])
    expect(await reader.read(['blocks', { start: -2 }])).toEqual([29, 30])
    expect((await rejectionOf(reader.read('blocks/0:0:9'))).code).toBe('invalid-options')
    for (const slice of [
      { start: Number.NEGATIVE_INFINITY, stop: Number.POSITIVE_INFINITY },
      { start: -0, stop: undefined, step: undefined },
    ]) {
      expect(await reader.read(['list', slice])).toEqual(list)
      expect(await reader.read(['blocks', slice])).toEqual(blocks)
    }
    for (const slice of [
      { start: 1.5, stop: 2 },
      { stop: Number.NaN },
      { start: 1n },
      { stop: '3' },
    ]) {
      for (const name of ['list', 'blocks', 'none']) {
        const error = await rejectionOf(reader.read([name, slice as { start: number }]))
        expect([error.code, error.message]).toEqual([
          'invalid-options',
          expect.stringMatching(/^A slice's (start|stop) \(.+\) must be an integer/),
        ])
      }
    }
    const inside = await rejectionOf(reader.read('list/0:2/0'))
    expect([inside.code, inside.message]).toEqual([
      'invalid-options',
      expect.stringContaining('/list can only be sliced by the last step'),
    ])
  })

  test('a path that leads nowhere is told with the place', async () => {
    const reader = await open()
    for (const path of [
      'absent',
      'list/5',
      'list/-6',
      'blocks/31',
      'small/x',
      'map/inner/deep/x',
      'none/0',
    ]) {
      expect([path, (await rejectionOf(reader.read(path))).code]).toEqual([path, 'not-found'])
      expect(await reader.has(path)).toBe(false)
    }
    expect((await rejectionOf(reader.read('map/inner/none'))).message).toBe(
      '/map/inner has no none',
    )
    expect((await rejectionOf(reader.read('list/x'))).code).toBe('invalid-options')
    expect((await rejectionOf(reader.read(['list', '1_0']))).code).toBe('invalid-options')
    for (const path of ['list/x', 'list/0:2', ['list', 1.5], ['blocks', true], ['none', '']]) {
      expect([path, await reader.has(path)]).toEqual([path, false])
      expect((await rejectionOf(reader.visit(path))).code).toMatch(/invalid-options|not-found/)
    }
    expect((await rejectionOf(reader.has(['list', { start: 0 }]))).code).toBe('invalid-options')
    expect(await reader.has('map/inner/deep')).toBe(true)
    expect(await reader.has(['map', ''])).toBe(true)
  })

  test('lists and maps tell what they are, and are iterated, one loop in another', async () => {
    const reader = await open()
    expect(await reader.keys()).toEqual(Object.keys(value))
    expect(await reader.length()).toBe(5)
    expect(await (await reader.visit('blocks')).length()).toBe(31)
    expect(await (await reader.visit('none')).length()).toBe(0)
    expect([await reader.kind(), await (await reader.visit('list')).kind()]).toEqual([
      'map',
      'list',
    ])
    expect(await (await reader.visit('small')).kind()).toBe('value')
    const pairs: unknown[] = []
    for await (const pair of reader) pairs.push(pair)
    expect(pairs).toEqual(Object.entries(value))
    const list = await reader.visit('list')
    expect(list.path).toBe('/list')
    let seen = 0
    for await (const _outer of list) for await (const _inner of list) seen++
    expect(seen).toBe(25)
    const inner = await reader.visit('map')
    expect(await inner.read('inner/deep')).toBe('x'.repeat(40))
    expect((await rejectionOf((await reader.visit('small')).length())).code).toBe('invalid-options')
    expect((await rejectionOf((await reader.visit('list')).keys())).code).toBe('invalid-options')
    expect((await rejectionOf((await reader.visit('list')).raw())).code).toBe('invalid-options')
  })

  test('what is done to a value changes nothing here', async () => {
    const reader = await open()
    const first = (await reader.toObject()) as { list: unknown[] }
    first.list.length = 0
    expect(await reader.toObject()).toEqual(value)
    const bytes = await (await reader.raw()).bytes()
    expect(bytes).toEqual(file)
    bytes.fill(0)
    expect(await reader.toObject()).toEqual(value)
    const raw = await reader.raw()
    expect(raw.sizeBytes).toBe(file.byteLength)
    for await (const chunk of iterate(raw.stream())) chunk.fill(0)
    expect(await new Response(raw.stream()).bytes()).toEqual(file)
    expect(await reader.toObject()).toEqual(value)
  })

  test('reads bytes, blobs and handles', async () => {
    const read = async (start: number, end: number) => file.slice(start, end)
    for (const source of [file, new Blob([file]), { size: file.byteLength, read }]) {
      expect(await (await lazyReader(source)).toObject()).toEqual(value)
    }
  })
})

test('what is no source is told', async () => {
  const store = memoryStore()
  const open = lazyReader as (...words: unknown[]) => Promise<unknown>
  for (const words of [
    [store],
    [new Uint8Array(90), 'key'],
    [undefined],
    [{ size: -1 }],
    ['key'],
  ]) {
    const error = await rejectionOf(open(...words))
    expect([error.code, error.message]).toEqual([
      'invalid-options',
      expect.stringContaining('a store and a key, or bytes'),
    ])
  }
})

test('keys that are no text', async () => {
  const keys = new Map<unknown, unknown>([
    [1, 'number'],
    ['1', 'text'],
    [true, 'boolean'],
    [-1n, 'bigint'],
    [new Uint8Array([1, 2]), 'bytes'],
  ])
  for (const smallBytes of [0, 8192]) {
    const reader = await lazyReader(encodeMsglc(keys, { smallBytes }))
    expect(await reader.read([1])).toBe('number')
    expect(await reader.read('1')).toBe('text')
    expect(await reader.read([true])).toBe('boolean')
    expect(await reader.read([-1])).toBe('bigint')
    expect(await reader.read([new Uint8Array([1, 2])])).toBe('bytes')
    expect(((await reader.toObject()) as Map<unknown, unknown>).get(1)).toBe('number')
  }
})

test('the type that a user gives reaches along paths', async () => {
  const reader = await lazyReader<typeof value>(encodeMsglc(value))
  expectTypeOf(await reader.read('map/inner/deep')).toEqualTypeOf<string>()
  expectTypeOf(await reader.read('blocks/0')).toEqualTypeOf<number>()
  expectTypeOf(await reader.read('blocks/0:3')).toEqualTypeOf<number[]>()
  expectTypeOf(await reader.read(['map', 'a/b'])).toEqualTypeOf<number>()
  expectTypeOf(await (await reader.visit('map')).read('inner/deep')).toEqualTypeOf<string>()
  expectTypeOf(await reader.read('small' as string)).toEqualTypeOf<unknown>()
  const untyped = await lazyReader(encodeMsglc(value))
  expectTypeOf(await untyped.read('small')).toEqualTypeOf<unknown>()
})

describe('over a store', () => {
  const rows = Array.from({ length: 2000 }, (_, index) => `${index}`.padEnd(1000, '.'))

  async function stored(): Promise<{
    store: Store
    ranges: (GetOptions['range'] | undefined)[]
    file: Uint8Array
  }> {
    const base = memoryStore()
    const ranges: (GetOptions['range'] | undefined)[] = []
    const file = encodeMsglc(rows)
    await base.put('rows', file)
    const store: Store = {
      ...base,
      get(key, options) {
        ranges.push(options?.range)
        return base.get(key, options)
      },
    }
    return { store, ranges, file }
  }

  test('one value takes three requests, and a file that is small one', async () => {
    const { store, ranges } = await stored()
    const reader = await lazyReader<string[]>(store, 'rows')
    expect(await reader.read('1500')).toBe(rows[1500])
    expect(ranges.length).toBe(3)
    expect(reader.statistics.requests).toBe(3)
    expect(await reader.read('1500')).toBe(rows[1500])
    expect(reader.statistics.requests).toBe(3)
    await store.put('small', encodeMsglc({ hello: 'world' }))
    const small = await lazyReader(store, 'small')
    expect(await small.read('hello')).toBe('world')
    expect(small.statistics).toEqual({ requests: 1, bytes: 69 })
  })

  test('neighbours are one request, and others are asked for at once and exactly', async () => {
    const { store, ranges } = await stored()
    const reader = await lazyReader<string[]>(store, 'rows')
    ranges.length = 0
    const before = reader.statistics.bytes
    expect(await reader.read('1000:1100')).toEqual(rows.slice(1000, 1100))
    expect(ranges.length).toBe(1)
    expect(await reader.read('100:17:1900')).toEqual(
      rows.filter((_, at) => at >= 100 && at < 1900 && (at - 100) % 17 === 0),
    )
    const needed = 100 * 1003 + 106 * 1003
    expect(reader.statistics.bytes - before).toBeLessThanOrEqual(needed * 1.1)
    expect(await reader.toObject()).toEqual(rows)
  })

  test.each([
    [5, undefined],
    [2, 2],
  ])('at most %i are asked for at once', async (most, concurrency) => {
    const { store: base } = await stored()
    const waiting: (() => void)[] = []
    let hold = false
    let begun = 0
    const store: Store = {
      ...base,
      async get(key, options) {
        begun++
        if (hold) await new Promise<void>((go) => void waiting.push(go))
        return base.get(key, options)
      },
    }
    const reader = await lazyReader<string[]>(store, 'rows', { concurrency })
    hold = true
    begun = 0
    // Twelve, none of them near another one.
    const reading = reader.read('100:100:1300')
    for (let answered = 0; answered < 12; answered++) {
      const open = Math.min(most, 12 - answered)
      await vi.waitUntil(() => waiting.length === open, { timeout: 10_000, interval: 1 })
      await new Promise((turn) => setImmediate(turn))
      expect(begun).toBe(answered + open)
      waiting.shift()?.()
    }
    expect((await reading).length).toBe(12)
  })

  test.each([
    ['blocks', Array.from({ length: 1_000_000 }, (_, at) => at + 0.5), 9],
    ['items of a kilobyte', Array.from({ length: 9000 }, (_, at) => `${at}`.padEnd(1000, '.')), 9],
    ['an item of 9 MiB among small ones', ['x', 'y'.repeat(9 * 2 ** 20), 'z'], 5],
    ['lists in a list', Array.from({ length: 900 }, () => Array(1000).fill(0.5)), 9],
  ])('iterating %s takes few requests, and one is ahead', async (_, items, most) => {
    const store = memoryStore()
    await store.put('list', encodeMsglc(items))
    const reader = await lazyReader(store, 'list')
    const { requests, bytes } = reader.statistics
    let next = 0
    for await (const item of reader) {
      if (item !== items[next++]) expect(item).toEqual(items[next - 1])
      if (next === 1 && items.length > 3) expect(reader.statistics.requests).toBe(requests + 2)
    }
    expect(next).toBe(items.length)
    expect(reader.statistics.requests - requests).toBeLessThanOrEqual(most)
    // Nothing is read twice but what came with the first request.
    expect(reader.statistics.bytes - bytes).toBeLessThan(reader.sizeBytes)
  })

  test('whoever takes one item waits for little', async () => {
    const { store } = await stored()
    const reader = await lazyReader(store, 'rows')
    const { bytes } = reader.statistics
    for await (const _item of reader) break
    expect(reader.statistics.bytes - bytes).toBeLessThan(200_000)
  })

  test('a window that cannot be read is told behind the items before it', async () => {
    const { store } = await stored()
    let left = 4
    const reader = await lazyReader(
      {
        ...store,
        get: async (key, options) => (left-- > 0 ? store.get(key, options) : undefined),
      },
      'rows',
    )
    const items: unknown[] = []
    const iterated = (async () => {
      for await (const item of reader) items.push(item)
    })()
    expect((await rejectionOf(iterated)).code).toBe('precondition-failed')
    // Of 64 KiB and of 128.
    expect(items).toEqual(rows.slice(0, 65 + 130))
  })

  test('what lies gapBytes apart is one request, and a byte more is two', async () => {
    const { store, ranges } = await stored()
    // Between the first and the third lies one row: its head of three bytes, and a thousand.
    for (const [gapBytes, requests] of [
      [1003, 1],
      [1002, 2],
      [undefined, 2],
    ] as const) {
      const reader = await lazyReader<string[]>(store, 'rows', { gapBytes })
      ranges.length = 0
      expect(await reader.read('1000:2:1003')).toEqual([rows[1000], rows[1002]])
      expect([gapBytes, ranges.length]).toEqual([gapBytes, requests])
    }
  })

  test('the cache is bounded', async () => {
    const { store } = await stored()
    const reader = await lazyReader<string[]>(store, 'rows', { cacheBytes: 20_000 })
    for (const place of [100, 300, 500, 100, 500]) {
      expect(await reader.read(['100', place].slice(1) as [number])).toBe(rows[place])
    }
    const { requests } = reader.statistics
    await reader.read('200:290')
    await reader.read('200:290')
    expect(reader.statistics.requests).toBe(requests + 2)
  })

  test('two readers of one place are one request', async () => {
    const { store } = await stored()
    const reader = await lazyReader<string[]>(store, 'rows')
    const { requests } = reader.statistics
    await Promise.all([reader.read('700'), reader.read('700'), reader.read('700')])
    expect(reader.statistics.requests).toBe(requests + 1)
  })

  test('an object that was replaced is an error and no value', async () => {
    const { store, file } = await stored()
    const reader = await lazyReader(store, 'rows')
    const other = file.slice()
    other[1_000_000] = 0x21
    await store.put('rows', other)
    expect((await rejectionOf(reader.read('1500'))).code).toBe('precondition-failed')
    await store.delete('rows')
    expect((await rejectionOf(reader.read('1200'))).code).toBe('precondition-failed')
    expect((await rejectionOf(lazyReader(store, 'rows'))).code).toBe('not-found')
  })

  test('a signal ends what is being read', async () => {
    const { store } = await stored()
    const controller = new AbortController()
    const reader = await lazyReader(store, 'rows', { signal: controller.signal })
    controller.abort()
    expect((await rejectionOf(reader.read('1500'))).code).toBe('aborted')
  })

  test('what is no such file is told', async () => {
    const { store, file } = await stored()
    for (const bytes of [
      new Uint8Array(0),
      file.slice(0, 30),
      file.slice(0, 49),
      file.slice(0, -1),
      new Uint8Array(90),
    ]) {
      await store.put('bad', bytes)
      expect([bytes.byteLength, (await rejectionOf(lazyReader(store, 'bad'))).code]).toEqual([
        bytes.byteLength,
        'protocol',
      ])
    }
    const magic = encodeMsglc(1, { magic: 'my own' })
    await store.put('own', magic)
    expect((await rejectionOf(lazyReader(store, 'own'))).message).toContain(
      'does not begin with the magic',
    )
    expect(await (await lazyReader(store, 'own', { magic: 'my own' })).toObject()).toBe(1)
    const isCompatible = (found: Uint8Array): boolean => found.at(-1) === 'n'.charCodeAt(0)
    expect(await (await lazyReader(store, 'own', { isCompatible })).toObject()).toBe(1)
    expect((await rejectionOf(lazyReader(store, 'rows', { maxTocBytes: 100 }))).code).toBe(
      'too-large',
    )
  })

  test('what is wrong with an object is told with its key, once', async () => {
    const { store } = await stored()
    await store.put('bad', new Uint8Array(90))
    const cut = encodeMsglc({ list: ['first', 'second'], small: 1 }, tiny)
    // Of `first`: the text says another length than the table of contents.
    cut[cut.indexOf('f'.charCodeAt(0), HEADER_BYTES) - 1] = 0xa6
    await store.put('damaged', cut)
    const damaged = await lazyReader(store, 'damaged')
    const list = await damaged.visit('list')
    const works: readonly [key: string, () => Promise<unknown>][] = [
      ['bad', () => lazyReader(store, 'bad')],
      ['rows', () => lazyReader(store, 'rows', { maxTocBytes: 100 })],
      ['damaged', () => damaged.read('list/0')],
      ['damaged', () => damaged.read('list/:')],
      ['damaged', () => list.read(0 as never)],
      ['damaged', () => damaged.toObject()],
      ['damaged', async () => (await list.visit('0')).length()],
      ['damaged', async () => Array.fromAsync(list)],
    ]
    for (const [key, work] of works) {
      const error = await rejectionOf(work())
      expect(error).toMatchObject({ name: 'SluiceError', key })
      expect(error.message.split(`"${key}": `)).toHaveLength(2)
    }
    expect(await damaged.read('list/1')).toBe('second')
    // What was asked is the caller's.
    expect(await rejectionOf(damaged.read('none'))).toMatchObject({
      code: 'not-found',
      key: undefined,
    })
    expect(await rejectionOf(lazyReader(cut).then((file) => file.toObject()))).toMatchObject({
      code: 'protocol',
      key: undefined,
    })
  })

  test('so is what its store does not say', async () => {
    const { store } = await stored()
    let isSilent = false
    const silent: Pick<Store, 'get'> = {
      async get(key, options) {
        if (isSilent) throw new Error('no route')
        return store.get(key, options)
      },
    }
    const reader = await lazyReader(silent, 'rows')
    isSilent = true
    const raw = await reader.raw()
    const stream = raw.stream().getReader()
    for (const work of [() => reader.read('1500'), () => raw.bytes(), () => stream.read()]) {
      const error = await rejectionOf(work())
      expect(error).toMatchObject({ code: 'unavailable', key: 'rows' })
      expect(error.message).toMatch(/^"rows": Reading/)
    }
  })
})
