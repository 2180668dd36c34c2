import type { Field, Schema } from '../../../../contracts/index.ts'
import { toBase64 } from '../../../../core/bytes.ts'
import { SluiceError } from '../../../../core/errors.ts'
import type { ColumnOptions } from '../../options.ts'
import type { Columns } from '../column-encoder.ts'
import type { ArrowTable } from './arrow-table.ts'
import { columnValues } from './chunk-values.ts'
import { schemaMessage } from './schema-message.ts'
import { elementOf, writtenAs } from './written-as.ts'

/** Where Arrow's readers look for the types that Parquet has no words for. @see https://arrow.apache.org/docs/cpp/parquet.html#serialization-details */
const HINT = 'ARROW:schema'

/** What `parquetColumns` writes of an Arrow table. */
export interface ArrowColumns {
  /** Of this table, and of all that have its schema: `parquetColumns(options)`, with others beside them. */
  readonly options: {
    readonly schema: Schema
    /** Dictionaries of texts stay dictionaries: pyarrow reads no other encoding of what it is told to be one. */
    readonly columns: Readonly<Record<string, ColumnOptions>>
    /** The table's own texts, and its types as Arrow says them. */
    readonly metadata: Readonly<Record<string, string>>
  }
  readonly columns: Columns
}

/**
 * The columns of an Arrow table, or of a record batch of one: `parquetColumns(options).write(columns)`. Nothing is imported: tables
 * are known by what apache-arrow and flechette have in common, and values are read from Arrow's buffers, so they are exact whatever a
 * library makes of them. Numbers, dates and moments without nulls are not copied here.
 *
 * All types are taken that Parquet has: seconds become milliseconds, a date of milliseconds a day, a duration its count, runs and
 * dictionaries what they stand for, a list of any kind a list, bytes of a fixed size a UUID where the field's metadata say so. Readers on Arrow's libraries (pyarrow, polars) give durations, dictionaries, time zones, and large, view and fixed
 * types back as they were, by the types in `metadata`.
 *
 * Errors: `not-supported` for unions, intervals and decimals of a negative scale, naming the column; `invalid-record` for texts that
 * are not UTF-8, a map with a key twice, buffers that are too short, and what is no table.
 */
export function arrowColumns(table: ArrowTable): ArrowColumns {
  checkTable(table)
  const columns: [name: string, values: ArrayLike<unknown>][] = []
  const coded: [path: string, options: ColumnOptions][] = []
  const fields = table.schema.fields.map((field): Field => {
    const { name } = field
    const written = writtenAs(field, name)
    const column = table.getChild(name)
    if (column) columns.push([name, columnValues(column, written, name)])
    for (const leaf of written.coded ?? []) {
      coded.push([[name, ...leaf].join('.'), { encoding: 'dictionary' }])
    }
    return { name, ...elementOf(field, written) }
  })
  const hint = toBase64(schemaMessage(table.schema))
  // Not by assignment, of which `__proto__` would be no column.
  return {
    options: {
      schema: { fields },
      columns: Object.fromEntries(coded),
      metadata: Object.fromEntries([...(table.schema.metadata ?? []), [HINT, hint]]),
    },
    columns: Object.fromEntries(columns),
  }
}

function checkTable(table: unknown): void {
  const { schema, getChild } = (table ?? {}) as Partial<ArrowTable>
  if (Array.isArray(schema?.fields) && typeof getChild === 'function') return
  const message =
    'arrowColumns takes a table of apache-arrow or flechette, or a record batch of one; columns are for parquetColumns(), and rows for parquet()'
  throw new SluiceError('invalid-record', message)
}
