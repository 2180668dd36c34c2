import { describe, expect, test } from 'vitest'
import type { ElementType, Field, FieldType } from '../../../src/contracts/index.ts'
import { schemaOfJsonSchema } from '../../../src/core/schemas/schema-of-json-schema.ts'

/** The column of a required property that is described so. */
function columnOf(described: unknown, more: object = {}): ElementType {
  const { fields } = schemaOfJsonSchema({
    type: 'object',
    properties: { v: described },
    required: ['v'],
    ...more,
  })
  const [{ type, nullable }] = fields as [Field]
  return { type, nullable }
}

const list = (type: FieldType, nullable = false): FieldType => ({
  kind: 'list',
  element: { type, nullable },
})
const struct = (...fields: [string, FieldType, boolean][]): FieldType => ({
  kind: 'struct',
  fields: fields.map(([name, type, nullable]) => ({ name, type, nullable })),
})
const map = (type: FieldType, nullable = false): FieldType => ({
  kind: 'map',
  key: 'string',
  value: { type, nullable },
})

describe('schemaOfJsonSchema', () => {
  test.each<[unknown, FieldType]>([
    [{ type: 'boolean' }, 'boolean'],
    [{ type: 'integer' }, 'int64'],
    [{ type: 'integer', minimum: 0 }, 'int64'],
    [{ type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }, 'int32'],
    [{ type: 'integer', minimum: 0, maximum: 2 ** 31 }, 'int64'],
    [{ type: 'integer', format: 'uint8' }, 'uint8'],
    [{ type: 'integer', format: 'toString' }, 'int64'],
    [{ type: 'number' }, 'double'],
    [{ type: 'number', format: 'float' }, 'float32'],
    [{ type: 'string' }, 'string'],
    [{ type: 'string', format: 'email' }, 'string'],
    [{ type: 'string', format: 'date-time' }, 'timestamp'],
    [{ type: 'string', format: 'date' }, 'date'],
    [{ type: 'string', format: 'uuid' }, 'uuid'],
    [{ type: 'string', format: 'byte' }, 'bytes'],
    [{ type: 'string', contentEncoding: 'base64' }, 'bytes'],
    [{ type: 'string', enum: ['a', 'b'] }, 'enum'],
    [{ const: 'a' }, 'enum'],
    [{ const: 5 }, 'double'],
    [{ type: 'integer', enum: [1, 2] }, 'int32'],
    [{ enum: [1, 'a'] }, 'json'],
    [{ enum: [true, false] }, 'boolean'],
    [{ type: 'array', items: { type: 'string' } }, list('string')],
    [{ type: 'array', items: { type: ['string', 'null'] } }, list('string', true)],
    [{ type: 'array' }, list('json', true)],
    [
      { type: 'array', prefixItems: [{ type: 'number' }, { type: 'null' }], items: false },
      list('double', true),
    ],
    [{ type: 'array', prefixItems: [{ type: 'number' }] }, list('json', true)],
    [
      { type: 'array', items: [{ type: 'string' }, { type: 'boolean' }], additionalItems: false },
      list('json'),
    ],
    [{ type: 'object' }, 'json'],
    [{ type: 'object', properties: {} }, 'json'],
    [{ type: 'object', additionalProperties: true }, 'json'],
    [{ type: 'object', additionalProperties: {} }, 'json'],
    [{ type: 'object', additionalProperties: { type: 'boolean' } }, map('boolean')],
    [
      {
        type: 'object',
        properties: { a: { type: 'boolean' }, b: { type: 'string' } },
        required: ['a'],
      },
      struct(['a', 'boolean', false], ['b', 'string', true]),
    ],
    [{ properties: { a: { type: 'boolean' } } }, struct(['a', 'boolean', true])],
    [{ type: 'object', properties: { a: {} }, additionalProperties: true }, 'json'],
    [{ type: 'object', properties: { a: {} }, additionalProperties: { type: 'string' } }, 'json'],
    [
      {
        anyOf: [
          { type: 'integer', format: 'int8' },
          { type: 'integer', format: 'int32' },
        ],
      },
      'int32',
    ],
    [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, 'json'],
    [{ type: ['integer', 'number'] }, 'json'],
    [
      {
        anyOf: [
          { properties: { k: { const: 'a' }, x: { type: 'boolean' } }, required: ['k', 'x'] },
          { properties: { k: { const: 'b' } }, required: ['k'] },
        ],
      },
      struct(['k', 'enum', false], ['x', 'boolean', true]),
    ],
    [
      {
        allOf: [
          { properties: { a: { type: 'string' } } },
          { properties: { a: { type: 'string' }, b: { type: 'boolean' } }, required: ['a'] },
        ],
        properties: { c: { type: 'number' } },
      },
      struct(['c', 'double', true], ['a', 'string', false], ['b', 'boolean', true]),
    ],
    [{ allOf: [{ type: 'string' }] }, 'string'],
    [{ allOf: [{ type: 'string' }, { minLength: 1 }] }, 'json'],
  ])('%j is %j', (described, type) => {
    expect(columnOf(described)).toEqual({ type, nullable: false })
  })

  test.each<[unknown, FieldType]>([
    [{ type: ['string', 'null'] }, 'string'],
    [{ anyOf: [{ type: 'null' }, { type: 'string', format: 'date' }] }, 'date'],
    [{ enum: ['a', null] }, 'enum'],
    [{ type: 'null' }, 'json'],
    [{ const: null }, 'json'],
    [{}, 'json'],
    [true, 'json'],
    [false, 'json'],
    [5, 'json'],
    [{ type: 'any' }, 'json'],
    [{ $ref: 'https://example.org/a.json' }, 'json'],
    [{ $ref: '#/nothing/here' }, 'json'],
  ])('%j is %j, nullable', (described, type) => {
    expect(columnOf(described)).toEqual({ type, nullable: true })
  })

  test('finds references by their pointer, in either draft', () => {
    const $defs = { 'a/b~c d': { type: 'integer' } }
    expect(columnOf({ $ref: '#/$defs/a~1b~0c%20d' }, { $defs }).type).toBe('int64')
    const definitions = { a: { $ref: '#/definitions/b' }, b: { type: 'boolean' } }
    expect(columnOf({ $ref: '#/definitions/a' }, { definitions }).type).toBe('boolean')
    const root = { $ref: '#/$defs/row', $defs: { row: { properties: { v: { type: 'string' } } } } }
    expect(schemaOfJsonSchema(root).fields).toEqual([{ name: 'v', type: 'string', nullable: true }])
  })

  test('what lies in itself is json where it begins again', () => {
    const node = {
      properties: { name: { type: 'string' }, next: { $ref: '#/$defs/node' } },
      required: ['name'],
    }
    const once = struct(['name', 'string', false], ['next', 'json', true])
    expect(columnOf({ $ref: '#/$defs/node' }, { $defs: { node } }).type).toEqual(once)
    expect(columnOf({ type: 'array', items: { $ref: '#' } }).type).toEqual(list('json', true))
    const endless = { $ref: '#/$defs/a' }
    expect(columnOf(endless, { $defs: { a: endless } }).type).toBe('json')
  })

  test('the columns of a document that takes other keys are those that it names', () => {
    const { fields } = schemaOfJsonSchema({
      properties: { v: { type: 'string' } },
      additionalProperties: true,
    })
    expect(fields).toEqual([{ name: 'v', type: 'string', nullable: true }])
    const choices = { anyOf: [{ properties: { v: { type: 'string' } }, additionalProperties: {} }] }
    expect(schemaOfJsonSchema(choices).fields).toEqual(fields)
  })

  test.each([
    [5],
    [null],
    [true],
    [{}],
    [{ type: 'string' }],
    [{ type: 'object' }],
    [{ type: 'object', additionalProperties: { type: 'string' } }],
    [{ anyOf: [{ type: 'string' }, { properties: { a: {} } }] }],
  ])('%j describes no object with properties', (described) => {
    expect(() => schemaOfJsonSchema(described)).toThrowError(
      expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringContaining('no object'),
      }),
    )
  })

  test('is bounded in depth and in parts', () => {
    let deep: unknown = { type: 'string' }
    for (let i = 0; i < 100_000; i++) deep = { type: 'array', items: deep }
    expect(JSON.stringify(columnOf(deep)).match(/list/g)?.length).toBeLessThan(32)
    // Each is twice the one before it.
    const $defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `d${i}`,
        { properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } } },
      ]),
    )
    expect(() => columnOf({ $ref: '#/$defs/d0' }, { $defs })).toThrow('more than 10000 parts')
  })
})
