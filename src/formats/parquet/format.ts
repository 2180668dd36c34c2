import type { Encoder, EncoderOptions, Format } from '../../contracts/index.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { checkSchema } from '../../core/schemas/check-schema.ts'
import { checkColumnsRecord } from '../check-record.ts'
import { FILE_TYPES } from '../file-types.ts'
import { encodeColumnChunk } from './chunk/encode-column-chunk.ts'
import { rowEncoder } from './encoder.ts'
import { checkFallback } from './fallback/check-fallback.ts'
import { lazyEncoder } from './fallback/lazy-encoder.ts'
import { fallbackPlaces } from './fallback/places.ts'
import { kernelsOf } from './kernels.ts'
import { COMMON_OPTIONS, checkedSettings, type ParquetOptions, type Settings } from './options.ts'

const OPTIONS: OptionNames<ParquetOptions> = { ...COMMON_OPTIONS, onFallback: true }

/** The format over the kernels that `compile` gives, each time anew; it throws where WebAssembly is forbidden. */
export function parquetFormat<R extends object>(
  options: ParquetOptions,
  compile: () => WebAssembly.Module,
): Format<R> {
  checkOptionNames('parquet', options, OPTIONS)
  const settings = checkedSettings(options)
  const { onFallback = warn } = options
  /** `undefined` where WebAssembly is forbidden. */
  const findKernels = (): WebAssembly.Module | undefined => {
    try {
      return (options.kernels as WebAssembly.Module | undefined) ?? compile()
    } catch (error) {
      announce(onFallback, error)
      return undefined
    }
  }
  const encoder = (encoderOptions: EncoderOptions = {}): Encoder<R> => {
    if (encoderOptions.schema) checkSchema(encoderOptions.schema)
    const kernels = findKernels()
    return kernels
      ? kernelEncoder(settings, kernels, encoderOptions)
      : fallback(settings, encoderOptions)
  }
  return {
    ...FILE_TYPES.parquet,
    // The fallback has no other types than those of plain JSON.
    get inference() {
      return findKernels() && settings.inference
    },
    check: checkColumnsRecord,
    checkColumns: (schema) => void encoder({ schema }),
    takesPlainRows: true,
    encoder,
  }
}

function kernelEncoder(
  settings: Settings,
  module: WebAssembly.Module,
  options: EncoderOptions,
): Encoder<object> {
  const kernels = kernelsOf(module)
  const { codec, pageBytes } = settings
  return rowEncoder(
    settings,
    (leaf, data) => encodeColumnChunk(kernels, leaf, data, { codec, pageBytes }),
    options,
  )
}

/** Loaded only where it is needed: nobody else pays for hyparquet-writer. */
function fallback(settings: Settings, options: EncoderOptions): Encoder<object> {
  checkFallback(settings, options.schema)
  // Refuses a checkpoint of another writer.
  fallbackPlaces(settings, options)
  return lazyEncoder(async () => {
    const { fallbackEncoder } = await import('./fallback/encoder.ts')
    return fallbackEncoder(settings, options)
  })
}

type Announce = NonNullable<ParquetOptions['onFallback']>

const announced = new WeakSet<Announce>()

/** Once: the reason is the same for all files. */
function announce(onFallback: Announce, error: unknown): void {
  if (announced.has(onFallback)) return
  announced.add(onFallback)
  onFallback(error)
}

function warn(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: silence would hide why files take several times as long
  console.warn(
    'sluice: WebAssembly is forbidden here, so Parquet is written by hyparquet-writer, several times slower. ' +
      'In a Worker import the kernels as a module: parquet({ kernels }). See docs/parquet.md.',
    error,
  )
}
