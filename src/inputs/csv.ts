import type { Row, Source } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type BatchOptions, type RecordBatch, readBatches } from './batches.ts'
import { type CsvInputOptions, csvParser } from './csv-parser.ts'
import { readRows, rowTransform } from './record-reader.ts'

/** Finds the schema that turns a file's texts into values: the first pass over a CSV file, before `fromCsv({ schema })`. */
export { type SchemaInferrer, textSchemaInferrer } from '../core/schemas/schema-inferrer.ts'
export type { BatchOptions, CsvInputOptions, RecordBatch }

/**
 * Bytes of CSV to rows. Chunks may end anywhere, within a character or a quoted line end too. Lines end in `\n` or `\r\n`;
 * empty lines and a byte order mark at the start are passed over. Quotes are those of RFC 4180.
 *
 * An empty field is `null`, quoted or not (the parser does not tell them apart), except in a `string` column of the schema
 * that is not nullable, where it is `''`.
 *
 * A line with more or fewer fields than there are columns, with a broken quote, or too large ends the stream with
 * `invalid-record` or `too-large`, naming line and byte, or is told to `onReject`; after a broken quote the reading goes on
 * with the next line. A header that names a column twice or has a broken quote, and bytes that are not UTF-8, end the
 * stream in any case.
 *
 * A row is given as soon as the end of its line has come, however the bytes are cut; the last line's with the input's end.
 * Cancelling ends the reading at once, also while the source says nothing, and a failure or a cancellation reaches the
 * source as its reason.
 *
 * Errors: `invalid-options` for a delimiter that is not one character, and for `columns` that name one twice.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function fromCsv(options: CsvInputOptions = {}): TransformStream<Uint8Array, Row> {
  checkOptions(options)
  return rowTransform((source) => csvRows(source, options))
}

/** The same as an async iterable, over any source of bytes. `return()` ends it as cancelling does. */
export function csvRows(
  source: Source<Uint8Array>,
  options: CsvInputOptions = {},
): AsyncGenerator<Row, void, undefined> {
  checkOptions(options)
  return readRows(source, csvParser(options), options)
}

/**
 * The same in batches, in which rows and what could not be read keep their order, so that a sink answers for both:
 *
 * ```ts
 * for await (const { rows, refused } of csvBatches(source)) await sink.write(rows, { refused })
 * ```
 *
 * A batch waits until it is full, or for the end of the input; an input that ends with an error gives the last one first.
 */
export function csvBatches(
  source: Source<Uint8Array>,
  options: Omit<CsvInputOptions, 'onReject'> & BatchOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  checkOptions(options)
  return readBatches(source, csvParser(options), options)
}

function checkOptions({ delimiter = ',', columns = [] }: CsvInputOptions): void {
  if (delimiter.length !== 1 || /["\r\n\ufeff]/.test(delimiter)) {
    throw new SluiceError(
      'invalid-options',
      `${JSON.stringify(delimiter)} cannot be a delimiter: it must be one character, and no quote or line end`,
    )
  }
  if (new Set(columns).size < columns.length) {
    throw new SluiceError('invalid-options', 'columns names a column twice')
  }
}
