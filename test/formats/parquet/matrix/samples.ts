import fc from 'fast-check'
import type { Field, FieldType } from '../../../../src/contracts/index.ts'
import type { EncodedRows } from './compare.ts'
import { randomOptions } from './random-options.ts'
import { FLAT_TYPES, objectOf, orNull, words } from './types.ts'

const DEEPEST = 3

/** Not all that a name may be: DuckDB has no column without one, and hyparquet makes objects by assignment. */
const names = fc
  .oneof(words, fc.constantFrom('constructor', '1', 'a.b', 'list', 'element', '"', '\r\n'))
  .filter((name) => name !== '' && name !== '__proto__')

/** A map that hyparquet reads is an object, so these are keys whose text tells them apart. */
const keys = fc.constantFrom<FieldType>('string', 'int32', 'int64', 'uint8', 'uuid', 'date')

const decimals = fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat({ max: 38 })).map(
  ([precision, scale]): FieldType => ({
    kind: 'decimal',
    precision,
    scale: Math.min(precision, scale),
  }),
)

function types(depth: number): fc.Arbitrary<FieldType> {
  const flat = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...FLAT_TYPES) },
    { weight: 1, arbitrary: decimals },
  )
  if (depth === 0) return flat
  const inner = fc.record({ type: types(depth - 1), nullable: fc.boolean() })
  const list = inner.map((element): FieldType => ({ kind: 'list', element }))
  const map = fc.tuple(keys, inner).map(([key, value]): FieldType => ({ kind: 'map', key, value }))
  const struct = fields(depth - 1, 3).map((all): FieldType => ({ kind: 'struct', fields: all }))
  const nested = [list, map, struct].map((arbitrary) => ({ weight: 1, arbitrary }))
  return fc.oneof({ weight: 5, arbitrary: flat }, ...nested)
}

function fields(depth: number, maxLength: number): fc.Arbitrary<readonly Field[]> {
  return fc.uniqueArray(
    fc.record({ name: names, type: types(depth), nullable: fc.boolean() }),
    // DuckDB takes `a` and `A` for one.
    { selector: ({ name }) => name.toLowerCase(), minLength: 1, maxLength },
  )
}

/** Schemas of all types, rows that fit them, and options of the encoder. */
export const samples: fc.Arbitrary<EncodedRows> = fields(DEEPEST, 5).chain((all) => {
  const row = fc
    .tuple(...all.map((field) => fc.tuple(fc.constant(field.name), orNull(field))))
    .map(objectOf)
  // Some values often, so that dictionaries and runs are made.
  const rows = fc
    .array(row, { minLength: 1, maxLength: 8 })
    .chain((few) => fc.array(fc.constantFrom(...few), { maxLength: 60 }))
  return fc
    .record({
      schema: fc.constant({ fields: all }),
      rows,
      writes: fc.integer({ min: 1, max: 4 }),
      how: randomOptions(all),
    })
    .map(({ how, ...sample }) => ({ ...sample, ...how }))
})
