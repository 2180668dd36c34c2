import type { Format, Row } from '../../contracts/index.ts'
import { parquetFormat } from './format.ts'
import { compileKernels } from './kernels.ts'
import type { ParquetOptions } from './options.ts'

export type { Encoding } from './chunk/leaf.ts'
export type { Compressor } from './compressor.ts'
export type { ColumnOptions, ParquetOptions, SortedBy } from './options.ts'

/**
 * Apache Parquet, with typed columns, statistics, page indexes and checksums, row group by row group.
 *
 * | type | Parquet | |
 * |---|---|---|
 * | `boolean`, `double`, `float32` | `BOOLEAN`, `DOUBLE`, `FLOAT` | `NaN` and `-0` kept |
 * | `int8` … `uint64` | `INT32`, `INT64` (`INTEGER` but for `int32` and `int64`) | exact |
 * | `float16` | 2 bytes (`FLOAT16`) | |
 * | `decimal` | `INT32`, `INT64` or bytes by its precision (`DECIMAL`) | exact |
 * | `string`, `enum` | `BYTE_ARRAY` (`STRING`, `ENUM`) | |
 * | `json` | `BYTE_ARRAY` (`JSON`) | exact text; `NaN` and the infinities as strings of their names |
 * | `bytes`, `uuid` | `BYTE_ARRAY`, or bytes of the type's length; 16 bytes (`UUID`) | |
 * | `date`, `time`, `timestamp` | `INT32`, `INT64` (`DATE`, `TIME`, `TIMESTAMP`) | `timestamp` in milliseconds and UTC |
 * | `list`, `map`, `struct` | groups (`LIST`, `MAP`) | nulls at every level |
 * | `variant` | two `BYTE_ARRAY`s (`VARIANT`), not shredded | |
 *
 * The columns are the schema's, else they are inferred from the first row group (`inference`): copies of its rows are held until there are `rowGroupRows` of
 * them or they take `rowGroupBytes`. A row that does not fit the columns, or is none, makes its `write` fail with `invalid-record`, which names
 * the row by the number that it would have had in the file, from 0 on, and the column. Nothing of that call is taken then, and the encoder goes on. Encodings are chosen from the data,
 * for each row group anew. The same rows and options give the same bytes, however the rows were batched.
 *
 * Holds one row group: `bufferedBytes` is what its values take. While one is written, its largest column is in memory once
 * more, and the encoded bytes. It can be gone on with after any row group.
 *
 * No rows: a valid file with the schema's columns. Without a schema as well it has no columns, which hyparquet reads and
 * DuckDB refuses.
 *
 * The encoder is WebAssembly, compiled from bytes in this module. Where that is forbidden (a Content-Security-Policy without
 * `wasm-unsafe-eval`) hyparquet-writer takes over, which is announced: files read back equal, but are larger and slower to make,
 * it infers no types beyond those of plain JSON, `Date` and bytes, whatever `inference` says, and declared ones, a compressor and `sortedBy` are `not-supported` when an
 * encoder is made, and when a sink opens. Cloudflare Workers get the kernels as a module, by
 * the export condition `workerd`.
 *
 * Errors: `invalid-options` for options and schemas that cannot be; `too-large` for a column of a row group that the kernels' memory
 * (512 MiB) does not hold. After that, or a compressor's error, the encoder fails with the same one, and has no
 * checkpoint; one that is closed fails with `invalid-options`.
 *
 * @see https://github.com/apache/parquet-format
 */
export function parquet<R extends object = Row>(options: ParquetOptions = {}): Format<R> {
  return parquetFormat(options, compileKernels)
}
