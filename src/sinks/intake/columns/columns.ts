import type { DriftEvent, Encoding, Schema, StandardSchemaLike } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { checkRow } from '../../../core/schemas/check-row.ts'
import { fingerprint } from '../../../core/schemas/fingerprint.ts'
import { saysColumns, schemaOf } from '../../../core/schemas/schema-of.ts'
import { evolvingColumns } from './evolving-columns.ts'
import { REST, restColumns } from './rest-columns.ts'
import { type Columns, isOf, type Version } from './version.ts'

/** What becomes of records that the columns of a stream have no place for. */
export type Drift = 'reject' | 'rest' | 'evolve'

export interface ColumnsOptions {
  /** The `extension` of the format. */
  readonly format: string
  readonly run: string | undefined
  readonly schema: Schema | StandardSchemaLike | undefined
  readonly drift: Drift
  readonly tell: (event: DriftEvent) => void
}

/** The declared columns; `undefined` where there are none, or a validator instead. */
export function declaredColumns(
  schema: Schema | StandardSchemaLike | undefined,
): Schema | undefined {
  // Some validators have `fields` of their own.
  return schema && !('~standard' in schema) ? schema : undefined
}

/** The columns that a validator says, as far as it does: what may be anything is left to the records. */
export function saidColumns(schema: Schema | StandardSchemaLike | undefined): Schema | undefined {
  if (!schema || !('~standard' in schema)) return undefined
  try {
    if (!saysColumns(schema)) return undefined
    return { fields: schemaOf(schema).fields.filter(({ type }) => type !== 'json') }
  } catch {
    return undefined
  }
}

/** Throws `invalid-options` for columns that cannot drift so. */
export async function columnsOf(options: ColumnsOptions): Promise<Columns> {
  const { format, run, drift, tell } = options
  const schema = declaredColumns(options.schema)
  const encoding = (columns: Schema | undefined): Encoding => ({
    format,
    schema: columns,
    ...(run !== undefined && { run }),
  })
  if (!schema) return anyColumns(encoding(undefined))
  const version = async (columns: Schema): Promise<Version> => ({
    word: await fingerprint(columns),
    encoding: encoding(columns),
  })
  if (drift === 'evolve') return evolvingColumns(await version(schema), version, tell)
  if (drift === 'rest') return restColumns(schema, version, tell)
  const base = await version(schema)
  return {
    base,
    asItIs: schema,
    place: (row) => checkRow(schema, row) ?? { row, version: base },
    takesUp: (lane) => isOf(base, lane),
  }
}

/** Each file has the columns that its records have. */
function anyColumns(encoding: Encoding): Columns {
  const base: Version = { word: 'auto', encoding }
  return {
    base,
    asItIs: undefined,
    place: (row) => ({ row, version: base }),
    takesUp: (lane) => isOf(base, lane),
  }
}

/** Throws `invalid-options` where the columns leave no room for the drift. */
export function checkDrift(drift: Drift, schema: Schema | undefined): void {
  if (drift === 'reject') return
  if (drift !== 'rest' && drift !== 'evolve') throw refused('drift is one of reject, rest, evolve')
  if (!schema) throw refused(`drift: '${drift}' needs a schema of columns`)
  if (drift === 'rest' && schema.fields.some(({ name }) => name === REST)) {
    throw refused(`the column "${REST}" is the one that drift: 'rest' adds`)
  }
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `createSink: ${why}`)
}
