import type { Format, Row } from '../../contracts/index.ts'
import { parquetFormat } from './format.ts'
import kernels from './kernels.wasm'
import type { ParquetOptions } from './options.ts'

export type { ColumnOptions, Compressor, Encoding, ParquetOptions, SortedBy } from './index.ts'

/** The same, where WebAssembly may be imported and not compiled: what `sluice/formats/parquet` is in Cloudflare Workers. */
export function parquet<R extends object = Row>(options: ParquetOptions = {}): Format<R> {
  return parquetFormat(options, () => kernels)
}
