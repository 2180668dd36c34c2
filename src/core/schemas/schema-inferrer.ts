import type {
  ElementType,
  Field,
  FieldType,
  Inference,
  Row,
  Schema,
} from '../../contracts/index.ts'
import { isWellFormed } from '../keys.ts'
import { textValue } from '../values/text-value.ts'
import { MAX_SCHEMA_COLUMNS, MAX_SCHEMA_DEPTH } from './check-schema.ts'
import { DOUBLE, kindOf, LIST, OTHER, STRUCT, scalarOf } from './kinds.ts'

/** Collects what rows hold, to find the narrowest schema that each of them fits. */
export interface SchemaInferrer {
  add(rows: Iterable<Row>): void
  /** The schema of all rows so far. Rows that a format's `check` passed fit it: `checkRow` finds nothing. */
  schema(): Schema
}

/**
 * Columns in the order in which their keys were first seen. `int32` widens to `int64`, and either to `double` as long
 * as every value stays exact; what disagrees beyond that is `mixed`, and so is nested data unless `nested` asks for columns: then
 * arrays are lists, and objects are structs of all keys that were seen, as long as a column has at most 1,000 parts, all of them together
 * as many as a schema may have, and none lies deeper than that may be; objects that were always empty are `mixed`. A column or part that
 * was ever missing, `null` or `undefined` is nullable. One that never had a value is a nullable `string`: every reader can hold
 * that, and the file that first has a value decides anew.
 *
 * `-0` counts as a `double`, since no integer column could give it back. A `bigint` is `int64` in the signed 64-bit range,
 * else `mixed`, unless it lies among doubles and is one: so come large doubles back from JSON.
 */
export function schemaInferrer(inference: Inference = {}): SchemaInferrer {
  return inferrer(kindOf, inference)
}

/**
 * The same for rows of texts, as CSV has them: a column has the type that each of its texts is by `textValue`, else
 * `string`. `null` and empty text count as no value.
 */
export function textSchemaInferrer(): SchemaInferrer {
  const found = inferrer((text) => (text === '' ? 0 : kindOfText(String(text))), {})
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

/** The type of a column that holds this value alone, nested data whole. */
export function inferredType(value: unknown): FieldType {
  return scalarOf(kindOf(value)) ?? 'json'
}

function kindOfText(text: string): number {
  const value = textValue(text)
  // `1.0` means a fraction that happens to be whole.
  return typeof value === 'number' && text.includes('.') ? DOUBLE : kindOf(value)
}

/** What was found in one place of the rows. */
interface Part {
  kinds: number
  /** How many values were there. */
  values: number
  /** Of the arrays among them: what they hold, and how many of it. */
  items?: { readonly part: Part; count: number }
  /** Of the objects among them. */
  members?: Members
}

interface Members {
  readonly parts: Map<string, Part>
  /** How many objects they were found in. */
  count: number
}

/** A column, and how many parts it has come to: where these are too many it is no longer looked into. */
interface Column extends Part {
  parts: number
}

/** Objects with more keys than that are seldom structs, but maps from what somebody made up. */
const MAX_PARTS = 1000

/** `kindOf` gives 0 for what counts as no value. */
function inferrer(
  kindOf: (value: unknown) => number,
  { mixed = 'json', nested = 'whole' }: Inference,
): SchemaInferrer {
  const columns = new Map<string, Column>()
  let rowCount = 0
  /** Of all columns that are looked into. */
  let partCount = 0

  const look = (column: Column, part: Part, value: unknown, depth: number): void => {
    if (value === null || value === undefined) return
    const kind = kindOf(value)
    if (kind === 0) return
    part.values++
    part.kinds |= kind
    if ((kind & (LIST | STRUCT)) === 0 || column.parts > MAX_PARTS) return
    if (nested === 'whole' || depth >= MAX_SCHEMA_DEPTH || partCount > MAX_SCHEMA_COLUMNS) {
      part.kinds |= OTHER
    } else if (kind === LIST) lookIntoArray(column, part, value as readonly unknown[], depth + 1)
    else lookIntoObject(column, part, value as Row, depth + 1)
  }
  const newPart = (column: Column): Part => {
    column.parts++
    partCount++
    return { kinds: 0, values: 0 }
  }
  const lookIntoArray = (
    column: Column,
    part: Part,
    array: readonly unknown[],
    depth: number,
  ): void => {
    part.items ??= { part: newPart(column), count: 0 }
    part.items.count += array.length
    // By index, so that a hole is seen as the `undefined` that it reads as.
    for (let i = 0; i < array.length; i++) look(column, part.items.part, array[i], depth)
  }
  const lookIntoObject = (column: Column, part: Part, object: Row, depth: number): void => {
    part.members ??= { parts: new Map(), count: 0 }
    const { parts } = part.members
    part.members.count++
    for (const key of Object.keys(object)) {
      let member = parts.get(key)
      if (!member) {
        if (column.parts > MAX_PARTS) return
        member = newPart(column)
        parts.set(key, member)
        // No column can have such a name.
        if (!isWellFormed(key)) part.kinds |= OTHER
      }
      look(column, member, object[key], depth)
    }
  }
  /** With the whole of all nested data where there is too much of it. */
  const typeOf = (part: Part, isWhole: boolean): FieldType => {
    const { kinds, items, members } = part
    if (kinds === 0) return 'string'
    if (kinds === LIST && items && !isWhole) {
      return { kind: 'list', element: elementOf(items.part, items.count) }
    }
    if (kinds === STRUCT && members && members.parts.size > 0 && !isWhole) {
      return { kind: 'struct', fields: fieldsOf(members.parts, members.count) }
    }
    return scalarOf(kinds) ?? mixed
  }
  const elementOf = (part: Part, count: number, isWhole = false): ElementType => ({
    type: typeOf(part, isWhole),
    nullable: part.kinds === 0 || part.values < count,
  })
  const fieldsOf = (
    parts: ReadonlyMap<string, Part>,
    count: number,
    isWhole = false,
  ): readonly Field[] =>
    Array.from(parts, ([name, part]) => ({ name, ...elementOf(part, count, isWhole) }))

  return {
    add(rows) {
      for (const row of rows) {
        rowCount++
        for (const key of Object.keys(row)) {
          let column = columns.get(key)
          if (!column) {
            column = { kinds: 0, values: 0, parts: 0 }
            columns.set(key, column)
          }
          look(column, column, row[key], 1)
          if (column.parts > MAX_PARTS && (column.items || column.members)) {
            delete column.items
            delete column.members
            partCount -= column.parts
          }
        }
      }
    },
    schema() {
      const isTooMuch = columns.size + partCount > MAX_SCHEMA_COLUMNS
      return { fields: fieldsOf(columns, rowCount, isTooMuch) }
    },
  }
}
