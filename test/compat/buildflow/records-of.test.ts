import { describe, expect, test } from 'vitest'
import { recordsOf } from '../../../src/compat/buildflow/records-of.ts'
import { csv } from '../../../src/formats/csv.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'

class Point {
  readonly x: number
  readonly #secret = 1
  constructor(x: number) {
    this.x = x
  }
  get hidden(): number {
    return this.#secret
  }
}

class Custom {
  readonly #b: number
  constructor(b: number) {
    this.#b = b
  }
  toJSON(): object {
    return { b: this.#b, inner: new Map([['p', new Point(1)]]) }
  }
}

describe('what a process gives becomes records', () => {
  const at = new Date('2026-11-21T00:00:00Z')
  test.each<[what: string, result: unknown, records: unknown[]]>([
    ['an object', { a: 1 }, [{ a: 1 }]],
    ['an instance of a class', new Point(2), [new Point(2)]],
    ['one that says what it is', new Custom(3), [{ b: 3, inner: { p: new Point(1) } }]],
    ['nothing', undefined, []],
    ['null', null, []],
    ['a list', [{ a: 1 }, undefined, { a: 2 }], [{ a: 1 }, { a: 2 }]],
    ['lists in lists', [[{ a: 1 }], [[{ a: 2 }]], []], [{ a: 1 }, { a: 2 }]],
    ['a set', new Set([{ a: 1 }, { a: 2 }]), [{ a: 1 }, { a: 2 }]],
    [
      'a map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
        [3n, true],
      ]),
      [{ a: 1, 2: 'b', 3: true }],
    ],
    ['a list of what says what it is', [new Custom(1)], [{ b: 1, inner: { p: new Point(1) } }]],
    ['what says that it is a list', { toJSON: () => [{ a: 1 }, { a: 2 }] }, [{ a: 1 }, { a: 2 }]],
    ['what says that it is nothing', { toJSON: () => undefined }, []],
    [
      'dates, integers and bytes',
      { at, n: 5n, b: Uint8Array.of(1) },
      [{ at, n: 5n, b: Uint8Array.of(1) }],
    ],
    [
      'sets and maps within',
      { s: new Set([1]), l: [new Map([['k', new Set([2])]])] },
      [{ s: [1], l: [{ k: [2] }] }],
    ],
    ['undefined within', { a: undefined, b: 1 }, [{ a: undefined, b: 1 }]],
    ['a URL', { url: new URL('https://a.example/') }, [{ url: 'https://a.example/' }]],
    [
      'the key __proto__',
      new Map([['__proto__', new Set([1])]]),
      [JSON.parse('{"__proto__":[1]}')],
    ],
  ])('%s', (_, result, records) => {
    expect(recordsOf([result])).toEqual(records)
  })

  test('what needs no conversion is not copied, and what does is left as it was', () => {
    const record = { a: [{ b: 1 }] }
    expect(recordsOf([record])[0]).toBe(record)
    const set = new Set([1])
    const given = { set }
    recordsOf([given])
    expect(given.set).toBe(set)
  })

  test('a member’s toJSON is told its name', () => {
    const said = { toJSON: (key: string) => key }
    expect(recordsOf([{ a: said, l: [said] }])).toEqual([{ a: 'a', l: ['0'] }])
  })
})

describe('what cannot be converted is refused by name, and nothing is thrown', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = new Set([cycle])
  // Twice, so that whoever looks into it at each level has no end.
  const twice: Record<string, unknown> = {}
  Object.assign(twice, { left: twice, right: twice })
  const listCycle: unknown[] = []
  listCycle.push(listCycle, listCycle)
  const saysItself = { toJSON: (): object => ({ left: saysItself, right: saysItself }) }
  const endless = { toJSON: (): object => ({ ...endless }) }
  test.each<[what: string, result: unknown, path: RegExp, message: RegExp]>([
    ['a function within', { a: { f: () => 0 } }, /^\/a\/f$/, /function/],
    ['a map without names', { s: new Set([1]), m: new Map([[{}, 1]]) }, /^\/m$/, /Map/],
    [
      'a map with one name twice',
      {
        m: new Map<unknown, number>([
          [1, 1],
          ['1', 2],
        ]),
      },
      /^\/m$/,
      /Map/,
    ],
    ['a number', 5, /^$/, /not a plain object/],
    ['a text', 'text', /^$/, /not a plain object/],
    ['a promise', Promise.resolve(), /^$/, /not a plain object/],
    [
      'a toJSON that throws',
      {
        a: {
          toJSON: () => {
            throw new Error('no')
          },
        },
      },
      /^$/,
      /throws/,
    ],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no')
        },
      },
      /^$/,
      /throws/,
    ],
    ['an invalid date', { at: new Date(Number.NaN) }, /^\/at$/, /invalid Date/],
    ['a cycle', cycle, /^\/self\/0\/self$/, /Set/],
    ['a cycle that branches', twice, /^(\/left)+$/, /deeper/],
    ['a toJSON that names itself twice', { a: saysItself }, /^\/a(\/left)+$/, /deeper/],
    ['a list in itself', listCycle, /^$/, /not a plain object/],
    ['a toJSON without an end', { endless }, /^\/endless/, /deeper/],
  ])('%s', (_, result, path, message) => {
    const [record] = recordsOf([result])
    for (const format of [jsonl(), csv(), parquet()]) {
      const rejection = format.check(record as never)
      expect(rejection?.path).toMatch(path)
      expect(rejection?.message).toMatch(message)
    }
  })
})

test('a proxy that throws, or was revoked, stays what it is', () => {
  const boom = () => {
    throw new Error('trap')
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const odd = [
    proxy,
    new Proxy({}, { ownKeys: boom }),
    new Proxy({}, { getPrototypeOf: boom }),
    new Proxy([], { get: boom }),
    { in: proxy },
  ]
  const records = recordsOf([...odd, [proxy], { ok: 1 }])
  expect(records).toHaveLength(7)
  expect(records[6]).toEqual({ ok: 1 })
})
