import type { Row, Source } from '../contracts/index.ts'
import { type BatchOptions, type RecordBatch, readBatches } from './batches.ts'
import { jsonArrayParser } from './json-array-parser.ts'
import { ndjsonParser } from './ndjson-parser.ts'
import { type InputOptions, readRows, rowTransform } from './record-reader.ts'

export type { BatchOptions, InputOptions, RecordBatch }

/**
 * Bytes of newline-delimited JSON to rows. Chunks may end anywhere. Lines end in `\n` or `\r\n`, the last one need not;
 * blank lines and a byte order mark at the start are passed over. Integers beyond ±2^53 are read as `bigint`.
 *
 * A line that is no JSON object, not UTF-8, nested deeper than 64 levels, or too large ends the stream with
 * `invalid-record` or `too-large`, naming line and byte, or is told to `onReject`.
 *
 * The two ends are joined by demand: rows are made as they are read, whatever the size of the chunks written. Cancelling
 * ends the reading at once, also while the source says nothing, and a failure or a cancellation reaches the source as its
 * reason.
 */
export function fromNdjson(options: InputOptions = {}): TransformStream<Uint8Array, Row> {
  return rowTransform((source) => ndjsonRows(source, options))
}

/** The same as an async iterable, over any source of bytes. `return()` ends it as cancelling does. */
export function ndjsonRows(
  source: Source<Uint8Array>,
  options: InputOptions = {},
): AsyncGenerator<Row, void, undefined> {
  return readRows(source, ndjsonParser(options), options)
}

/**
 * The same in batches, in which rows and what could not be read keep their order, so that a sink answers for both:
 *
 * ```ts
 * for await (const { rows, refused } of ndjsonBatches(source)) await sink.write(rows, { refused })
 * ```
 *
 * A batch waits until it is full, or for the end of the input; an input that ends with an error gives the last one first.
 */
export function ndjsonBatches(
  source: Source<Uint8Array>,
  options: Omit<InputOptions, 'onReject'> & BatchOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  return readBatches(source, ndjsonParser(options), options)
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

/** The same as an async iterable, over any source of bytes. `return()` ends it as cancelling does. */
export function jsonArrayRows(
  source: Source<Uint8Array>,
  options: InputOptions = {},
): AsyncGenerator<Row, void, undefined> {
  return readRows(source, jsonArrayParser(options), options)
}

/** The same in batches, as `ndjsonBatches` gives them. */
export function jsonArrayBatches(
  source: Source<Uint8Array>,
  options: Omit<InputOptions, 'onReject'> & BatchOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  return readBatches(source, jsonArrayParser(options), options)
}
