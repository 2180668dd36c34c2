import type { Format, Row } from '../../contracts/index.ts'
import { checkColumnsRecord } from '../check-record.ts'
import { FILE_TYPES } from '../file-types.ts'
import { encodeColumnChunk } from './chunk/encode-column-chunk.ts'
import { rowEncoder } from './encoder.ts'
import { compileKernels, kernelsOf } from './kernels.ts'
import { checkedSettings, type ParquetOptions } from './options.ts'

export function parquet<R extends object = Row>(options: ParquetOptions = {}): Format<R> {
  const settings = checkedSettings(options)
  const { codec } = settings
  return {
    ...FILE_TYPES.parquet,
    check: checkColumnsRecord,
    encoder(encoderOptions = {}) {
      const kernels = kernelsOf(options.kernels ?? compileKernels())
      return rowEncoder(
        settings,
        (leaf, data) => encodeColumnChunk(kernels, leaf, data, { codec }),
        encoderOptions,
      )
    },
  }
}
