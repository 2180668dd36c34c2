import { describe, expect, test } from 'vitest'
import type { FieldType, Schema } from '../../../src/contracts/index.ts'
import {
  checkSchema,
  MAX_SCHEMA_COLUMNS,
  MAX_SCHEMA_DEPTH,
} from '../../../src/core/schemas/check-schema.ts'

const column = (type: unknown, name = 'a'): unknown => ({ name, type, nullable: false })
const part = (type: unknown): unknown => ({ type, nullable: false })
const check = (...fields: unknown[]): void => checkSchema({ fields } as Schema)

/** A list in a list in a list. */
function nested(levels: number): unknown {
  let type: unknown = 'int8'
  for (let level = 1; level < levels; level++) type = { kind: 'list', element: part(type) }
  return type
}

describe('checkSchema', () => {
  test.each<FieldType>([
    'uint64',
    'variant',
    { kind: 'decimal', precision: 1, scale: 0 },
    { kind: 'bytes', length: 64 },
    { kind: 'decimal', precision: 38, scale: 38 },
    { kind: 'time', unit: 'ns', utc: false },
    { kind: 'timestamp', unit: 'us', utc: true },
    { kind: 'list', element: { type: 'json', nullable: true } },
    { kind: 'map', key: 'uuid', value: { type: 'int8', nullable: true } },
    { kind: 'struct', fields: [{ name: '', type: 'string', nullable: false }] },
  ])('takes %j', (type) => {
    expect(() => check(column(type))).not.toThrow()
  })

  test.each<[string, unknown]>([
    ['column "a" must have a type, one of boolean, int8', 'Int8'],
    ['column "a" must have a type', { kind: 'array', element: part('int8') }],
    ['column "a" must have a type', { kind: 'toString' }],
    ['column "a" must have a type', null],
    ['column "a": precision is 1 to 76', { kind: 'decimal', precision: 0, scale: 0 }],
    ['column "a": precision is 1 to 76', { kind: 'decimal', precision: 77, scale: 0 }],
    ['column "a": precision is 1 to 76', { kind: 'decimal', scale: 0 }],
    ['column "a": length is 1 to 64', { kind: 'bytes', length: 0 }],
    ['column "a": length is 1 to 64', { kind: 'bytes', length: 65 }],
    ['column "a": scale is 0 to its precision, 4', { kind: 'decimal', precision: 4, scale: 5 }],
    ['column "a": scale is', { kind: 'decimal', precision: 4, scale: 0.5 }],
    ['column "a": scale is', { kind: 'decimal', precision: 4, scale: -1 }],
    ['column "a": unit is one of ms, us, ns', { kind: 'time', unit: 's', utc: true }],
    ['column "a" must say utc', { kind: 'timestamp', unit: 'ms' }],
    ['column "a.element" must have a type', { kind: 'list' }],
    ['column "a.element" must say nullable', { kind: 'list', element: { type: 'int8' } }],
    ['column "a.key" must have a type', { kind: 'map', value: part('int8') }],
    ['column "a.key" is nested', { kind: 'map', key: 'json', value: part('int8') }],
    ['column "a.key" is nested', { kind: 'map', key: nested(2), value: part('int8') }],
    ['column "a.value" must have a type', { kind: 'map', key: 'string' }],
    ['of column "a", it has no fields', { kind: 'struct', fields: [] }],
    ['of column "a", its fields are no list', { kind: 'struct', fields: {} }],
    ['of column "a", column 0 has no name', { kind: 'struct', fields: [part('int8')] }],
    [
      'it names column "a.b" twice',
      { kind: 'struct', fields: [column('int8', 'b'), column('int8', 'b')] },
    ],
    [
      '"a.element.b": unit',
      { kind: 'list', element: part({ kind: 'struct', fields: [column({ kind: 'time' }, 'b')] }) },
    ],
  ])('says that %s of %j', (message, type) => {
    expect(() => check(column(type))).toThrowError(
      expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringContaining(message),
      }),
    )
  })

  test.each<[string, unknown[]]>([
    ['column 0 has no name', [null]],
    ['column 0 has no name', [{ type: 'int8', nullable: true }]],
    ['names column "a" twice', [column('int8'), column('string')]],
    ['surrogate', [column('int8', '\ud800')]],
    [`column "${'x'.repeat(100)}" must`, [column('nothing', 'x'.repeat(100_000))]],
  ])('refuses columns: %s', (message, fields) => {
    expect(() => check(...fields)).toThrow(message)
  })

  test('is bounded in depth, also where it has no end', () => {
    expect(() => check(column(nested(MAX_SCHEMA_DEPTH)))).not.toThrow()
    expect(() => check(column(nested(MAX_SCHEMA_DEPTH + 1)))).toThrow('deeper than 32 levels')
    const endless = { kind: 'list', element: { type: {}, nullable: false } }
    endless.element.type = endless
    expect(() => check(column(endless))).toThrow('deeper than 32 levels')
  })

  test('is bounded in columns, with the parts of nested ones', () => {
    const fields = Array.from({ length: MAX_SCHEMA_COLUMNS }, (_, i) => column('int8', `c${i}`))
    expect(() => check(...fields)).not.toThrow()
    expect(() => check(...fields, column('int8'))).toThrow('more than 10000 columns')
    expect(() => check(column({ kind: 'struct', fields }))).toThrow('more than 10000 columns')
  })
})
