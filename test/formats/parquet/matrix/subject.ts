import type { FieldType } from '../../../../src/contracts/index.ts'
import type { ParquetOptions } from '../../../../src/formats/parquet.ts'

// What is tested, in one place: the encoder, and what of the contract it writes.

export { parquet } from '../../../../src/formats/parquet.ts'

/** The options that the matrix varies, by the name that a failing case tells. */
export const CODECS: Readonly<Record<string, ParquetOptions>> = {
  snappy: { codec: 'snappy' },
  none: { codec: 'none' },
}

/** How pages are cut and columns are encoded. */
export const LAYOUTS: Readonly<Record<string, ParquetOptions>> = {
  default: {},
}

const WRITTEN: ReadonlySet<FieldType> = new Set([
  'boolean',
  'int32',
  'int64',
  'double',
  'string',
  'bytes',
  'timestamp',
  'json',
])

export function isWritten(type: FieldType): boolean {
  return WRITTEN.has(type)
}
