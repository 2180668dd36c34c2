import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Field, FieldType, Row } from '../../../src/contracts/index.ts'
import { checkRow } from '../../../src/core/schemas/check-row.ts'
import { guidedInferrer } from '../../../src/core/schemas/guided-inferrer.ts'
import { checkColumnsRecord } from '../../../src/formats/check-record.ts'
import { anyTyped } from './arbitraries.ts'

const column = (name: string, type: FieldType, nullable = false): Field => ({
  name,
  type,
  nullable,
})

function guided(said: readonly Field[], ...rows: Row[]): readonly Field[] {
  const inferrer = guidedInferrer({ fields: said })
  // As batches come: a column that failed once stays as it is.
  for (const row of rows) inferrer.add([row])
  return inferrer.schema().fields
}

test('a column has the type that was said if all values fit it', () => {
  expect(guided([column('a', 'int64')], { a: 1 }, { a: 2 })).toEqual([column('a', 'int64')])
  expect(
    guided([column('a', 'date')], { a: '2026-01-01' }, { a: 'x' }, { a: '2026-01-01' }),
  ).toEqual([column('a', 'string')])
  const moments = [{ a: '2026-01-01T00:00:00Z' }, { a: new Date(0) }]
  expect(guided([column('a', 'timestamp')], ...moments)).toEqual([column('a', 'timestamp')])
  expect(guided([column('a', 'timestamp')], { a: '2026-01-01T00:00:00' })).toEqual([
    column('a', 'string'),
  ])
})

test('what was said to be nullable is, and so is what is missing', () => {
  const said = [
    column('a', 'int64', true),
    column('b', 'int64'),
    column('c', 'date'),
    column('d', 'enum'),
  ]
  expect(guided(said, { a: 1, b: null, d: 'x' }, { a: 1, b: 2, d: 'x' })).toEqual([
    column('a', 'int64', true),
    column('b', 'int64', true),
    column('d', 'enum'),
    column('c', 'date', true),
  ])
})

test('columns of which nothing was said are inferred, in their place', () => {
  expect(guided([column('b', 'int64')], { a: 1, b: 1 })).toEqual([
    column('a', 'int32'),
    column('b', 'int64'),
  ])
  expect(guided([column('constructor', 'int64')], { a: 1 })).toEqual([
    column('a', 'int32'),
    column('constructor', 'int64', true),
  ])
})

test('every row fits, whatever was said', () => {
  fc.assert(
    fc.property(fc.array(anyTyped, { minLength: 1 }), anyTyped, (all, { type }) => {
      const rows = all.map(({ value }) => ({ v: value })).filter((row) => !checkColumnsRecord(row))
      const fields = guided([column('v', type)], ...rows)
      for (const row of rows) expect(checkRow({ fields }, row)).toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})
