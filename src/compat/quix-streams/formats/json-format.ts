import type { Format, Row } from '../../../contracts/index.ts'
import { utf8 } from '../../../core/bytes.ts'
import { SluiceError } from '../../../core/errors.ts'
import { refuseRecord } from '../../../core/json.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { gzip } from '../../../formats/gzip.ts'
import { jsonl } from '../../../formats/jsonl.ts'
import type { SinkItem } from '../sink-record.ts'
import type { BatchFormat } from './batch-format.ts'
import { encode } from './encode.ts'
import { checkExtension } from './extension.ts'
import { keyValue } from './key-value.ts'

export interface JsonFormatOptions {
  /** Default `.jsonl`. */
  readonly fileExtension?: string | undefined
  /** gzip, and `.gz` behind the extension. Default `false`. */
  readonly compress?: boolean | undefined
  /** The line of a message, without its newline. Default: exact JSON (`docs/values.md`). */
  readonly dumps?: ((row: JsonRow) => string) | undefined
}

const OPTIONS: OptionNames<JsonFormatOptions> = { fileExtension: true, compress: true, dumps: true }

export interface JsonRow {
  readonly _timestamp: number
  readonly _key: unknown
  readonly _value: unknown
}

/**
 * Quix Streams' `JSONFormat`: a line of `_timestamp`, `_key` and `_value` for each message. Can be appended to, in gzip too, whose members
 * follow one another.
 *
 * What JSON cannot hold, such as `NaN`, is refused by `add` with `invalid-record`, where Quix writes lines that are not JSON.
 *
 * Errors: `invalid-options` for an extension without its dot, and for an option that nobody knows; `not-supported` for `compress` where there is no `CompressionStream`;
 * `invalid-record` at the flush for a line of `dumps` that is no text, or more than one line.
 */
export function jsonFormat(options: JsonFormatOptions = {}): BatchFormat {
  checkOptionNames('jsonFormat', options, OPTIONS)
  const { fileExtension = '.jsonl', compress = false, dumps } = options
  checkExtension(fileExtension)
  const lines = dumps ? linesOf(dumps) : jsonl()
  const format = compress ? gzip(lines) : lines
  return {
    fileExtension: compress ? `${fileExtension}.gz` : fileExtension,
    contentType: format.contentType,
    supportsAppend: true,
    check: (item) => format.check(rowOf(item)),
    serialize: (batch) => encode(format.encoder(), rowsOf(batch), format.contentType),
  }
}

function rowOf(item: SinkItem): Row & JsonRow {
  return { _timestamp: item.timestamp, _key: keyValue(item), _value: item.value }
}

function* rowsOf(batch: Iterable<SinkItem>): Generator<Row, void, undefined> {
  for (const item of batch) yield rowOf(item)
}

function linesOf(dumps: (row: JsonRow) => string): Format {
  const textOf = (row: Row): string => {
    const text: unknown = dumps(row as Row & JsonRow)
    if (typeof text === 'string' && !text.includes('\n')) return `${text}\n`
    throw new SluiceError('invalid-record', 'dumps must give one line of text')
  }
  return {
    ...jsonl(),
    check(row) {
      try {
        textOf(row)
      } catch {
        return refuseRecord('', 'is none that dumps makes a line of')
      }
      return undefined
    },
    encoder: () => ({
      bufferedBytes: 0,
      headBytes: 0,
      write: (rows) => [utf8(Array.from(rows, textOf).join(''))],
      close: () => ({ chunks: [] }),
    }),
  }
}
