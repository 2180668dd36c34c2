import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import {
  type LazyWriterOptions,
  lazyReader,
  lazyWriter,
  listOf,
  mapOf,
} from '../../../src/files/msglc/index.ts'
import { encodeMsglc } from '../../../src/formats/msglc/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { rejectionOf } from '../../formats/msglc/tools.ts'

const MIB = 1024 ** 2

async function written(
  value: unknown,
  options: LazyWriterOptions = {},
  store: Store = memoryStore(),
): Promise<Store> {
  await using writer = lazyWriter(store, 'file', options)
  await writer.write(value)
  const { bytes } = await writer.close()
  expect((await store.head('file'))?.sizeBytes).toBe(bytes)
  return store
}

async function readBack(store: Store): Promise<unknown> {
  return (await lazyReader(store, 'file')).toObject()
}

async function stored(store: Store): Promise<Uint8Array | undefined> {
  return (await store.get('file'))?.bytes()
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number
}

test('the bytes are those of the whole value', async () => {
  const value = { a: [1, 'x'.repeat(9000), { b: null }], c: new Map([['d', 2n ** 60n]]) }
  expect(await stored(await written(value))).toEqual(encodeMsglc(value))
  expect(await stored(await written(value, { codec: 'cbor', smallBytes: 2 }))).toEqual(
    encodeMsglc(value, { codec: 'cbor', smallBytes: 2 }),
  )
})

test('every kind of value', async () => {
  const store = await written({
    set: new Set([3, 1, 2]),
    names: new Set(['b', 'a']),
    view: new Float32Array([1, 2.5]),
    big: new BigInt64Array([-1n]),
    bytes: new Uint8Array([1, 2]),
    buffer: new Uint8Array([3]).buffer,
    date: new Date(0),
    absent: undefined,
    holes: [1, undefined, null],
    iterable: listOf(new Set([5, 4]), 2),
    pairs: mapOf([['k', 1]], 1),
  })
  expect(await readBack(store)).toEqual({
    set: [1, 2, 3],
    names: ['a', 'b'],
    view: [1, 2.5],
    big: [-1],
    bytes: new Uint8Array([1, 2]),
    buffer: new Uint8Array([3]),
    date: '1970-01-01T00:00:00.000Z',
    holes: [1, null, null],
    iterable: [5, 4],
    pairs: { k: 1 },
  })
})

test('floats of a typed array are doubles, so that Python reads floats', () => {
  const file = encodeMsglc(new Float64Array([1]))
  expect(Array.from(file.subarray(50, 53))).toEqual([0x91, 0xcb, 0x3f])
})

test('lists and maps of unknown length, as the outermost value', async () => {
  for (const codec of ['msgpack', 'cbor'] as const) {
    for (const count of [0, 1, 1000, 100_000]) {
      const expected = Array.from({ length: count }, (_, index) => index)
      expect(await readBack(await written(numbers(count), { codec }))).toEqual(expected)
    }
    const pairs = mapOf(
      (async function* () {
        for await (const number of numbers(2000)) yield [`k${number}`, 'v'.repeat(30)] as const
      })(),
    )
    const store = await written(pairs, { codec })
    expect(await (await lazyReader(store, 'file')).read('k1999')).toBe('v'.repeat(30))
    expect(await (await lazyReader(store, 'file')).length()).toBe(2000)
  }
  const stream = new Response('text').body as ReadableStream<Uint8Array>
  expect(await readBack(await written(stream))).toEqual([new TextEncoder().encode('text')])
})

test('within other values they are counted as they come, whatever they wait for', async () => {
  for (const codec of ['msgpack', 'cbor'] as const) {
    const lists = async function* (): AsyncGenerator<unknown> {
      for await (const count of numbers(40)) yield { count, list: numbers(count) }
    }
    const store = await written(
      { a: [lists(), new Response('text').body] },
      { codec, smallBytes: 50 },
    )
    const list = Array.from({ length: 40 }, (_, count) => ({
      count,
      list: Array.from({ length: count }, (_, index) => index),
    }))
    const expected = { a: [list, [new TextEncoder().encode('text')]] }
    expect(await stored(store)).toEqual(encodeMsglc(expected, { codec, smallBytes: 50 }))
  }
})

