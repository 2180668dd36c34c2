import { compileKernels } from '../kernels.ts'
import type { ColumnEncoder } from './column-encoder.ts'
import { columnEncoderOf, type ParquetColumnsOptions } from './parquet-columns.ts'

export { type ArrowColumns, arrowColumns } from './arrow/arrow-columns.ts'
export type {
  ArrowChunk,
  ArrowColumn,
  ArrowField,
  ArrowTable,
  ArrowType,
} from './arrow/arrow-table.ts'
export type { ColumnEncoder, Columns } from './column-encoder.ts'
export type { ParquetColumnsOptions } from './parquet-columns.ts'

/**
 * The encoder of a Parquet file for those who have columns, and would have to make rows of them: what `parquet().encoder()` is for rows,
 * with the same options. The file is the one that rows would make, but that a row group which ends by its bytes does so after a multiple of
 * 1,024 rows.
 *
 * A typed array that fits its column's type is copied as it is: integers of a column at least as wide, `Float32Array` and
 * `Float64Array`, an `Int32Array` of days in a `date`, a `BigInt64Array` of units in a `timestamp`. Every other column is an array
 * of values, as a row would have them, with nulls and nested ones.
 *
 * ```ts
 * const encoder = parquetColumns()
 * const chunks = [...(await encoder.write({ id: Int32Array.of(1, 2), city: ['Bern', 'Oslo'] })), ...(await encoder.close()).chunks]
 * ```
 *
 * Errors: `invalid-options` as of `parquet`; `invalid-record` for rows in place of columns, for columns of unequal lengths, a name that the schema lacks, and a value
 * that does not fit, named by its row in the file and its column; `not-supported` for a checkpoint of other options, and where WebAssembly is
 * forbidden and `kernels` are not given: nothing takes over there, as it does for rows. Cloudflare Workers get the kernels as a module, by the
 * export condition `workerd`.
 */
export function parquetColumns(options: ParquetColumnsOptions = {}): ColumnEncoder {
  return columnEncoderOf(options, compileKernels)
}
