import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSluiceError } from '../../src/core/errors.ts'
import { jsonProblem, jsonText, MAX_JSON_DEPTH } from '../../src/core/json.ts'
import { parseJson } from '../../src/core/parse-json.ts'

const nested = (levels: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value }
  return value
}

/** What JSON and Sluice can hold, down to `-0` and large integers. */
const exactValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, -0, 0, 5e-324, 1.7976931348623157e308),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((n) => !(Number.isInteger(n) && !Number.isSafeInteger(n))),
    fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value

describe('jsonText', () => {
  test.each([
    [-0, '-0'],
    [2n ** 64n, '18446744073709551616'],
    [[undefined, 1], '[null,1]'],
    [new Array(2), '[null,null]'],
    [{ a: undefined, b: 1n }, '{"b":1}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Uint8Array([1, 2]), '"AQI="'],
    [{ a: { toJSON: (key: string) => [key, -0] } }, '{"a":["a",-0]}'],
    [{ toJSON: 1, z: -0 }, '{"toJSON":1,"z":-0}'],
    ['\ud800', '"\\ud800"'],
    [Object.assign(Object.create(null) as object, { a: 1n }), '{"a":1}'],
  ])('%o is %s', (value, text) => {
    expect(jsonText(value)).toBe(text)
  })

  test.each([
    [Number.NaN, '', 'NaN'],
    [{ a: [1, { 'b/c~d': Number.POSITIVE_INFINITY }] }, '/a/1/b~1c~0d', 'Infinity'],
    [[() => 1], '/0', 'function'],
    [{ s: Symbol('x') }, '/s', 'symbol'],
    [undefined, '', 'undefined'],
    [{ d: new Date(Number.NaN) }, '/d', 'Date'],
    [{ m: new Map() }, '/m', 'Map'],
    [{ r: /x/ }, '/r', 'RegExp'],
    [{ f: new Float64Array(1) }, '/f', 'Float64Array'],
  ])('refuses %o by name', (value, path, word) => {
    expect(jsonProblem(value)).toMatchObject({ path, message: expect.stringContaining(word) })
    expect(() => jsonText(value)).toThrow(word)
  })

  test('refuses a cycle and what is too deep, and takes what is just deep enough', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [cycle, nested(MAX_JSON_DEPTH + 1), nested(50_000)]) {
      expect(() => jsonText(value)).toThrow(/deeper than 64 levels/)
    }
    expect(parseJson(jsonText(nested(MAX_JSON_DEPTH)))).toEqual(nested(MAX_JSON_DEPTH))
  })

  test('finds lone surrogates in texts and keys only when asked', () => {
    for (const value of ['\udc00', ['\ud800x'], { '\ud800': 1 }]) {
      expect(jsonProblem(value)).toBeUndefined()
      expect(jsonProblem(value, { wellFormed: true })?.message).toContain('lone surrogate')
    }
    expect(jsonProblem(['😀'], { wellFormed: true })).toBeUndefined()
  })

  test('is what JSON.stringify writes of plain JSON values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON.stringify writes `-0` as `0`, as does every value that it has written once.
        const plain: unknown = JSON.parse(JSON.stringify(value))
        expect(jsonText(plain)).toBe(JSON.stringify(plain))
      }),
    )
  })
})

