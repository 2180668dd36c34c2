import type { DriftEvent, FieldType, Row, ScalarType, Schema } from '../../../contracts/index.ts'
import { pointerStep } from '../../../core/json.ts'
import { checkRow } from '../../../core/schemas/check-row.ts'
import { fitsDouble } from '../../../core/values/doubles.ts'
import { integerOfText, isSmallInteger } from '../../../core/values/integers.ts'
import { textValue } from '../../../core/values/text-value.ts'
import { type Columns, isOf, type Version } from './version.ts'

/** The column for what has none. */
export const REST = '_rest'

/** Names that are told only once. Anyone can make more up. */
const MAX_TOLD = 1000

/**
 * Columns that keep what has no column as one `json` column beside them, and take what another writer says in another way: text
 * that is exactly a value of its column's type, and integers as `bigint` or number, whichever the column takes. What fits no more
 * than before is refused as before: a column in which anything may lie is none.
 */
export async function restColumns(
  declared: Schema,
  version: (schema: Schema) => Promise<Version>,
  tell: (event: DriftEvent) => void,
): Promise<Columns> {
  const schema: Schema = {
    fields: [...declared.fields, { name: REST, type: 'json', nullable: true }],
  }
  const base = await version(schema)
  const types = new Map(declared.fields.map(({ name, type }) => [name, type]))
  const told = new Set<string>()

  const tellOf = (names: readonly string[]): void => {
    const fresh = names.filter((name) => !told.has(name)).slice(0, MAX_TOLD - told.size)
    if (fresh.length === 0) return
    for (const name of fresh) told.add(name)
    const changes = fresh.map((name) => ({
      path: pointerStep(name),
      change: `has no column, and is kept in ${REST}`,
    }))
    tell({ type: 'drift', schema: base.word, columns: schema, changes })
  }

  return {
    base,
    // A key of a record's own by the name of the column for the rest is one of the rest.
    asItIs: declared,
    place(row) {
      const isRest = Object.hasOwn(row, REST)
      if (!isRest && checkRow(schema, row) === undefined) return { row, version: base }
      const members: [string, unknown][] = []
      const rest: [string, unknown][] = []
      for (const [name, value] of Object.entries(row)) {
        const type = types.get(name)
        if (type === undefined) rest.push([name, value])
        else members.push([name, coerced(value, type)])
      }
      // Not by assignment: a key may be `__proto__`.
      if (rest.length > 0) members.push([REST, Object.fromEntries(rest)])
      const placed = Object.fromEntries(members) as Row
      const rejection = checkRow(schema, placed)
      if (rejection) return rejection
      tellOf(rest.map(([name]) => name))
      return { row: placed, version: base }
    },
    takesUp: (lane) => isOf(base, lane),
  }
}

/** Types that have values of their own for what a text says; all others take text, or nothing like it. */
const SAID_BY_TEXT: ReadonlySet<FieldType> = new Set<ScalarType>([
  'boolean',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'float32',
  'double',
])

/** The value as one of the type, where that says exactly the same; else itself. */
function coerced(value: unknown, type: FieldType): unknown {
  if (typeof value === 'bigint')
    return isSmallInteger(type) && fitsDouble(value) ? Number(value) : value
  if (typeof value !== 'string') return value
  if (!SAID_BY_TEXT.has(type)) return value
  return integerOfText(value) ?? textValue(value)
}