describe('what a reader reads is written again', () => {
  const values: Readonly<Record<string, unknown>> = {
    'a map of trivial values': Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`k${index}`, index]),
    ),
    'a map of larger ones': { a: ['x'.repeat(9000), 1], b: { c: 'y'.repeat(9000) } },
    'a map of other keys': new Map<unknown, unknown>([
      [1, 'x'.repeat(9000)],
      [true, 2],
    ]),
    'a list in blocks': Array.from({ length: 5000 }, (_, index) => index),
    'a list of larger ones': ['x'.repeat(9000), { a: ['y'.repeat(9000)] }],
    'an empty map': {},
    'an empty list': [],
    'a scalar': 'one text',
    bytes: new Uint8Array([1, 2]),
  }
  test.each(Object.entries(values))('%s', async (_, value) => {
    const from = await written({ value }, { codec: 'cbor' })
    const inner = await (await lazyReader(from, 'file')).visit('value')
    expect(await stored(await written(inner))).toEqual(encodeMsglc(value))
    const reader = await lazyReader(await written(value), 'file')
    expect(await stored(await written(reader, { smallBytes: 2 }))).toEqual(
      encodeMsglc(value, { smallBytes: 2 }),
    )
  })

  test('and read once, also where the table of contents does not say what it is', async () => {
    const store = await written(values['a map of trivial values'])
    const reader = await lazyReader(store, 'file', { firstBytes: 50, cacheBytes: 0 })
    const { requests } = reader.statistics
    await written(reader)
    expect(reader.statistics.requests - requests).toBe(1)
  })

  test('as the outermost value alone', async () => {
    const reader = await lazyReader(encodeMsglc({ a: 1 }))
    const error = await rejectionOf(written({ list: [reader] }))
    expect([error.code, error.message]).toEqual([
      'invalid-record',
      expect.stringContaining('/list/0 is of a reader'),
    ])
    expect(() => encodeMsglc(reader)).toThrow('The value is of a reader')
  })

  test.each([
    ['items', Array.from({ length: 5 }, () => 'x'.repeat(9000))],
    // The table of contents does not say what it is.
    ['kind', Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`k${index}`, index]))],
  ])('unless it was aborted while it waits for its %s, or cannot be read', async (_, value) => {
    const file = encodeMsglc(value)
    const { promise: asked, resolve: asking } = Promise.withResolvers<void>()
    let hangs = false
    const reader = await lazyReader({
      size: file.byteLength,
      async read(start, end) {
        if (!hangs) return file.slice(start, end)
        asking()
        return new Promise(() => {})
      },
    })
    hangs = true
    const store = memoryStore()
    const writer = lazyWriter(store, 'file')
    const rejected = rejectionOf(writer.write(reader))
    await asked
    await writer.abort()
    expect((await rejected).code).toBe('aborted')
    const damaged = await lazyReader(file.fill(0xc1, 60, 70))
    expect((await rejectionOf(written(damaged, {}, store))).code).toBe('protocol')
    expect(await store.head('file')).toBeUndefined()
  })
})

test('a length that is given is kept', async () => {
  const store = await written({ list: listOf(numbers(3), 3), map: [mapOf([['a', 1]], 1)] })
  expect(await readBack(store)).toEqual({ list: [0, 1, 2], map: [{ a: 1 }] })
  const cases: [unknown, string][] = [
    [{ a: [listOf(numbers(2), 3)] }, '/a/0 has 2 where 3 were announced'],
    [{ a: listOf(numbers(4), 3) }, '/a/3 is more than the 3'],
    [mapOf([['a'] as never]), '/0 is no pair'],
    [{ a: mapOf([[['a'], 1]], 1) }, '/a has a key that is no single value'],
    [{ a: { '\ud800': 1 } }, '/a has the key "\\ud800", which holds a lone surrogate'],
    [[new Map([[2n ** 64n, 1]])], '/0 has a key, which is an integer beyond the 64 bits'],
    [new Map([[new Date(Number.NaN), 1]]), 'The value has a key, which is an invalid Date'],
    [{ a: ['fine', () => {}] }, '/a/1 is a function'],
    [{ a: '\ud800' }, '/a holds a lone surrogate'],
    [[2n ** 64n], '/0 is an integer beyond the 64 bits'],
    [{ 'x/y': new WeakMap() }, '/x~1y is an object of a class'],
    [new Date(Number.NaN), 'The value is an invalid Date'],
  ]
  for (const [value, message] of cases) {
    const error = await rejectionOf(written(value))
    expect([error.code, error.message]).toEqual([
      'invalid-record',
      expect.stringContaining(message),
    ])
  }
  const cycle: unknown[] = []
  cycle.push(cycle)
  expect((await rejectionOf(written(cycle))).message).toContain('or in a cycle')
})

