import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import {
  encodeMsglc,
  listOf,
  type MsglcOptions,
  mapOf,
  msglc,
} from '../../../src/formats/msglc/index.ts'
import { PICKLED, sourced, thrownBy } from './tools.ts'

const CODECS = ['msgpack', 'cbor'] as const

function* upTo<T>(count: number, item: (at: number) => T): Generator<T, void, undefined> {
  for (let at = 0; at < count; at++) yield item(at)
}

/** As `upTo`, in memory. */
function listed<T>(count: number, item: (at: number) => T): T[] {
  return [...upTo(count, item)]
}

describe.each(CODECS)(
  'in %s, inner sources without a length are the bytes of what they give',
  (codec) => {
    const items: Readonly<Record<string, (at: number) => unknown>> = {
      numbers: (at) => at * 7,
      texts: (at) => `${at}`.padEnd(30, 'x'),
      'lists of lists': (at) => [[at], [], { at: ['é', null, at % 2 === 0] }],
    }
    // The heads' widths change at 16 and 24, 256, and 65,536.
    const counts = [0, 1, 15, 16, 23, 24, 255, 256, 65_536]
    test.each(Object.entries(items))('%s', (name, item) => {
      for (const smallBytes of [0, 30, 8192]) {
        const options: MsglcOptions = { codec, smallBytes, trivialBytes: Math.min(smallBytes, 20) }
        for (const count of counts.slice(
          0,
          smallBytes === 8192 && name === 'numbers' ? undefined : -1,
        )) {
          const meant = {
            before: [1, 'x'],
            list: listed(count, item),
            map: listed(count, (at) => [`k${at}`, item(at)]),
          }
          const whole = { ...meant, map: new Map(meant.map as [string, unknown][]) }
          const given = {
            before: meant.before,
            list: upTo(count, (at) => sourced(item(at))),
            map: mapOf(upTo(count, (at) => [`k${at}`, item(at)] as const)),
          }
          const isEqual = equalBytes(encodeMsglc(given, options), encodeMsglc(whole, options))
          expect([smallBytes, count, isEqual]).toEqual([smallBytes, count, true])
        }
      }
    })

    test('values that would not come back as they were', () => {
      const item = (at: number): unknown[] => [
        Float64Array.of(at, 2),
        [PICKLED, -0, 1n, 2n ** 63n, Number.NaN],
        new Map<unknown, unknown>([
          [1.5, 'a'],
          [-1n, 'b'],
          [PICKLED, 'c'],
          [null, true],
        ]),
      ]
      const big = codec === 'cbor' ? [2n ** 70n, -(2n ** 70n)] : []
      const meant = { list: [...listed(40, item), big] }
      function* source(): Generator<unknown> {
        yield* upTo(40, item)
        yield big
      }
      for (const smallBytes of [0, 100, 8192]) {
        const options = { codec, smallBytes, trivialBytes: 0 }
        expect(encodeMsglc({ list: source() }, options)).toEqual(encodeMsglc(meant, options))
      }
    })
  },
)

test('what is counted counts as the table of contents does', () => {
  const endless = (function* () {
    for (;;) yield 'x'.repeat(100)
  })()
  const error = thrownBy(() => encodeMsglc({ a: [endless] }, { maxTocBytes: 100_000 }))
  expect([error.code, error.message]).toEqual([
    'too-large',
    expect.stringMatching(/^\/a\/0\/\d+ is not counted before/),
  ])
  // What was counted before is let go.
  const many = upTo(20, () => upTo(300, () => 'x'.repeat(100)))
  const options = { maxTocBytes: 100_000, smallBytes: 2 ** 20 }
  const lists = listed(20, () => upTo(300, () => 'x'.repeat(100)))
  expect(encodeMsglc(lists, options).byteLength).toBeGreaterThan(600_000)
  expect(thrownBy(() => encodeMsglc([many], options)).code).toBe('too-large')
})

test('empty lists and maps, and the keys before them, are counted too', () => {
  const options = { maxTocBytes: 100_000 }
  let taken = 0
  const each = (item: (at: number) => unknown): Generator<unknown> =>
    upTo(200_000, (at) => {
      taken = at + 1
      return item(at)
    })
  const pairs = (item: () => unknown): unknown =>
    mapOf(each((at) => ['k'.repeat(10_000) + at, item()]) as Generator<[unknown, unknown]>)
  // Half of it may be held, since it is there twice when it is put together, and what comes next is seen.
  const cases: readonly (readonly [given: unknown, most: number])[] = [
    [each(() => []), 50_002],
    [each(() => ({})), 50_002],
    [each(() => upTo(0, String)), 50_002],
    [each(() => mapOf([])), 50_002],
    [pairs(() => []), 5],
    [pairs(() => mapOf([])), 5],
  ]
  for (const [given, most] of cases) {
    const error = thrownBy(() => encodeMsglc({ a: given }, options))
    expect([error.code, error.message]).toEqual([
      'too-large',
      expect.stringMatching(/^\/a\/k*\d+ is not counted before/),
    ])
    expect(taken).toBeLessThanOrEqual(most)
  }
})

test('what has been counted and divided leaves its room to the table of contents', () => {
  const options = { maxTocBytes: 100_000, smallBytes: 0, trivialBytes: 0 }
  const text = 'x'.repeat(100)
  // 30 kB, and some 80 of the table: too much together.
  const given = [upTo(300, () => text), listed(6000, () => text.slice(0, 20))]
  const file = encodeMsglc(given, options)
  expect(equalBytes(file, encodeMsglc([listed(300, () => text), given[1]], options))).toBe(true)
})

test.each([undefined, null, 7, {}, 'abc'])('%j is no source', (given) => {
  const source = given as unknown as Iterable<never>
  for (const make of [listOf, mapOf]) {
    expect(thrownBy(() => make(source, 3)).code).toBe('invalid-options')
  }
})

test('records take no sources: checking one would leave nothing of it', () => {
  const format = msglc<object>()
  for (const source of [upTo(3, String), listOf([1, 2], 2), mapOf([['a', 1]], 1)]) {
    expect(format.check({ a: { b: source } })).toMatchObject({
      path: '/a/b',
      message: expect.stringContaining('is a source'),
    })
  }
  expect(format.check({ a: new Set([1]), b: new Map([['c', 1]]) })).toBeUndefined()
})
