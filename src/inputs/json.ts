import type { Row, Source } from '../contracts/index.ts'
import { jsonArrayParser } from './json-array-parser.ts'
import { ndjsonParser } from './ndjson-parser.ts'
import { type InputOptions, readRows, rowTransform } from './record-reader.ts'

export type { InputOptions }

/**
 * Bytes of newline-delimited JSON to rows. Chunks may end anywhere. Lines end in `\n` or `\r\n`, the last one need not;
 * blank lines and a byte order mark at the start are passed over. Integers beyond ±2^53 are read as `bigint`.
 *
 * A line that is no JSON object, not UTF-8, nested deeper than 64 levels, or too large ends the stream with
 * `invalid-record` or `too-large`, naming line and byte, or is told to `onReject`.
 *
 * The two ends are joined by demand: rows are made as they are read, whatever the size of the chunks written.
 */
export function fromNdjson(options: InputOptions = {}): TransformStream<Uint8Array, Row> {
  return rowTransform((source) => ndjsonRows(source, options))
}

/** The same as an async iterable, over any source of bytes. */
export function ndjsonRows(
  source: Source<Uint8Array>,
  options: InputOptions = {},
): AsyncGenerator<Row, void, undefined> {
  return readRows(source, ndjsonParser(options))
}

/**
 * Bytes of one JSON array of objects to rows, without holding the array. Integers beyond ±2^53 are read as `bigint`.
 *
 * An element that is no object, no JSON, or too large ends the stream with `invalid-record` or `too-large`, naming the
 * record and its byte, or is told to `onReject`. Input that is not one array, is cut off, or goes on after it ends the
 * stream with `invalid-record` in any case: what follows cannot be told apart.
 */
export function fromJsonArray(options: InputOptions = {}): TransformStream<Uint8Array, Row> {
  return rowTransform((source) => jsonArrayRows(source, options))
}

/** The same as an async iterable, over any source of bytes. */
export function jsonArrayRows(
  source: Source<Uint8Array>,
  options: InputOptions = {},
): AsyncGenerator<Row, void, undefined> {
  return readRows(source, jsonArrayParser(options))
}