test('part 1 is sent last, the old object is never read, and memory is bounded', async () => {
  const base = memoryStore()
  const calls: string[] = []
  const store: Store = {
    ...base,
    get: () => expect.fail('the object was read'),
    head: () => expect.fail('the object was asked for'),
    async createMultipart(key, options) {
      const upload = await base.createMultipart?.(key, options)
      if (!upload) throw expect.fail('no upload')
      return {
        ...upload,
        async putPart(number, body, call) {
          calls.push(`part ${number}`)
          return upload.putPart(number, body, call)
        },
        async complete(parts, call) {
          calls.push('complete')
          return upload.complete(parts, call)
        },
      }
    },
  }
  await base.put('file', new Uint8Array(100))
  const text = 'x'.repeat(100_000)
  async function* source(): AsyncGenerator<string> {
    for (let count = 0; count < 230; count++) yield text
  }
  await using writer = lazyWriter(store, 'file', { partBytes: 5 * MIB, concurrency: 1 })
  await writer.write(source())
  const { peakBytes } = await writer.close()
  expect(calls).toEqual(['part 2', 'part 3', 'part 4', 'part 5', 'part 1', 'complete'])
  expect(peakBytes).toBeLessThanOrEqual(10 * MIB)
  const reader = await lazyReader<string[]>(base, 'file')
  expect(await reader.length()).toBe(230)
  expect(await reader.read('229')).toBe(text)
})

test('whole or absent: what fails leaves the object as it was, and no upload', async () => {
  const store = memoryStore()
  await written('before', {}, store)
  const before = await stored(store)
  let ended = false
  async function* failing(): AsyncGenerator<string> {
    try {
      for (let count = 0; count < 120; count++) yield 'x'.repeat(100_000)
      throw new Error('the source failed')
    } finally {
      ended = true
    }
  }
  const writer = lazyWriter(store, 'file', { partBytes: 5 * MIB })
  await expect(writer.write(failing())).rejects.toThrow('the source failed')
  await expect(writer.close()).rejects.toThrow('the source failed')
  expect(ended).toBe(true)
  const uploads: unknown[] = []
  for await (const upload of store.listMultipart?.('') ?? []) uploads.push(upload)
  expect(uploads).toEqual([])
  expect(await stored(store)).toEqual(before)

  {
    await using left = lazyWriter(store, 'file')
    await left.write('not closed')
  }
  expect(await stored(store)).toEqual(before)

  // A shorter value leaves nothing of a longer one behind.
  await written(1, {}, store)
  expect(await stored(store)).toEqual(encodeMsglc(1))
})

test('abort() ends a source that says nothing', async () => {
  const store = memoryStore()
  let cancelled: unknown
  const silent = new ReadableStream({
    cancel(reason) {
      cancelled = reason
    },
  })
  const writer = lazyWriter(store, 'file')
  const writing = writer.write(silent)
  const rejected = rejectionOf(writing)
  await writer.abort()
  expect((await rejected).code).toBe('aborted')
  expect(cancelled).toBeDefined()
  expect(await store.head('file')).toBeUndefined()
  const controller = new AbortController()
  const other = lazyWriter(store, 'file', { signal: controller.signal })
  const signalled = rejectionOf(other.write(new ReadableStream({})))
  controller.abort()
  expect((await signalled).code).toBe('aborted')
})

test('one value, and bounds', async () => {
  const store = memoryStore()
  const writer = lazyWriter(store, 'file')
  await writer.write(1)
  expect((await rejectionOf(writer.write(2))).message).toContain('takes one value')
  await writer.close()
  expect(await readBack(store)).toBe(1)
  expect((await rejectionOf(lazyWriter(store, 'none').close())).code).toBe('invalid-options')
  const many = Array.from({ length: 1000 }, () => 'x'.repeat(30))
  const error = await rejectionOf(written(many, { smallBytes: 2, maxTocBytes: 5000 }))
  expect([error.code, error.message]).toEqual([
    'too-large',
    expect.stringContaining('beyond 5000 bytes'),
  ])
  expect(() => lazyWriter(store, 'file', { smallBytes: -1 })).toThrow('smallBytes')
  expect(() => lazyWriter(store, 'file', { smallBytes: 4, trivialBytes: 5 })).toThrow(
    'trivialBytes',
  )
  expect(() => lazyWriter(store, 'file', { magic: 'x'.repeat(31) })).toThrow('magic')
  expect(() => lazyWriter(store, 'file', { codec: 'json' as never })).toThrow('codec')
  expect((await rejectionOf(written(1, { ifNoneMatch: '*' }, store))).code).toBe(
    'precondition-failed',
  )
})
