import type { FieldType, Schema } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'

const TYPES: Readonly<Record<FieldType, true>> = {
  boolean: true,
  int32: true,
  int64: true,
  double: true,
  string: true,
  bytes: true,
  timestamp: true,
  json: true,
}

/**
 * Refuses with `invalid-options` what only looks like columns, naming the column: a schema often comes from a configuration file, and
 * a wrong one would refuse every record.
 */
export function checkSchema(schema: Schema): void {
  const fields: unknown = schema.fields
  if (!Array.isArray(fields)) throw refused('its fields are no list of { name, type, nullable }')
  const names = new Set<string>()
  for (const [index, field] of (fields as Partial<Schema['fields'][number]>[]).entries()) {
    const { name, type, nullable } = field ?? {}
    if (typeof name !== 'string') throw refused(`column ${index} has no name`)
    const column = JSON.stringify(name.slice(0, 100))
    if (!Object.hasOwn(TYPES, type ?? '')) {
      throw refused(`column ${column} must have a type, one of ${Object.keys(TYPES).join(', ')}`)
    }
    if (typeof nullable !== 'boolean')
      throw refused(`column ${column} must say nullable: true or false`)
    if (names.has(name)) throw refused(`it names column ${column} twice`)
    names.add(name)
  }
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `The schema cannot be used: ${why}`)
}
