import type { Field, FieldType, Rejection, Row, Schema } from '../contracts/index.ts'
import { utf8 } from './bytes.ts'
import { sha256Hex } from './hash.ts'
import { jsonProblem, pointerStep, refuseRecord } from './json.ts'
import { fitsDouble } from './values/doubles.ts'
import { fitsInteger } from './values/integers.ts'
import { textValue } from './values/text-value.ts'

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
const HOLDS: readonly (readonly [FieldType, number])[] = [
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

function typeOf(kinds: number): FieldType {
  // Integers too large for int64 are a `double` only among real ones: alone, they may be ids.
  const all = kinds & BIG_DOUBLE && !(kinds & DOUBLE) ? kinds | JSON_ONLY : kinds
  for (const [type, holds] of HOLDS) if ((all & ~holds) === 0) return type
  return 'json'
}

/** Not in `HOLDS`: a column of JSON is what remains. */
function kindsHeld(type: FieldType): number {
  return HOLDS.find(([held]) => held === type)?.[1] ?? JSON_ONLY
}

/**
 * The narrowest schema that takes the row and all that `schema` takes: its columns, wider or nullable where the row needs it, and
 * behind them those that the row brings, nullable.
 */
export function widenedSchema(schema: Schema, row: Row): Schema {
  const fields = schema.fields.map(({ name, type, nullable }): Field => {
    const value = Object.hasOwn(row, name) ? row[name] : undefined
    if (value === null || value === undefined) return { name, type, nullable: true }
    if (TYPES[type](value) === undefined) return { name, type, nullable }
    return { name, type: typeOf(kindsHeld(type) | kindOf(value)), nullable }
  })
  const names = new Set(fields.map(({ name }) => name))
  const inferred = schemaInferrer()
  inferred.add([row])
  for (const { name, type } of inferred.schema().fields) {
    if (!names.has(name)) fields.push({ name, type, nullable: true })
  }
  return { fields }
}

/** Whether every row that fits `narrow` fits `wide`. */
export function holdsSchema(wide: Schema, narrow: Schema): boolean {
  const fields = new Map(wide.fields.map((field) => [field.name, field]))
  const taken = narrow.fields.every(({ name, type, nullable }) => {
    const field = fields.get(name)
    fields.delete(name)
    if (!field || (nullable && !field.nullable)) return false
    return field.type === 'json' || (kindsHeld(type) & ~kindsHeld(field.type)) === 0
  })
  return taken && [...fields.values()].every((field) => field.nullable)
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

/** 8 hex digits that stand for the schema: equal columns in the same order give the same ones, in every version. */
export async function fingerprint(schema: Schema): Promise<string> {
  const canonical = schema.fields.map(({ name, type, nullable }) => [name, type, nullable])
  return (await sha256Hex(utf8(JSON.stringify(canonical)))).slice(0, 8)
}

/**
 * Why this row does not fit the schema, or `undefined`: the first of a key that the schema lacks, a missing value of a
 * column that needs one, and a value of another type or out of its range. Integer columns take `-0` as 0; `double`
 * columns take a `bigint` that is a double; `json` columns take `NaN` and the infinities, which become their names.
 */
export function checkRow(schema: Schema, row: Row): Rejection | undefined {
  let present = 0
  for (const { name, type, nullable } of schema.fields) {
    // Not `row[name]` alone: every object inherits a `constructor`.
    const has = Object.hasOwn(row, name)
    if (has) present++
    const value = has ? row[name] : undefined
    if (value === null || value === undefined) {
      if (nullable) continue
      return refuseRecord(
        pointerStep(name),
        `is ${has ? value : 'missing'}, and the column is not nullable`,
      )
    }
    const fault = TYPES[type](value)
    if (typeof fault === 'string') return refuseRecord(pointerStep(name), fault)
    if (fault) return refuseRecord(pointerStep(name) + fault.path, fault.message)
  }
  const keys = Object.keys(row)
  if (keys.length === present) return undefined
  const names = new Set(schema.fields.map(({ name }) => name))
  const extra = keys.find((key) => !names.has(key))
  return extra === undefined ? undefined : refuseRecord(pointerStep(extra), NOT_A_COLUMN)
}

/** What is said of a key outside the schema. */
export const NOT_A_COLUMN = 'is not a column of the schema'

/** What is wrong with a value of the type; nested data names the place too. */
type Fault = string | { readonly path: string; readonly message: string } | undefined

const TYPES: Readonly<Record<FieldType, (value: unknown) => Fault>> = {
  boolean: (value) => (typeof value === 'boolean' ? undefined : misfit('a boolean', value)),
  int32: (value) =>
    typeof value === 'number' && value === (value | 0)
      ? undefined
      : misfit('an integer of 32 bits', value),
  int64: (value) =>
    Number.isSafeInteger(value) || (typeof value === 'bigint' && fitsInteger(value, 'int64'))
      ? undefined
      : misfit('an integer of 64 bits, as a bigint where a number is inexact', value),
  double: (value) =>
    typeof value === 'number' || (typeof value === 'bigint' && fitsDouble(value))
      ? undefined
      : misfit('a number that a double holds', value),
  string: (value) => (typeof value === 'string' ? undefined : misfit('a string', value)),
  bytes: (value) => (value instanceof Uint8Array ? undefined : misfit('a Uint8Array', value)),
  timestamp: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime())
      ? undefined
      : misfit('a valid Date', value),
  json: (value) => (typeof value === 'number' ? undefined : jsonProblem(value)),
}

function misfit(wanted: string, value: unknown): string {
  return `needs ${wanted}, not ${describe(value)}`
}

/** A value as part of a message: short, and never the whole of a text. */
function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 24
        ? `a string of ${value.length} characters`
        : `the string ${JSON.stringify(value)}`
    case 'number':
    case 'boolean':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `the bigint ${String(value).slice(0, 24)}`
    case 'object':
      if (Array.isArray(value)) return 'an array'
      if (value instanceof Date) return 'a Date'
      return value instanceof Uint8Array ? 'bytes' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
