import kernels from '../kernels.wasm'
import type { ColumnEncoder } from './column-encoder.ts'
import { columnEncoderOf, type ParquetColumnsOptions } from './parquet-columns.ts'

export { arrowColumns } from './arrow/arrow-columns.ts'
export type {
  ArrowChunk,
  ArrowColumn,
  ArrowColumns,
  ArrowField,
  ArrowTable,
  ArrowType,
  ColumnEncoder,
  Columns,
  ParquetColumnsOptions,
} from './index.ts'

/** The same, where WebAssembly may be imported and not compiled: what `sluice/formats/parquet/columns` is in Cloudflare Workers. */
export function parquetColumns(options: ParquetColumnsOptions = {}): ColumnEncoder {
  return columnEncoderOf(options, () => kernels)
}
