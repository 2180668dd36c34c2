import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Field, FieldType } from '../../../src/contracts/index.ts'
import { schemaOf } from '../../../src/core/schemas/schema-of.ts'

const TAGS: FieldType = { kind: 'list', element: { type: 'string', nullable: false } }
const POINT: FieldType = {
  kind: 'struct',
  fields: [{ name: 'x', type: 'double', nullable: false }],
}
const EXPECTED: readonly Field[] = [
  { name: 'at', type: 'timestamp', nullable: false },
  { name: 'big', type: 'json', nullable: true },
  { name: 'id', type: 'int64', nullable: false },
  { name: 'kind', type: 'enum', nullable: false },
  { name: 'name', type: 'string', nullable: true },
  { name: 'ok', type: 'boolean', nullable: true },
  { name: 'point', type: POINT, nullable: false },
  { name: 'tags', type: TAGS, nullable: false },
]

test.each([
  [
    'zod',
    z.object({
      at: z.date(),
      big: z.bigint(),
      id: z.int(),
      kind: z.enum(['a', 'b']),
      name: z.string().optional(),
      ok: z.boolean().nullable(),
      point: z.object({ x: z.number() }),
      tags: z.array(z.string()),
    }),
  ],
  [
    'arktype',
    type({
      at: 'Date',
      big: 'bigint',
      id: 'number.integer',
      kind: "'a' | 'b'",
      'name?': 'string',
      ok: 'boolean | null',
      point: { x: 'number' },
      tags: 'string[]',
    }),
  ],
  [
    'valibot',
    toStandardJsonSchema(
      v.object({
        at: v.date(),
        big: v.bigint(),
        id: v.pipe(v.number(), v.integer()),
        kind: v.picklist(['a', 'b']),
        name: v.optional(v.string()),
        ok: v.nullable(v.boolean()),
        point: v.object({ x: v.number() }),
        tags: v.array(v.string()),
      }),
    ),
  ],
])('says the columns of what %s gives out', (_, validator) => {
  const { fields } = schemaOf(validator)
  expect([...fields].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(EXPECTED)
})

test('a transformation counts by its result', () => {
  const of = z.object({
    length: z.string().transform((text) => text.length),
    number: z.string().transform(Number).pipe(z.number()),
    moment: z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    }),
    defaulted: z.boolean().default(true),
  })
  const types = [
    ['length', 'json', true],
    ['number', 'double', false],
    ['moment', 'timestamp', false],
    ['defaulted', 'boolean', false],
  ]
  expect(schemaOf(of).fields.map(({ name, type, nullable }) => [name, type, nullable])).toEqual(
    types,
  )
  const lengthOf = v.object({
    l: v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
  })
  expect(schemaOf(toStandardJsonSchema(lengthOf)).fields[0]?.type).toBe('json')
})

test('a validator that lies in itself has columns', () => {
  const node = z.object({
    name: z.string(),
    get children() {
      return z.array(node)
    },
  })
  const { fields } = schemaOf(node)
  expect(fields.map(({ name }) => name)).toEqual(['name', 'children'])
})

test('of a validator that cannot say it, or of no object, there is no schema', () => {
  const silent = {
    '~standard': {
      jsonSchema: {
        output: () => {
          throw new TypeError('not here')
        },
      },
    },
  }
  expect(() => schemaOf(silent)).toThrowError(
    expect.objectContaining({ code: 'not-supported', cause: expect.any(TypeError) }),
  )
  expect(() => schemaOf(z.string())).toThrowError(
    expect.objectContaining({ code: 'invalid-options' }),
  )
})
