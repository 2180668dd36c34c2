import type {
  DriftEvent,
  Field,
  FieldType,
  Rejection,
  Row,
  Schema,
  StructType,
} from '../../../contracts/index.ts'
import { pointerStep, refuseRecord } from '../../../core/json.ts'
import { isSameType } from '../../../core/schemas/canonical-type.ts'
import { checkRow } from '../../../core/schemas/check-row.ts'
import { countColumns } from '../../../core/schemas/count-columns.ts'
import { holdsSchema } from '../../../core/schemas/holds-schema.ts'
import { typeText } from '../../../core/schemas/type-text.ts'
import { widenedSchema } from '../../../core/schemas/widened-schema.ts'
import { type Columns, isOf, type Placed, type Version } from './version.ts'

/** A stream that changes more often has no columns: without a `schema` each file has those of its records. */
const MAX_VERSIONS = 32
const MAX_COLUMNS = 1000

/**
 * Columns that grow with what comes. Each version holds what the ones before it hold, and more; a record goes to the first that
 * it fits, so that two kinds of records that take turns are two lanes, and not a file for each turn. One that fits none makes a new
 * version of the last. Versions are told by their columns, so a restart that meets the same change makes the same one again;
 * those that the log has open are known from the start.
 */
export function evolvingColumns(
  base: Version,
  versionOf: (schema: Schema) => Promise<Version>,
  tell: (event: DriftEvent) => void,
): Columns {
  const versions = [base]

  async function widened(row: Row): Promise<Placed | Rejection> {
    // What is not there needs no column.
    const present = withoutNulls(row, schemaOf(versions.at(-1)))
    const known = fitting(present)
    if (known) return { row: present, version: known }
    const before = schemaOf(versions.at(-1))
    const schema = widenedSchema(before, present)
    const rejection = checkRow(schema, present)
    if (rejection) return rejection
    const changes = changesOf(before.fields, schema.fields)
    if (versions.length >= MAX_VERSIONS || countColumns(schema.fields) > MAX_COLUMNS) {
      const what = `needs other columns, and the stream has changed its columns too often`
      return refuseRecord(changes[0]?.path ?? '', what)
    }
    const version = await versionOf(schema)
    versions.push(version)
    tell({ type: 'drift', schema: version.word, columns: schema, changes })
    return { row: present, version }
  }

  const fitting = (row: Row): Version | undefined =>
    versions.find((version) => checkRow(schemaOf(version), row) === undefined)

  return {
    base,
    asItIs: schemaOf(base),
    place(row) {
      const version = fitting(row)
      return version ? { row, version } : widened(row)
    },
    takesUp(lane) {
      if (versions.some((version) => isOf(version, lane))) return true
      const { format, schema, run } = lane.encoding
      if (format !== base.encoding.format || run !== base.encoding.run) return false
      if (!schema || versions.length >= MAX_VERSIONS) return false
      if (!holdsSchema(schema, schemaOf(base))) return false
      versions.push({ word: lane.lane.schema, encoding: lane.encoding })
      versions.sort((a, b) => schemaOf(a).fields.length - schemaOf(b).fields.length)
      return true
    },
  }
}

function schemaOf(version: Version | undefined): Schema {
  return version?.encoding.schema as Schema
}

function withoutNulls(row: Row, { fields }: Schema): Row {
  const names = new Set(fields.map(({ name }) => name))
  const members = Object.entries(row)
  const kept = members.filter(([name, value]) => names.has(name) || (value ?? null) !== null)
  return kept.length === members.length ? row : Object.fromEntries(kept)
}

/** Within structs too, so that each change has its own path. */
function changesOf(
  before: readonly Field[],
  after: readonly Field[],
  within = '',
): DriftEvent['changes'] {
  const known = new Map(before.map((field) => [field.name, field]))
  return after.flatMap(({ name, type, nullable }) => {
    const path = within + pointerStep(name)
    const old = known.get(name)
    if (!old) return [{ path, change: `is new, of type ${typeText(type)}` }]
    const changes = typeChanges(old.type, type, path)
    return old.nullable === nullable ? changes : [...changes, { path, change: 'may be missing' }]
  })
}

function typeChanges(before: FieldType, after: FieldType, path: string): DriftEvent['changes'] {
  if (isSameType(before, after)) return []
  if (isStruct(before) && isStruct(after)) return changesOf(before.fields, after.fields, path)
  return [{ path, change: `was of type ${typeText(before)}, and is ${typeText(after)}` }]
}

function isStruct(type: FieldType): type is StructType {
  return typeof type === 'object' && type.kind === 'struct'
}
