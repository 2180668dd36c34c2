import type { DriftEvent, Rejection, Row, Schema } from '../../../contracts/index.ts'
import { checkRow, holdsSchema, widenedSchema } from '../../../core/infer.ts'
import { pointerStep, refuseRecord } from '../../../core/json.ts'
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
    const changes = changesOf(before, schema)
    if (versions.length >= MAX_VERSIONS || schema.fields.length > MAX_COLUMNS) {
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

function changesOf(before: Schema, after: Schema): DriftEvent['changes'] {
  const known = new Map(before.fields.map((field) => [field.name, field]))
  return after.fields.flatMap(({ name, type, nullable }) => {
    const old = known.get(name)
    const changes: string[] = []
    if (!old) changes.push(`is new, of type ${type}`)
    else if (old.type !== type) changes.push(`was of type ${old.type}, and is ${type}`)
    if (old && old.nullable !== nullable) changes.push('may be missing')
    return changes.map((change) => ({ path: pointerStep(name), change }))
  })
}