describe('parseJson', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['[18446744073709551616]', [18446744073709551616n]],
    ['{"a" : 12345678901234567890}', { a: 12345678901234567890n }],
    ['-0', -0],
    ['12345678901234567890.5', 1.2345678901234567e19],
    ['12345678901234567890e2', 1.2345678901234568e21],
    ['"12345678901234567890"', '12345678901234567890'],
    ['0.12345678901234567890', 0.12345678901234568],
    ['{"a":1,"a":12345678901234567890}', { a: 12345678901234567890n }],
  ])('reads %s exactly', (text, value) => {
    expect(parseJson(text)).toStrictEqual(value)
  })

  test('keeps __proto__ as a key, in both of its parsers', () => {
    for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":12345678901234567890}}']) {
      const value = parseJson(text) as object
      expect(Object.keys(value)).toEqual(['__proto__'])
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    }
  })

  test.each([
    '1e999',
    '-1e999',
    '[1E+0400]',
    '1e309',
    `${'9'.repeat(400)}.5`,
    `{"v":${'9'.repeat(250)}e99}`,
    `${'9'.repeat(110)}e199`,
    '1e-999',
    '[-1.5E-0400]',
    `0.${'0'.repeat(250)}1e-99`,
    `0.${'0'.repeat(400)}1`,
  ])('refuses the number %s', (text) => {
    expect(() => parseJson(text)).toThrow(/beyond the range of doubles/)
  })

  test('gives no infinity, and no 0 for what is not 0, however the number is written', () => {
    const digits = fc.array(fc.constantFrom('0', '1', '9'), { minLength: 1, maxLength: 4 })
    const run = fc
      .tuple(digits, fc.integer({ min: 0, max: 320 }))
      .map(([some, zeros]) => some.join('') + '0'.repeat(zeros))
    const number = fc
      .tuple(run, run, fc.constantFrom('', 'e', 'E+', 'e-'), fc.integer({ min: 0, max: 350 }))
      .map(([whole, part, mark, exponent]) => {
        const plain = `${BigInt(whole)}.${part.split('').reverse().join('')}`
        return mark ? `${plain}${mark}${exponent}` : plain
      })
    fc.assert(
      fc.property(number, (text) => {
        const double = Number(text)
        const inRange =
          Number.isFinite(double) && (double !== 0 || !/[1-9]/.test(text.split(/e/i)[0] ?? ''))
        if (inRange) expect(parseJson(text)).toBe(double)
        else expect(() => parseJson(text)).toThrow(/beyond the range/)
      }),
      { numRuns: 2000 },
    )
  })

  test('bounds the depth, whatever is in the texts', () => {
    const deep = '['.repeat(65) + ']'.repeat(65)
    expect(() => parseJson(deep)).toThrow(/deeper than 64 levels at position 64/)
    const brackets = JSON.stringify(['[{'.repeat(100), '\\', '"[[', '\\"']) + ' '.repeat(100)
    expect(parseJson(brackets)).toEqual(JSON.parse(brackets))
    const many = JSON.stringify(Array.from({ length: 100 }, () => [{}]))
    expect(parseJson(many)).toEqual(JSON.parse(many))
    expect(() => parseJson(`"${'[{'.repeat(200)}`)).toThrow(/not JSON/)
  })

  test('names the position of a fault, the same in every engine', () => {
    expect(() => parseJson('{"a":1,}')).toThrow(
      "The text is not JSON: Quoted object key expected but got '}' at position 7",
    )
  })

  test('gives back what jsonText wrote', () => {
    fc.assert(
      fc.property(exactValue, (value) => {
        expect(parseJson(jsonText(value))).toStrictEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  test('takes and refuses the same texts as JSON.parse', () => {
    const piece = fc.constantFrom(
      ...'{}[],:"\\ \n-+.eE019atrufls/'.split(''),
      'true',
      'null',
      '\\u00e9',
      '"a"',
      '1234567890123456',
    )
    const text = fc.oneof(
      fc.json(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (json) => {
        let expected: unknown
        try {
          expected = JSON.parse(json)
        } catch {
          expect(() => parseJson(json)).toThrow()
          return
        }
        try {
          // Rounded as `JSON.parse` rounds: exactness has its own tests.
          const rounded = JSON.stringify(parseJson(json), (_, value: unknown) =>
            typeof value === 'bigint' ? Number(value) : value,
          )
          expect(rounded).toBe(JSON.stringify(expected))
        } catch (error) {
          if (!isSluiceError(error) || !/beyond the range/.test(error.message)) throw error
          expect(json).toMatch(/[eE]/)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
