import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FieldType, ScalarType, Schema } from '../../../src/contracts/index.ts'
import { holdsSchema, holdsType } from '../../../src/core/schemas/holds-schema.ts'
import { valueFault } from '../../../src/core/schemas/value-fault.ts'
import { checkColumnsRecord } from '../../../src/formats/check-record.ts'
import { anyTyped, SCALARS } from './arbitraries.ts'

describe('holdsSchema', () => {
  test.each<[FieldType, FieldType, boolean]>([
    ['int64', 'int32', true],
    ['double', 'int32', true],
    ['double', 'int64', false],
    ['int32', 'int64', false],
    ['json', 'string', true],
    ['string', 'json', false],
    ['timestamp', 'timestamp', true],
  ])('%s holds %s: %s', (wide, narrow, held) => {
    const of = (type: FieldType): Schema => ({ fields: [{ name: 'v', type, nullable: false }] })
    expect(holdsSchema(of(wide), of(narrow))).toBe(held)
    expect(holdsSchema({ fields: [] }, of(narrow))).toBe(false)
    expect(holdsSchema(of(wide), { fields: [] })).toBe(false)
  })

  const decimal = (precision: number, scale: number): FieldType => ({
    kind: 'decimal',
    precision,
    scale,
  })
  const list = (type: FieldType, nullable: boolean): FieldType => ({
    kind: 'list',
    element: { type, nullable },
  })
  const struct = (names: string, nullable = true): FieldType => ({
    kind: 'struct',
    fields: [...names].map((name) => ({ name, type: 'int8', nullable })),
  })
  const map = (key: FieldType, type: FieldType): FieldType => ({
    kind: 'map',
    key,
    value: { type, nullable: true },
  })

  test.each<[FieldType, FieldType, boolean]>([
    ['int16', 'uint8', true],
    ['int16', 'uint16', false],
    ['int64', 'uint32', true],
    ['int64', 'uint64', false],
    ['uint64', 'int8', false],
    ['uint64', 'uint32', true],
    ['double', 'uint32', true],
    ['double', 'float32', true],
    ['float32', 'float16', true],
    ['float32', 'int32', false],
    ['float16', 'double', false],
    ['string', 'enum', true],
    ['string', 'uuid', false],
    ['bytes', { kind: 'bytes', length: 3 }, true],
    ['string', { kind: 'bytes', length: 3 }, false],
    [{ kind: 'bytes', length: 3 }, 'bytes', false],
    [{ kind: 'bytes', length: 3 }, { kind: 'bytes', length: 3 }, true],
    [{ kind: 'bytes', length: 3 }, { kind: 'bytes', length: 4 }, false],
    ['timestamp', 'date', false],
    [{ kind: 'timestamp', unit: 'us', utc: true }, 'timestamp', true],
    [{ kind: 'timestamp', unit: 'ns', utc: true }, 'timestamp', false],
    [{ kind: 'timestamp', unit: 'us', utc: false }, 'timestamp', false],
    [
      { kind: 'timestamp', unit: 'us', utc: true },
      { kind: 'timestamp', unit: 'ms', utc: true },
      false,
    ],
    ['timestamp', { kind: 'timestamp', unit: 'ms', utc: true }, false],
    [decimal(10, 2), decimal(8, 0), true],
    [decimal(10, 2), decimal(9, 0), false],
    [decimal(10, 2), decimal(3, 3), false],
    ['variant', list('json', true), true],
    ['json', struct('a'), true],
    [list('int16', true), list('int8', false), true],
    [list('int16', false), list('int8', true), false],
    [struct('ab'), struct('a'), true],
    [struct('ba'), struct('ab'), true],
    [struct('a'), struct('ab'), false],
    [struct('ab', false), struct('a'), false],
    [map('string', 'int16'), map('enum', 'int8'), true],
    [map('int8', 'int8'), map('int16', 'int8'), false],
    [list('int8', true), struct('a'), false],
  ])('%j holds %j: %s', (wide, narrow, held) => {
    expect(holdsType(wide, narrow)).toBe(held)
  })

  test('every type holds itself, and what holds a type takes its values', () => {
    fc.assert(
      fc.property(anyTyped, anyTyped, ({ type, value }, { type: other }) => {
        expect(holdsType(type, type)).toBe(true)
        fc.pre(checkColumnsRecord({ value }) === undefined)
        expect(valueFault(type, value)).toBeUndefined()
        if (holdsType(other, type)) expect(valueFault(other, value)).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })

  test('what holds what holds a type holds the type', () => {
    const words = Object.keys(SCALARS) as ScalarType[]
    const types: FieldType[] = [...words, decimal(9, 2), decimal(12, 2), decimal(12, 4)]
    for (const unit of ['ms', 'us', 'ns'] as const) {
      for (const utc of [true, false]) types.push({ kind: 'timestamp', unit, utc })
    }
    types.push(list('int8', true), list('int16', true), struct('a'), struct('ab'), struct('abc'))
    for (const a of types) {
      for (const b of types.filter((type) => holdsType(a, type))) {
        const lost = types.filter((type) => holdsType(b, type) && !holdsType(a, type))
        expect([a, b, lost]).toEqual([a, b, []])
      }
    }
  })
})
