import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/contracts/index.ts'
import { rowOfText, rowText } from '../../src/core/row-text.ts'

function roundTrip(row: Row): Row {
  return rowOfText(rowText(row))
}

function nested(leaf: unknown, levels: number): Row {
  let value = leaf
  for (let level = 0; level < levels; level++) value = { d: value }
  return value as Row
}

/** Anything a record may hold, with keys and texts that codecs trip over. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'd',
      'u',
      'b',
      '~',
      0,
      -0,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      null,
      undefined,
    ),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.float64Array(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.array(tie('any'), { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'd', '0', '~')),
    tie('any'),
    { maxKeys: 4, noNullPrototype: true },
  ),
}))

describe('the text of a row', () => {
  test('a row is read back as it was, from one line', () => {
    fc.assert(
      fc.property(value.object as fc.Arbitrary<Row>, (row) => {
        expect(rowText(row)).not.toMatch(/[\r\n]/)
        // Not vitest's: it asks a record's own `constructor` for its type.
        deepStrictEqual(roundTrip(row), row)
      }),
      { numRuns: 2000 },
    )
  })

  test('rows that JSON can hold are plain JSON, and the others are not', () => {
    expect(rowText({ a: 1, b: [null, { c: 'x' }] })).toBe('{"a":1,"b":[null,{"c":"x"}]}')
    expect(rowText({ a: -0 })).toBe('~{"a":["f","-0"]}')
  })

  test('a value that JSON cannot hold has the text that logs on disk have of it', () => {
    const at = new Date(1234)
    const row = { at, text: '"d"\n', list: [1, [at], null], n: 12n, deep: { u: undefined, at } }
    const numbers = [-0, Number.NaN, Number.NEGATIVE_INFINITY, 1e21, new Date(Number.NaN)]
    expect(rowText({ ...row, numbers, bytes: new Uint8Array([1, 2]), toJSON: 5 })).toBe(
      '~{"at":["d",1234],"text":"\\"d\\"\\n","list":[0,1,[0,["d",1234]],null],"n":["n","12"],' +
        '"deep":{"u":["u"],"at":["d",1234]},' +
        '"numbers":[0,["f","-0"],["f","NaN"],["f","-Infinity"],1e+21,["d",null]],' +
        '"bytes":["b","AQI="],"toJSON":5}',
    )
    expect(row.deep.at).toBe(at)
  })

  test('buffers and their views are read as what they were', () => {
    const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
    for (const View of [
      ...[Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
      ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
    ] as (typeof Int16Array)[]) {
      const v = new View(buffer, 8, 1)
      deepStrictEqual(roundTrip({ v }), { v })
    }
    deepStrictEqual(roundTrip({ buffer }), { buffer })
    expect(rowText({ v: Int16Array.of(-2) })).toBe('~{"v":["v","Int16Array","/v8="]}')
  })

  test('what lies in 64 levels is kept, a time and bytes too', () => {
    for (const leaf of [1, new Date(1), new Uint8Array([1])]) {
      const row = nested(leaf, 64)
      expect(roundTrip(row)).toEqual(row)
      expect(() => rowText(nested(leaf, 65))).toThrow('64 levels')
    }
  })

  test('a Map that says by toJSON what it is, is that', () => {
    const map = Object.assign(new Map([[1, 2]]), { toJSON: () => 'said' })
    expect(roundTrip({ map })).toEqual({ map: 'said' })
  })

  test('a hole in a list is read as undefined, and a class of data as its members', () => {
    class Point {
      x = 1
    }
    const holey = [1]
    holey[2] = 3
    expect(roundTrip({ holey, point: new Point() })).toEqual({
      holey: [1, undefined, 3],
      point: { x: 1 },
    })
  })

  test('what a format writes of an object with toJSON is what is kept of it', () => {
    expect(roundTrip({ price: { toJSON: () => '1.50' } })).toEqual({ price: '1.50' })
    expect(roundTrip({ toJSON: 5 })).toEqual({ toJSON: 5 })
  })

  test.each([
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('s') }],
    ['a RegExp', { a: /x/ }],
    ['a WeakMap', { a: new WeakMap() }],
  ])('%s is refused by name', (_, row) => {
    expect(() => rowText(row)).toThrow(expect.objectContaining({ code: 'invalid-record' }))
  })

  test('a cycle is refused', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(() => rowText(cyclic)).toThrow(expect.objectContaining({ code: 'invalid-record' }))
  })

  test.each(['["z",1]', '["v","Function","AA=="]', '["v","Map","AA=="]'])(
    '%s of a later version is not guessed at',
    (tagged) => {
      const read = () => rowOfText(`~{"a":${tagged}}`)
      expect(read).toThrow(expect.objectContaining({ code: 'protocol' }))
    },
  )
})
