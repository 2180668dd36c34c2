import type { Field, Row, ScalarType, Schema } from '../../contracts/index.ts'
import { fitsDouble } from '../values/doubles.ts'
import { fitsInteger } from '../values/integers.ts'
import { textValue } from '../values/text-value.ts'

/** Collects what rows hold, to find the narrowest schema that each of them fits. */
export interface SchemaInferrer {
  add(rows: Iterable<Row>): void
  /** The schema of all rows so far. Rows that a format's `check` passed fit it: `checkRow` finds nothing. */
  schema(): Schema
}

/**
 * Columns in the order in which their keys were first seen. `int32` widens to `int64`, and either to `double` as long
 * as every value stays exact; what disagrees beyond that, and nested data, is `json`. A column that was ever missing,
 * `null` or `undefined` is nullable. One that never had a value is a nullable `string`: every reader can hold that, and
 * the file that first has a value decides anew.
 *
 * `-0` counts as a `double`, since no integer column could give it back. A `bigint` is `int64` in the signed 64-bit range,
 * else `json`, unless it lies among doubles and is one: so come large doubles back from JSON.
 */
export function schemaInferrer(): SchemaInferrer {
  return inferrer(kindOf)
}

/**
 * The same for rows of texts, as CSV has them: a column has the type that each of its texts is by `textValue`, else
 * `string`. `null` and empty text count as no value.
 */
export function textSchemaInferrer(): SchemaInferrer {
  const found = inferrer((text) => (text === '' ? 0 : kindOfText(String(text))))
  return {
    add: found.add,
    schema() {
      const { fields } = found.schema()
      // Where texts disagree they still have one type in common.
      return {
        fields: fields.map((field) =>
          field.type === 'json' ? { ...field, type: 'string' } : field,
        ),
      }
    },
  }
}

const BOOLEAN = 1 << 0
const INT32 = 1 << 1
/** Safe integers outside `int32`. */
const INT53 = 1 << 2
const DOUBLE = 1 << 3
/** In the signed 64-bit range, and a double as well. */
const BIG_EITHER = 1 << 4
const BIG_INT64 = 1 << 5
const BIG_DOUBLE = 1 << 6
const STRING = 1 << 7
const BYTES = 1 << 8
const TIMESTAMP = 1 << 9
const JSON_ONLY = 1 << 10

/** The kinds that each type can hold, narrowest type first. */
const HOLDS: readonly (readonly [ScalarType, number])[] = [
  ['boolean', BOOLEAN],
  ['int32', INT32],
  ['int64', INT32 | INT53 | BIG_EITHER | BIG_INT64],
  ['double', INT32 | INT53 | DOUBLE | BIG_EITHER | BIG_DOUBLE],
  ['string', STRING],
  ['bytes', BYTES],
  ['timestamp', TIMESTAMP],
]

interface Column {
  kinds: number
  /** How many rows had a value for it. */
  values: number
}

/** `kindOf` gives 0 for what counts as no value. */
function inferrer(kindOf: (value: unknown) => number): SchemaInferrer {
  const columns = new Map<string, Column>()
  let rowCount = 0
  return {
    add(rows) {
      for (const row of rows) {
        rowCount++
        for (const key of Object.keys(row)) {
          const column = columns.get(key) ?? { kinds: 0, values: 0 }
          if (column.kinds === 0) columns.set(key, column)
          const value = row[key]
          const kind = value === null || value === undefined ? 0 : kindOf(value)
          if (kind === 0) continue
          column.kinds |= kind
          column.values++
        }
      }
    },
    schema: () => ({
      fields: Array.from(
        columns,
        ([name, { kinds, values }]): Field => ({
          name,
          type: kinds === 0 ? 'string' : typeOf(kinds),
          nullable: values < rowCount,
        }),
      ),
    }),
  }
}

function typeOf(kinds: number): ScalarType {
  // Integers too large for int64 are a `double` only among real ones: alone, they may be ids.
  const all = kinds & BIG_DOUBLE && !(kinds & DOUBLE) ? kinds | JSON_ONLY : kinds
  for (const [type, holds] of HOLDS) if ((all & ~holds) === 0) return type
  return 'json'
}

/** The type of a column that holds this value alone. */
export function inferredType(value: unknown): ScalarType {
  return typeOf(kindOf(value))
}

function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'string':
      return STRING
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return DOUBLE
      return (value | 0) === value ? INT32 : INT53
    case 'bigint':
      if (fitsInteger(value, 'int64')) return fitsDouble(value) ? BIG_EITHER : BIG_INT64
      return fitsDouble(value) ? BIG_DOUBLE : JSON_ONLY
    default:
      if (value instanceof Date) return TIMESTAMP
      return value instanceof Uint8Array ? BYTES : JSON_ONLY
  }
}

function kindOfText(text: string): number {
  const value = textValue(text)
  // `1.0` means a fraction that happens to be whole.
  return typeof value === 'number' && text.includes('.') ? DOUBLE : kindOf(value)
}
