import { describe, expect, test } from 'vitest'
import type { FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'

describe('checkRow', () => {
  const field = (type: FieldType, nullable = false): Schema => ({
    fields: [{ name: 'a/b', type, nullable }],
  })

  test.each([
    ['boolean', true, 1],
    ['int32', -(2 ** 31), 2 ** 31],
    ['int32', -0, 5n],
    ['int32', 1, 1.5],
    ['int64', 2 ** 53 - 1, 2 ** 53],
    ['int64', -(2n ** 63n), 2n ** 63n],
    ['double', Number.NaN, '1'],
    ['double', 2n ** 60n, 2n ** 60n + 1n],
    ['string', '', 1],
    ['bytes', new Uint8Array(0), [1]],
    ['timestamp', new Date(0), 0],
    ['timestamp', '1970-01-01', '1970-01-01T00:00'],
    ['timestamp', '1970-01-01T00:00:00.000+14:00', '1970-01-01T00:00:00.0001Z'],
    ['timestamp', '+275760-09-13', '+275760-09-13T00:00-00:01'],
    ['timestamp', new Date(8.64e15), new Date(Number.NaN)],
    ['json', { a: [1n] }, { a: Number.NaN }],
    ['json', Number.NaN, () => 1],
  ] as [FieldType, unknown, unknown][])('%s takes %o and refuses %o', (type, good, bad) => {
    expect(checkRow(field(type), { 'a/b': good })).toBeUndefined()
    expect(checkRow(field(type), { 'a/b': bad })).toMatchObject({
      code: 'invalid-record',
      path: expect.stringMatching(/^\/a~1b/),
      message: expect.stringMatching(/^\/a~1b/),
    })
  })

  test('names what is missing, null, and too much', () => {
    const schema = field('int32')
    expect(checkRow(schema, {})?.message).toBe('/a~1b is missing, and the column is not nullable')
    expect(checkRow(schema, { 'a/b': null })?.message).toContain('is null')
    expect(checkRow(schema, { 'a/b': 1, extra: 1 })).toMatchObject({
      path: '/extra',
      message: '/extra is not a column of the schema',
    })
    const nullable = field('int32', true)
    for (const row of [{}, { 'a/b': null }, { 'a/b': undefined }]) {
      expect(checkRow(nullable, row)).toBeUndefined()
    }
  })

  test('sees only what a record has itself', () => {
    const schema: Schema = { fields: [{ name: 'constructor', type: 'string', nullable: true }] }
    expect(checkRow(schema, {})).toBeUndefined()
    expect(checkRow({ fields: [] }, JSON.parse('{"__proto__":1}') as Row)?.path).toBe('/__proto__')
  })

  test('takes members in any order, and sees none that are inherited', () => {
    const schema: Schema = {
      fields: [
        { name: 'a', type: 'int32', nullable: false },
        { name: 'b', type: 'string', nullable: true },
      ],
    }
    for (const row of [{ a: 1, b: 'x' }, { b: 'x', a: 1 }, { a: 1 }]) {
      expect(checkRow(schema, row)).toBeUndefined()
    }
    expect(checkRow(schema, { b: 1, a: 1 })?.path).toBe('/b')
    expect(checkRow(schema, { a: 1, c: 1, b: 'x' })?.path).toBe('/c')
    expect(checkRow(schema, { b: 'x' })?.message).toContain('/a is missing')
    for (const row of [{ a: 1 }, { a: 1, b: 'x' }]) {
      expect(checkRow(schema, Object.create(row))?.message).toContain('/a is missing')
    }
    expect(checkRow(schema, Object.assign(Object.create({ c: 1 }), { a: 1 }))).toBeUndefined()
  })

  test('does not repeat a long text', () => {
    expect(checkRow(field('int32'), { 'a/b': 'secret '.repeat(9) })?.message).toContain(
      'of 63 characters',
    )
  })
})

/** Beside each type what it takes, and what it refuses. */
const OTHERS: readonly [FieldType, readonly unknown[], readonly unknown[]][] = [
  ['int8', [-128, 127, -0], [128, -129, 1.5, 5n, '1']],
  ['int16', [-32_768, 32_767], [32_768, 1n]],
  ['uint8', [0, 255, -0], [256, -1]],
  ['uint16', [65_535], [65_536]],
  ['uint32', [2 ** 32 - 1], [2 ** 32, -1, 1n]],
  ['uint64', [0, 2 ** 53 - 1, 2n ** 64n - 1n], [2n ** 64n, -1n, -1, 2 ** 53]],
  ['float16', [65_504, 0.1, 2048n, Number.NaN, Number.NEGATIVE_INFINITY], [65_520, 65_520n, '1']],
  ['float32', [0.1, 2n ** 100n, Number.POSITIVE_INFINITY], [1e39, 10n ** 39n, 2n ** 53n + 1n]],
  ['enum', ['red'], [1]],
  ['uuid', ['00112233-4455-6677-8899-AABBCCDDEEFF', new Uint8Array(16)], ['0', new Uint8Array(15)]],
  ['date', ['2024-02-29', new Date(0)], ['2023-02-29', new Date(1), 0]],
  ['variant', [1, 'a', [{ a: null }], Number.NaN, new Date(0)], [() => 1, new Date(Number.NaN)]],
  [{ kind: 'bytes', length: 2 }, [Uint8Array.of(1, 2)], [Uint8Array.of(1), 'AQI=', [1, 2]]],
  [{ kind: 'decimal', precision: 4, scale: 2 }, ['-12.50', 12n], ['123', '0.001', 12.5, 100n]],
  [{ kind: 'time', unit: 'ms', utc: false }, ['23:59:59.999', 0], ['24:00:00', -1, '12:00']],
  [
    { kind: 'timestamp', unit: 'us', utc: true },
    [new Date(0), -1, 5n, '1970-01-01', '1970-01-01T00:00:00.000001-01:00'],
    [1.5, '1970-01-01T00:00', '1970-01-01T00:00:00.0000001Z'],
  ],
  [
    { kind: 'timestamp', unit: 'ms', utc: false },
    ['1970-01-01T00:00'],
    ['1970-01-01T00:00Z', '2023-02-29T00:00'],
  ],
  [{ kind: 'timestamp', unit: 'ns', utc: true }, [new Date(0)], [new Date(8.64e15)]],
  [
    { kind: 'list', element: { type: 'int8', nullable: true } },
    [[], [1, null, undefined, 2]],
    [[128], { 0: 1 }, 'ab', new Uint8Array(1)],
  ],
  [
    { kind: 'list', element: { type: 'int8', nullable: false } },
    [[1]],
    [[null], [undefined], new Array(1)],
  ],
  [
    { kind: 'map', key: 'string', value: { type: 'int8', nullable: true } },
    [{}, { a: 1, b: null }, new Map([['a', 1]]), Object.create(null)],
    [{ a: 'x' }, new Map([[1, 1]]), new Map([[null, 1]]), [], new Date(0), new Set(), 1],
  ],
  // Keys of an object are texts, also of numbers and booleans.
  [
    { kind: 'map', key: 'int32', value: { type: 'int8', nullable: true } },
    [{ 7: 1, [-3]: null }, new Map([[7, 1]])],
    [{ '07': 1 }, { '7.0': 1 }, { '-0': 1 }, { a: 1 }, { [2 ** 31]: 1 }, new Map([['7', 1]])],
  ],
  [
    { kind: 'map', key: 'uint64', value: { type: 'int8', nullable: true } },
    [{ '18446744073709551615': 1, 0: 2 }],
    [{ '18446744073709551616': 1 }, { '-1': 1 }],
  ],
  [
    { kind: 'map', key: 'double', value: { type: 'int8', nullable: true } },
    [{ 0.5: 1, [-1e300]: 2, NaN: 3 }],
    [{ '0.50': 1 }, { '': 1 }, { '0x1': 1 }],
  ],
  [
    { kind: 'map', key: 'boolean', value: { type: 'int8', nullable: true } },
    [{ true: 1, false: 2 }],
    [{ True: 1 }, { 1: 1 }],
  ],
  [
    { kind: 'map', key: { kind: 'bytes', length: 1 }, value: { type: 'int8', nullable: false } },
    [
      new Map([
        [Uint8Array.of(1), 1],
        [Uint8Array.of(2), 2],
      ]),
    ],
    [
      new Map([
        [Uint8Array.of(1), 1],
        [Uint8Array.of(1), 2],
      ]),
    ],
  ],
  [
    {
      kind: 'map',
      key: { kind: 'decimal', precision: 3, scale: 1 },
      value: { type: 'int8', nullable: false },
    },
    [
      { '1.5': 1 },
      new Map<unknown, number>([
        [1n, 1],
        ['1.5', 2],
      ]),
    ],
    [
      { '1.55': 1 },
      { '1.5': null },
      { '1.0': 1, '1': 2 },
      new Map<unknown, number>([
        [1n, 1],
        ['1', 2],
      ]),
    ],
  ],
  [
    {
      kind: 'struct',
      fields: [
        { name: 'x', type: 'int8', nullable: false },
        { name: 'y', type: 'string', nullable: true },
      ],
    },
    [{ x: 1 }, { x: 1, y: null }],
    [
      {},
      { x: null },
      { x: 1, z: 1 },
      { y: 'a' },
      [],
      new Map([['x', 1]]),
      { x: 1, toJSON: () => 1 },
    ],
  ],
]

describe.each(OTHERS)('%j', (type, good, bad) => {
  const schema: Schema = { fields: [{ name: 'v', type, nullable: false }] }

  test.each(good.map((v) => ({ v })))('takes $v', ({ v }) => {
    expect(checkRow(schema, { v })).toBeUndefined()
  })

  test.each(bad.map((v) => ({ v })))('refuses $v', ({ v }) => {
    expect(checkRow(schema, { v })?.path).toMatch(/^\/v/)
  })
})

test('says where in nested data, and what', () => {
  const type: FieldType = {
    kind: 'list',
    element: {
      type: {
        kind: 'struct',
        fields: [
          { name: 'a/b', type: 'uint8', nullable: false },
          {
            name: 'm',
            type: { kind: 'map', key: 'uuid', value: { type: 'double', nullable: false } },
            nullable: true,
          },
        ],
      },
      nullable: false,
    },
  }
  const schema: Schema = { fields: [{ name: 'v', type, nullable: false }] }
  const message = (...v: unknown[]): string | undefined => checkRow(schema, { v })?.message
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  expect(message({ 'a/b': 1, m: { [uuid]: 1 } })).toBeUndefined()
  expect([
    message({ 'a/b': 1 }, { 'a/b': 256 }),
    message({}),
    message(null),
    message({ 'a/b': 1, c: 1 }),
    message({ 'a/b': 1, m: { [uuid]: 'x' } }),
    message({ 'a/b': 1, m: { a: 1 } }),
    message({ 'a/b': 1, m: new Map([[undefined, 1]]) }),
    message({ 'a/b': 1, m: { [uuid]: 1, [uuid.toUpperCase()]: 2 } }),
    message({ 'a/b': 1, m: { [uuid]: null } }),
  ]).toEqual([
    '/v/1/a~1b needs an unsigned integer of 8 bits, not 256',
    '/v/0/a~1b is missing, and the field is not nullable',
    '/v/0 is null, and the elements of the list are not nullable',
    '/v/0/c is not a field of the struct',
    `/v/0/m/${uuid} needs a number that a double holds, not the string "x"`,
    '/v/0/m has a key that needs a UUID, as 36 characters or 16 bytes, not the string "a"',
    '/v/0/m has the key undefined, and keys are not nullable',
    '/v/0/m has the key a string of 36 characters twice',
    `/v/0/m/${uuid} is null, and the values of the map are not nullable`,
  ])
})
