import { expect, test } from 'vitest'
import type { FieldType } from '../../../src/contracts/index.ts'
import { typeText } from '../../../src/core/schemas/type-text.ts'

test.each<[FieldType, string]>([
  ['uint8', 'uint8'],
  [{ kind: 'bytes', length: 3 }, 'bytes(3)'],
  [{ kind: 'decimal', precision: 9, scale: 2 }, 'decimal(9, 2)'],
  [{ kind: 'time', unit: 'us', utc: false }, 'time(us)'],
  [{ kind: 'timestamp', unit: 'ns', utc: true }, 'timestamp(ns, utc)'],
  [{ kind: 'list', element: { type: 'string', nullable: true } }, 'list<string?>'],
  [
    {
      kind: 'map',
      key: 'uuid',
      value: {
        type: { kind: 'struct', fields: [{ name: 'x', type: 'int8', nullable: false }] },
        nullable: false,
      },
    },
    'map<uuid, struct<x: int8>>',
  ],
])('%j is %s', (type, text) => {
  expect(typeText(type)).toBe(text)
})

test('is short, whatever the type is', () => {
  const fields = [{ name: 'x'.repeat(100_000), type: 'int8', nullable: false }] as const
  expect(typeText({ kind: 'struct', fields })).toMatch(/^struct<x+…$/)
  expect(typeText({ kind: 'struct', fields })).toHaveLength(201)
})
