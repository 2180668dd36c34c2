import type { Refused, Row, Schema } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type BatchOptions, csvBatches, csvRows, type RecordBatch } from '../inputs/csv.ts'
import { jsonArrayBatches, jsonArrayRows, ndjsonBatches, ndjsonRows } from '../inputs/json.ts'

/** What is needed of a `File`; also a `Blob` with a name, or one whose stream is watched on its way. */
export type FileLike = Pick<File, 'name' | 'type' | 'stream'>

export interface RecordsOfOptions {
  /** The types that the texts of a CSV file are turned into. JSON has types of its own. */
  readonly schema?: Schema | undefined
  /**
   * Is told of each record that cannot be read, and the reading goes on. Absent, the first one ends it with its error.
   */
  readonly onReject?: ((refused: Refused) => void) | undefined
}

/** How the records of a file are written down. */
export type FileKind = 'csv' | 'ndjson' | 'json'

/**
 * The records of a file that somebody chose or dropped, in order: CSV with a header line, NDJSON, or one JSON array.
 * The file is streamed: what is held is one record, of 1 MiB at most, and a piece of the file. Leaving the loop ends
 * the reading. Run it in a Web Worker: parsing keeps a thread busy.
 *
 * Errors: `not-supported` for another kind of file, at once; `invalid-record` and `too-large` of those inputs.
 */
export function recordsOf(
  file: FileLike,
  options: RecordsOfOptions = {},
): AsyncGenerator<Row, void, undefined> {
  return READERS[fileKind(file)].rows(file.stream(), options)
}

/**
 * The same in batches as a sink takes them, with what could not be read in its place:
 *
 * ```ts
 * for await (const { rows, refused } of batchesOf(file)) await sink.write(rows, { refused })
 * ```
 *
 * What is held is one batch more.
 */
export function batchesOf(
  file: FileLike,
  options: Omit<RecordsOfOptions, 'onReject'> & BatchOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  return READERS[fileKind(file)].batches(file.stream(), options)
}

/**
 * How the file is written down, by its name and, where that says nothing, by its type: browsers take the type from the
 * system they run on, which calls a CSV an Excel file where Excel is installed. Throws `not-supported`.
 */
export function fileKind(file: Pick<FileLike, 'name' | 'type'>): FileKind {
  const extension = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  const [type = ''] = file.type.toLowerCase().split(';')
  const kind = BY_EXTENSION.get(extension) ?? BY_TYPE.get(type.trim())
  if (kind) return kind
  throw new SluiceError(
    'not-supported',
    `"${file.name}" is none of .csv, .ndjson, .jsonl and .json, which is what can be read here`,
  )
}

interface Readers {
  rows(source: ReadableStream<Uint8Array>, options: RecordsOfOptions): AsyncGenerator<Row>
  batches(
    source: ReadableStream<Uint8Array>,
    options: Omit<RecordsOfOptions, 'onReject'> & BatchOptions,
  ): AsyncGenerator<RecordBatch>
}

const READERS: Readonly<Record<FileKind, Readers>> = {
  csv: { rows: csvRows, batches: csvBatches },
  ndjson: { rows: ndjsonRows, batches: ndjsonBatches },
  json: { rows: jsonArrayRows, batches: jsonArrayBatches },
}

const BY_EXTENSION: ReadonlyMap<string, FileKind> = new Map([
  ['csv', 'csv'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['json', 'json'],
])

const BY_TYPE: ReadonlyMap<string, FileKind> = new Map([
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/json', 'json'],
])
