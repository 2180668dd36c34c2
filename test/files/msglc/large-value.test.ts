import { describe, expect, test } from 'vitest'
import { bytesHandle } from '../../../src/files/msglc/byte-handle.ts'
import { FileReader } from '../../../src/files/msglc/file-reader.ts'
import { type ByteHandle, lazyReader } from '../../../src/files/msglc/index.ts'
import { largeValue } from '../../../src/files/msglc/large-value.ts'
import { RangeReader } from '../../../src/files/msglc/range-reader.ts'
import { type DividedPlace, isDivided, windowsOf } from '../../../src/files/msglc/value-windows.ts'
import { encodeMsglc, type MsglcOptions } from '../../../src/formats/msglc/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { rejectionOf } from '../../formats/msglc/tools.ts'

const MIB = 1024 ** 2

const value = {
  doubles: Array.from({ length: 60 }, (_, index) => index + 0.5),
  mixed: [0.5, 1, 'two', [3.5, 4.5], { five: 6 }, null],
  blocks: Array.from({ length: 90 }, (_, index) => index),
  nested: [['x'.repeat(30), { deep: ['y'.repeat(30), 'z'.repeat(30)] }], 'w'.repeat(90), []],
  keyed: new Map<unknown, unknown>([
    [1, 'x'.repeat(20)],
    ['text', new Uint8Array(30)],
  ]),
  __proto__: null,
}

async function rootOf(bytes: Uint8Array): Promise<DividedPlace> {
  const ranges = new RangeReader(bytesHandle(bytes), {})
  const options = { maxTocBytes: MIB }
  const file = await FileReader.open(ranges, { start: 0, end: bytes.byteLength }, options)
  const place = file.root('')
  if (!isDivided(place, 0)) throw new Error('It has no parts')
  return place
}

describe('in windows of any size it is the same value', () => {
  for (const codec of ['msgpack', 'cbor'] as const) {
    for (const smallBytes of [2, 8, 20, 64]) {
      const options: MsglcOptions = { codec, smallBytes, trivialBytes: Math.min(smallBytes, 9) }
      test(JSON.stringify(options), async () => {
        for (const each of [value, [value, value], value.blocks]) {
          const file = encodeMsglc(each, options)
          const expected = await (await lazyReader(file)).toObject()
          for (const windowBytes of [1, 7, 16, 50, 200]) {
            expect(await largeValue(await rootOf(file), windowBytes)).toEqual(expected)
          }
        }
      })
    }
  }
})

test('windows lie one behind the other, and are no larger than they must be', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => [index, 'x'.repeat(index)])
  const place = await rootOf(encodeMsglc(rows, { smallBytes: 2, trivialBytes: 2 }))
  const windows = [...windowsOf(place, 400)]
  let before = 0
  for (const { start, end } of windows) {
    expect(start).toBe(before)
    expect(end - start).toBeLessThan(600)
    before = end
  }
  expect(before).toBe(place.within.end)
  expect(windows.length).toBeLessThan(20)
})

describe('a value of 20 MiB', () => {
  const rows = Array.from({ length: 2000 }, (_, index) => ({
    index,
    text: String(index).padEnd(10_000, '.'),
    numbers: [index + 0.5, index + 0.25],
  }))
  const file = encodeMsglc({ title: 'rows', rows })

  async function counted(): Promise<{ handle: ByteHandle; spans: [number, number][] }> {
    const spans: [number, number][] = []
    const read = async (start: number, end: number): Promise<Uint8Array> => {
      spans.push([start, end])
      return file.slice(start, end)
    }
    return { handle: { size: file.byteLength, read }, spans }
  }

  test('is read a window at a time, and every byte once', async () => {
    const { handle, spans } = await counted()
    const reader = await lazyReader<{ rows: typeof rows }>(handle, { cacheBytes: 0 })
    const opening = spans.length
    expect(await reader.toObject()).toEqual({ title: 'rows', rows })
    const payload = spans.slice(opening)
    expect(payload.length).toBeLessThan(8)
    expect(Math.max(...payload.map(([start, end]) => end - start))).toBeLessThan(5 * MIB)
    for (const [index, [start]] of payload.entries()) {
      expect(start).toBe(payload[index - 1]?.[1] ?? 50)
    }
  })

  test('and so is a slice of it', async () => {
    const { handle } = await counted()
    const reader = await lazyReader<{ rows: typeof rows }>(handle, { cacheBytes: 0 })
    expect(await reader.read('rows/10:1990')).toEqual(rows.slice(10, 1990))
  })

  test('is damaged where the table of contents says otherwise', async () => {
    for (const at of [-1, -700, -3000]) {
      const { handle } = await counted()
      // The digits of positions lie anywhere in the table: some byte of it is another.
      const other = file.slice()
      const place = other.byteLength + at
      other[place] = (other[place] as number) ^ 1
      const reader = await lazyReader({
        ...handle,
        read: async (start, end) => other.slice(start, end),
      })
      const read = await reader.toObject().catch((error: unknown) => error)
      if (read instanceof Error) expect(read).toMatchObject({ code: 'protocol' })
      else expect(read).toEqual({ title: 'rows', rows })
    }
  })
})

test('one large text lies where it came, in pieces at once', async () => {
  const store = memoryStore()
  const bytes = Uint8Array.from({ length: 20 * MIB }, (_, index) => index % 251)
  await store.put('key', encodeMsglc([bytes]))
  const reader = await lazyReader<[Uint8Array]>(store, 'key')
  const [found] = await reader.toObject()
  expect(Buffer.compare(found, bytes)).toBe(0)
  expect(reader.statistics.requests).toBeLessThan(6)
})

test('an answer of other many bytes is refused, whatever it is for', async () => {
  const store = memoryStore()
  await store.put('key', encodeMsglc([new Uint8Array(20 * MIB)]))
  for (const change of [-1, 1]) {
    const wrong = {
      ...store,
      get: async (...[key, options]: Parameters<typeof store.get>) => {
        const { start = 0, end = 0 } = options?.range ?? {}
        if (end - start < MIB || start < MIB) return store.get(key, options)
        return store.get(key, { ...options, range: { start: start - change, end } })
      },
    }
    const reader = await lazyReader(wrong, 'key')
    const error = await rejectionOf(reader.toObject())
    expect([error.code, error.message]).toEqual(['protocol', expect.stringContaining('bytes came')])
  }
})

test('a table of contents of more than 8 MiB is one exact range', async () => {
  const file = encodeMsglc(Array(620_000).fill('x'.repeat(21)))
  const lengths: number[] = []
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    lengths.push(end - start)
    return file.slice(start, end)
  }
  const reader = await lazyReader({ size: file.byteLength, read })
  expect(lengths).toEqual([50, file.byteLength - 50 - (22 * 620_000 + 5)])
  expect(lengths[1]).toBeGreaterThan(8 * MIB)
  expect(await reader.read('619999')).toBe('x'.repeat(21))
})

test('what raw() gives of bytes that are held is a copy of them', async () => {
  const store = memoryStore()
  const file = encodeMsglc(value.mixed)
  await store.put('key', file)
  const reader = await lazyReader(store, 'key')
  const raw = await reader.raw()
  const bytes = await raw.bytes()
  expect(bytes).toEqual(file)
  bytes.fill(0)
  expect(await reader.toObject()).toEqual(value.mixed)
  expect(reader.statistics.requests).toBe(1)
})
