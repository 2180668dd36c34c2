import { brotliCodec } from '../../../../src/formats/parquet/codecs/brotli.ts'
import { gzipCodec } from '../../../../src/formats/parquet/codecs/gzip.ts'
import { lz4Codec } from '../../../../src/formats/parquet/codecs/lz4.ts'
import { zstdCodec } from '../../../../src/formats/parquet/codecs/zstd.ts'
import type { ParquetOptions } from '../../../../src/formats/parquet/index.ts'

// What is tested, in one place: the encoder, and the codecs that there are for it.

export {
  type Encoding,
  type ParquetOptions,
  parquet,
} from '../../../../src/formats/parquet/index.ts'

/** By the name that a failing case tells. */
export const CODECS: Readonly<Record<string, ParquetOptions>> = {
  snappy: { codec: 'snappy' },
  none: { codec: 'none' },
  gzip: { codec: gzipCodec() },
  zstd: { codec: zstdCodec() },
  lz4: { codec: lz4Codec() },
  brotli: { codec: brotliCodec() },
}
