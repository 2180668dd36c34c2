import type { Format, Rejection, Row } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { isPlainObject, refuseRecord } from '../../../core/json.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { schemaInferrer } from '../../../core/schemas/schema-inferrer.ts'
import { type Compressor, parquet } from '../../../formats/parquet/index.ts'
import type { SinkItem } from '../sink-record.ts'
import type { BatchFormat } from './batch-format.ts'
import { encode } from './encode.ts'
import { checkExtension } from './extension.ts'
import { keyValue } from './key-value.ts'

export type ParquetCompression = 'none' | 'snappy' | 'gzip' | 'brotli' | 'lz4' | 'zstd'

export interface ParquetFormatOptions {
  /** Default `.parquet`. */
  readonly fileExtension?: string | undefined
  /** Default `snappy`. */
  readonly compression?: ParquetCompression | undefined
  /** As in `parquet()`: the kernels, compiled, where that is forbidden at run time, as in Workers. */
  readonly kernels?: object | undefined
}

const OPTIONS: OptionNames<ParquetFormatOptions> = {
  fileExtension: true,
  compression: true,
  kernels: true,
}

/** Each is loaded when the first page needs it: Zstandard alone is ten times as large as the rest. */
const CODECS: Readonly<Record<ParquetCompression, 'none' | 'snappy' | Compressor>> = {
  none: 'none',
  snappy: 'snappy',
  gzip: loaded('gzip', async () =>
    (await import('../../../formats/parquet/codecs/gzip.ts')).gzipCodec(),
  ),
  brotli: loaded('brotli', async () =>
    (await import('../../../formats/parquet/codecs/brotli.ts')).brotliCodec(),
  ),
  lz4: loaded('lz4_raw', async () =>
    (await import('../../../formats/parquet/codecs/lz4.ts')).lz4Codec(),
  ),
  zstd: loaded('zstd', async () =>
    (await import('../../../formats/parquet/codecs/zstd.ts')).zstdCodec(),
  ),
}

/**
 * Quix Streams' `ParquetFormat`: a row for each message, of `_timestamp`, `_key`, and the members of its value, in the order in which
 * they first come. A member that a message lacks is `null`. Types are those that hold all values of a column
 * exactly, as in every Parquet file here (`docs/parquet.md`), found anew for each file. Cannot be appended to.
 *
 * A value that is no object, or has a member `_timestamp` or `_key`, is refused by `add` with `invalid-record`; with Quix the
 * former fails the flush, and the latter takes the place of the message's own.
 *
 * Errors: `invalid-options` for an extension without its dot, for another compression, and for an option that nobody knows.
 */
export function parquetFormat(options: ParquetFormatOptions = {}): BatchFormat {
  checkOptionNames('parquetFormat', options, OPTIONS)
  const { fileExtension = '.parquet', compression = 'snappy', kernels } = options
  checkExtension(fileExtension)
  if (!Object.hasOwn(CODECS, compression)) {
    const names = Object.keys(CODECS).join(', ')
    const message = `compression must be one of ${names}, not ${JSON.stringify(compression)}`
    throw new SluiceError('invalid-options', message)
  }
  const format: Format = parquet({ codec: CODECS[compression], kernels })
  return {
    fileExtension,
    contentType: format.contentType,
    supportsAppend: false,
    check: (item) => refusal(item) ?? format.check(rowOf(item)),
    serialize(batch) {
      const inferrer = schemaInferrer(format.inference)
      inferrer.add(rowsOf(batch))
      const encoder = format.encoder({ schema: inferrer.schema() })
      return encode(encoder, rowsOf(batch), format.contentType)
    },
  }
}

function refusal({ value }: SinkItem): Rejection | undefined {
  if (!isPlainObject(value)) {
    return refuseRecord('', 'has a value that is no object, and so no columns')
  }
  for (const name of ['_timestamp', '_key']) {
    if (Object.hasOwn(value, name)) {
      return refuseRecord(`/${name}`, 'has the name of a column that is the message’s own')
    }
  }
  return undefined
}

function rowOf(item: SinkItem): Row {
  return { _timestamp: item.timestamp, _key: keyValue(item), ...(item.value as Row) }
}

function* rowsOf(batch: Iterable<SinkItem>): Generator<Row, void, undefined> {
  for (const item of batch) yield rowOf(item)
}

function loaded(name: Compressor['name'], load: () => Promise<Compressor>): Compressor {
  let loading: Promise<Compressor> | undefined
  return {
    name,
    async compress(page) {
      loading ??= load()
      return (await loading).compress(page)
    },
  }
}
