import { SluiceError } from '../../../core/errors.ts'
import type { BatchFormat } from './batch-format.ts'
import { checkExtension } from './extension.ts'
import { jsonFormat } from './json-format.ts'
import { parquetFormat } from './parquet-format.ts'

/** The format of an option. `invalid-options` for another name, and for what is no format. */
export function formatOf(given: 'json' | 'parquet' | BatchFormat): BatchFormat {
  if (given === 'json') return jsonFormat()
  if (given === 'parquet') return parquetFormat()
  if (typeof given !== 'object' || typeof given?.serialize !== 'function') {
    const message = `format must be "json", "parquet" or a format, not ${JSON.stringify(given)}`
    throw new SluiceError('invalid-options', message)
  }
  checkExtension(given.fileExtension)
  return given
}
