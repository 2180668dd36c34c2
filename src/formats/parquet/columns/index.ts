import type { Schema } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { checkSchema } from '../../../core/schemas/check-schema.ts'
import { encodeColumnChunk } from '../chunk/encode-column-chunk.ts'
import { compileKernels, kernelsOf } from '../kernels.ts'
import { checkedSettings, type ParquetOptions } from '../options.ts'
import { type ColumnEncoder, columnEncoder } from './column-encoder.ts'

export {
  type ArrowColumn,
  type ArrowField,
  type ArrowTable,
  type ArrowType,
  arrowColumns,
} from './arrow.ts'
export type { ColumnEncoder, Columns } from './column-encoder.ts'

export interface ParquetColumnsOptions extends Omit<ParquetOptions, 'onFallback'> {
  /**
   * The columns, in their order. Default: those of the first `write`, typed arrays by their kind and other arrays by what is in them.
   * One that a write leaves out is null.
   */
  readonly schema?: Schema | undefined
}

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
 * Errors: `invalid-options` as of `parquet`; `invalid-record` for columns of unequal lengths, a name that the schema lacks, and a value
 * that does not fit, named by its row in the file and its column; `not-supported` where WebAssembly is forbidden and `kernels` are
 * not given.
 */
export function parquetColumns(options: ParquetColumnsOptions = {}): ColumnEncoder {
  const settings = checkedSettings(options)
  const { schema, kernels: given } = options
  if (schema) checkSchema(schema)
  const kernels = kernelsOf((given as WebAssembly.Module | undefined) ?? compiled())
  const { codec } = settings
  return columnEncoder(
    settings,
    (leaf, data) => encodeColumnChunk(kernels, leaf, data, { codec }),
    schema,
  )
}

function compiled(): WebAssembly.Module {
  try {
    return compileKernels()
  } catch (cause) {
    throw new SluiceError(
      'not-supported',
      'WebAssembly is forbidden here; import the kernels as a module: parquetColumns({ kernels })',
      { cause },
    )
  }
}
