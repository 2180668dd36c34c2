import { describe, expect, test } from 'vitest'
import type { Field, FieldType, Schema } from '../../../src/contracts/index.ts'
import { fingerprint } from '../../../src/core/schemas/fingerprint.ts'

function columns(...fields: [string, FieldType, boolean?][]): Schema {
  return { fields: fields.map(([name, type, nullable = false]) => ({ name, type, nullable })) }
}

const NESTED: FieldType = {
  kind: 'map',
  key: 'string',
  value: {
    type: {
      kind: 'struct',
      fields: [{ name: 'x', type: { kind: 'time', unit: 'us', utc: false }, nullable: true }],
    },
    nullable: false,
  },
}

describe('fingerprint', () => {
  test('stands for names, types, nullability and order, and stays as it is', async () => {
    const schema = columns(['a', 'int32'], ['b', 'string'])
    expect(await fingerprint(schema)).toBe('d2b2aa00')
    const others = [
      columns(['b', 'string'], ['a', 'int32']),
      columns(['a', 'double'], ['b', 'string']),
      columns(['a', 'int32'], ['b', 'string', true]),
      columns(['a', 'int32']),
    ]
    const all = await Promise.all([schema, ...others].map(fingerprint))
    expect(new Set(all).size).toBe(all.length)
  })

  // What logs hold by these words must be found again by every later version.
  test.each<[Schema, string]>([
    [columns(), '4f53cda1'],
    [columns(['a', 'boolean'], ['b', 'int32', true], ['c', 'int64']), '9701611e'],
    [columns(['a', 'double'], ['b', 'string', true], ['c', 'bytes']), '0cd7d1ae'],
    [columns(['a', 'timestamp'], ['é"', 'json', true]), 'd0d00d90'],
    [columns(['a', { kind: 'decimal', precision: 9, scale: 2 }]), '0e2dfce9'],
    [columns(['a', NESTED]), '41a9ddfb'],
  ])('of %j is %s', async (schema, word) => {
    expect(await fingerprint(schema)).toBe(word)
  })

  test('does not depend on the order of keys, or on keys that mean nothing', async () => {
    const other = { nullable: true, note: 5, element: { nullable: false, type: 'date' } }
    const moved = { type: { ...other, kind: 'list' }, nullable: false, name: 'a' }
    const plain = columns(['a', { kind: 'list', element: { type: 'date', nullable: false } }])
    expect(await fingerprint({ fields: [moved as unknown as Field] })).toBe(
      await fingerprint(plain),
    )
  })
})
