import type { Inference } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { isWellFormed } from '../../core/keys.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { PAGE_BYTES } from './chunk/encode-column-chunk.ts'
import type { Encoding } from './chunk/leaf.ts'
import type { Compressor } from './compressor.ts'
import { CODECS, ENCODINGS } from './thrift/enums.ts'

export interface ParquetOptions {
  /** How many rows a row group has at most. Default 100,000. */
  readonly rowGroupRows?: number | undefined
  /**
   * A row group also ends with the row by which its values take as many bytes: numbers by their width, texts and bytes by their
   * length. Default 17 MiB, at most 1 GiB. One row group is held in memory until it is written, in arrays of up to twice that.
   */
  readonly rowGroupBytes?: number | undefined
  /**
   * A page of a column also ends with the row by which its values take as many bytes, as they are before compression; it has at most 20,000
   * rows. Default 1 MiB, at most 1 GiB. Small ones let readers skip more, and make files larger.
   */
  readonly pageBytes?: number | undefined
  /** How pages are compressed. Default `snappy`, which every reader has. */
  readonly codec?: 'snappy' | 'none' | Compressor | undefined
  /**
   * What single columns are given, by name; within nested ones by the path of Parquet, with dots: `tags.list.element`. A name that
   * declared columns do not have is refused.
   */
  readonly columns?: Readonly<Record<string, ColumnOptions>> | undefined
  /** What the rows of each row group are ordered by, for readers to know: it is believed, and neither checked nor made true. */
  readonly sortedBy?: readonly SortedBy[] | undefined
  /** Texts for the footer, for whoever knows their keys. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /**
   * What becomes of columns whose rows disagree, and of nested data, where columns are inferred: by an encoder without a schema, and by a sink.
   * Default: `{ mixed: 'json', nested: 'whole' }`.
   */
  readonly inference?: Inference | undefined
  /**
   * The kernels, compiled, where compiling at run time is forbidden and they cannot be imported as a module:
   * `sluice/formats/parquet/kernels.wasm`. A `WebAssembly.Module`, which not every platform's types know.
   */
  readonly kernels?: object | undefined
  /** Told once when WebAssembly is forbidden here, and a slower writer takes over. Default: a warning on the console. */
  readonly onFallback?: ((error: unknown) => void) | undefined
}

export interface ColumnOptions {
  /**
   * Default: what makes the column the smallest, found anew for each row group, of what all common readers have. Of the others, DuckDB reads
   * `byte_stream_split` of floats only, and polars nothing but `plain` and `dictionary` of values of a fixed length.
   */
  readonly encoding?: Encoding | undefined
  /**
   * Whether to write a Bloom filter, by which readers skip row groups without a value that they look for. Default false. Not of
   * `bytes` for DuckDB 1.5.5, which misses rows by them, by its own too.
   */
  readonly bloomFilter?: boolean | undefined
}

export interface SortedBy {
  /** As in `columns`. */
  readonly column: string
  /** Default false. */
  readonly descending?: boolean | undefined
  /** Default false. */
  readonly nullsFirst?: boolean | undefined
}

/** The options, checked, with their defaults. */
export interface Settings {
  readonly rowGroupRows: number
  readonly rowGroupBytes: number
  readonly pageBytes: number
  readonly codec: 'snappy' | 'none' | Compressor
  readonly columns: Readonly<Record<string, ColumnOptions>>
  readonly sortedBy: readonly SortedBy[]
  readonly metadata: Readonly<Record<string, string>>
  readonly inference: Required<Inference>
}

/** What rows and columns have in common. */
export const COMMON_OPTIONS: OptionNames<Omit<ParquetOptions, 'onFallback'>> = {
  rowGroupRows: true,
  rowGroupBytes: true,
  pageBytes: true,
  codec: true,
  columns: true,
  sortedBy: true,
  metadata: true,
  inference: true,
  kernels: true,
}
const INFERENCE: OptionNames<Inference> = { mixed: true, nested: true }
const COLUMN: OptionNames<ColumnOptions> = { encoding: true, bloomFilter: true }
const SORTED_BY: OptionNames<SortedBy> = { column: true, descending: true, nullsFirst: true }

/** Of a row group, and of a page. */
const MAX_BYTES = 1024 ** 3

