import type { EncoderCheckpoint, Schema } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { checkSchema } from '../../../core/schemas/check-schema.ts'
import { encodeColumnChunk } from '../chunk/encode-column-chunk.ts'
import { kernelsOf } from '../kernels.ts'
import { COMMON_OPTIONS, checkedSettings, type ParquetOptions } from '../options.ts'
import { type ColumnEncoder, columnEncoder } from './column-encoder.ts'

export interface ParquetColumnsOptions extends Omit<ParquetOptions, 'onFallback'> {
  /**
   * The columns, in their order. Default: those of the first `write`, typed arrays by their kind and other arrays by what is in them.
   * One that a write leaves out is null.
   */
  readonly schema?: Schema | undefined
  /** Of an encoder with the same options: the file is gone on with from there. `checkpoint().rows` rows are in it. */
  readonly from?: EncoderCheckpoint | undefined
}

const OPTIONS: OptionNames<ParquetColumnsOptions> = {
  ...COMMON_OPTIONS,
  schema: true,
  from: true,
}

/** The encoder over the kernels that `compile` gives; it throws where WebAssembly is forbidden. */
export function columnEncoderOf(
  options: ParquetColumnsOptions,
  compile: () => WebAssembly.Module,
): ColumnEncoder {
  checkOptionNames('parquetColumns', options, OPTIONS)
  const settings = checkedSettings(options)
  const { schema, from, kernels: given } = options
  if (schema) checkSchema(schema)
  const kernels = kernelsOf((given as WebAssembly.Module | undefined) ?? compiled(compile))
  const { codec, pageBytes } = settings
  return columnEncoder(
    settings,
    (leaf, data) => encodeColumnChunk(kernels, leaf, data, { codec, pageBytes }),
    schema,
    from,
  )
}

function compiled(compile: () => WebAssembly.Module): WebAssembly.Module {
  try {
    return compile()
  } catch (cause) {
    throw new SluiceError(
      'not-supported',
      'WebAssembly is forbidden here; import the kernels as a module: parquetColumns({ kernels })',
      { cause },
    )
  }
}
