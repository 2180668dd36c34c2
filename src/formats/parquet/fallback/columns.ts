import type { SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import type { Field, Rejection, Row, Schema } from '../../../contracts/index.ts'
import { utf8Length } from '../../../core/bytes.ts'
import { jsonText, pointerStep, refuseRecord } from '../../../core/json.ts'
import { isWellFormed } from '../../../core/keys.ts'
import { checkRow } from '../../../core/schemas/check-row.ts'
import { timeOf } from '../../../core/values/time-of.ts'
import type { Written } from './check-fallback.ts'

/** The values of one column of one row group. */
export interface Column {
  /** Takes the row's value, which fits the field. Returns about how much memory it takes. */
  add(row: Row): number
  data(): ColumnSource
  /** Remembers what there is: what it returns forgets what came after. */
  mark(): () => void
}

/** What a value and its place in an array take in memory, near enough, apart from the bytes of texts. */
const SCALAR_BYTES = 16
const BIGINT_BYTES = 32
const ARRAY_BYTES = 96

/** The types as Parquet has them. JSON is plain text while it is written: the writer would encode it once more. */
const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const ELEMENTS: Readonly<Record<Written, Omit<SchemaElement, 'name'>>> = {
  boolean: { type: 'BOOLEAN' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  string: TEXT,
  bytes: { type: 'BYTE_ARRAY' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  json: TEXT,
}

/** The schema that the writer encodes values by. */
export function writingSchema(schema: Schema): SchemaElement[] {
  return elements(schema, ELEMENTS)
}

/** The schema that goes into the footer. A converted type alone does not say that times are in UTC, and readers differ in what they take it for. */
export function fileSchema(schema: Schema): SchemaElement[] {
  return elements(schema, {
    ...ELEMENTS,
    timestamp: {
      ...ELEMENTS.timestamp,
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    },
    json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  })
}

function elements(schema: Schema, types: typeof ELEMENTS): SchemaElement[] {
  return [
    { name: 'root', num_children: schema.fields.length },
    ...schema.fields.map(
      ({ name, type, nullable }): SchemaElement => ({
        name,
        repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
        ...types[type as Written],
      }),
    ),
  ]
}

/** Why the row cannot be written, or `undefined`. The writer would put U+FFFD in the place of a lone surrogate. */
export function rowFault(schema: Schema, row: Row): Rejection | undefined {
  const rejection = checkRow(schema, row)
  if (rejection) return rejection
  const field = schema.fields.find(({ name, type }) => {
    const value = type === 'string' && Object.hasOwn(row, name) ? row[name] : undefined
    return typeof value === 'string' && !isWellFormed(value)
  })
  const message = 'holds a lone surrogate, which UTF-8 cannot express'
  return field && refuseRecord(pointerStep(field.name), message)
}

export function newColumn({ name, type }: Field): Column {
  const values: unknown[] = []
  const convert = CONVERT[type as Written]
  let negativeZero = false
  let notANumber = false
  return {
    add(row) {
      const given = Object.hasOwn(row, name) ? row[name] : undefined
      if (given === null || given === undefined) {
        values.push(null)
        return SCALAR_BYTES
      }
      const value = convert(given)
      values.push(value)
      if (Object.is(value, -0)) negativeZero = true
      if (Number.isNaN(value)) notANumber = true
      return sizeOf(value)
    },
    mark() {
      const before = { negativeZero, notANumber, count: values.length }
      return () => {
        ;({ negativeZero, notANumber, count: values.length } = before)
      }
    },
    data: () => ({
      name,
      data: values,
      // A dictionary is keyed by a `Map`, to which `0` and `-0` are the same.
      ...(negativeZero && { encoding: 'PLAIN' as const }),
      // `NaN` is outside of all bounds, and DuckDB, to which it is the largest number, would skip the row group for them.
      ...(notANumber && { statistics: false }),
    }),
  }
}

const CONVERT: Readonly<Record<Written, (value: unknown) => unknown>> = {
  boolean: (value) => value,
  int32: (value) => (value as number) | 0,
  int64: (value) => BigInt(value as number | bigint),
  double: (value) => Number(value),
  string: (value) => value,
  // Copied: it is held until the row group is written, and the buffer under it is the caller's.
  bytes: (value) => new Uint8Array(value as Uint8Array),
  timestamp: (value) => BigInt(timeOf(value) as number),
  json: (value) =>
    typeof value === 'number' && !Number.isFinite(value) ? `"${value}"` : jsonText(value),
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return SCALAR_BYTES + utf8Length(value)
  if (typeof value === 'bigint') return BIGINT_BYTES
  return value instanceof Uint8Array ? ARRAY_BYTES + value.byteLength : SCALAR_BYTES
}