/** Throws `invalid-options`, naming the option. The names of the options themselves are the caller's to check. */
export function checkedSettings(options: ParquetOptions): Settings {
  const {
    rowGroupRows = 100_000,
    rowGroupBytes = 17 * 1024 * 1024,
    pageBytes = PAGE_BYTES,
    codec = 'snappy',
    columns = {},
    sortedBy = [],
    metadata = {},
    inference: { mixed = 'json', nested = 'whole' } = {},
  } = options
  checkNames(options.inference ?? {}, INFERENCE, 'inference.')
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1) {
    throw refused(`rowGroupRows must be a whole number above 0, not ${rowGroupRows}`)
  }
  for (const [name, bytes] of Object.entries({ rowGroupBytes, pageBytes })) {
    if (typeof bytes === 'number' && bytes >= 1 && bytes <= MAX_BYTES) continue
    throw refused(`${name} must be from 1 to ${MAX_BYTES}, not ${bytes}`)
  }
  checkCodec(codec)
  checkColumns(columns)
  checkSorting(sortedBy)
  checkMetadata(metadata)
  const { kernels } = options
  if (kernels !== undefined && !isObject(kernels)) {
    throw refused('kernels must be a WebAssembly.Module')
  }
  if (mixed !== 'json' && mixed !== 'variant') {
    throw refused(`inference: mixed must be "json" or "variant", not ${JSON.stringify(mixed)}`)
  }
  if (nested !== 'whole' && nested !== 'columns') {
    throw refused(`inference: nested must be "whole" or "columns", not ${JSON.stringify(nested)}`)
  }
  const inference = { mixed, nested }
  return { rowGroupRows, rowGroupBytes, pageBytes, codec, columns, sortedBy, metadata, inference }
}

/** What one is told who names a codec. */
const COMPRESSORS: Readonly<Record<string, string>> = {
  gzip: 'gzipCodec() of sluice/formats/parquet/gzip',
  zstd: 'zstdCodec() of sluice/formats/parquet/zstd',
  brotli: 'brotliCodec() of sluice/formats/parquet/brotli',
  lz4: 'lz4Codec() of sluice/formats/parquet/lz4',
  lz4_raw: 'lz4Codec() of sluice/formats/parquet/lz4',
}

function checkCodec(codec: unknown): void {
  if (codec === 'snappy' || codec === 'none') return
  if (typeof codec === 'string' && Object.hasOwn(COMPRESSORS, codec)) {
    throw refused(`codec: ${codec} is a compressor of its own: ${COMPRESSORS[codec]}`)
  }
  const { name = '', compress } = isObject(codec) ? codec : {}
  if (typeof compress === 'function' && Object.hasOwn(CODECS, name as string)) return
  throw refused(`codec must be "snappy", "none" or a compressor, not ${JSON.stringify(codec)}`)
}

function checkColumns(columns: unknown): void {
  if (!isObject(columns)) throw refused('columns must be options by the names of columns')
  for (const [column, options] of Object.entries(columns)) {
    if (!isObject(options)) throw refused(`columns: ${column} must have options`)
    checkNames(options, COLUMN, `columns.${column}.`)
    const { encoding, bloomFilter } = options
    if (!isSwitch(bloomFilter)) throw refused(`columns: bloomFilter of ${column} is true or false`)
    if (encoding === undefined || encoding === 'dictionary') continue
    if (!Object.hasOwn(ENCODINGS, encoding as string) || encoding === 'rle_dictionary') {
      throw refused(`columns: the encoding ${JSON.stringify(encoding)} of ${column} is not known`)
    }
  }
}

function checkSorting(sortedBy: unknown): void {
  const isSorting = (by: unknown): boolean =>
    isObject(by) &&
    typeof by.column === 'string' &&
    isSwitch(by.descending) &&
    isSwitch(by.nullsFirst)
  if (!Array.isArray(sortedBy) || !sortedBy.every(isSorting)) {
    throw refused('sortedBy must be a list of { column, descending, nullsFirst }')
  }
  for (const by of sortedBy) checkNames(by, SORTED_BY, 'sortedBy.')
}

function checkNames(given: object, known: Readonly<Record<string, true>>, path: string): void {
  checkOptionNames('parquet', given, known, path)
}

function checkMetadata(metadata: unknown): void {
  if (!isObject(metadata)) throw refused('metadata must be texts by their keys')
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string' && isWellFormed(value) && isWellFormed(key)) continue
    throw refused(`metadata: ${key} must be a text`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isSwitch(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}

/** What decides the bytes of a file, besides rows and columns: two encoders with equal ones write equal files. */
export function identityOf({ codec, ...settings }: Settings): Readonly<Record<string, unknown>> {
  return { ...settings, codec: typeof codec === 'string' ? codec : [codec.name, codec.level] }
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', why)
}
