import type { Bytes, Row, Schema } from '../contracts/index.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'
import { derive, iterate } from '../core/reading.ts'
import { toReadableStream } from '../core/streams.ts'
import { type CsvInputOptions, csvRows } from '../inputs/csv.ts'
import { jsonArrayRows, ndjsonRows } from '../inputs/json.ts'
import type { OpenSource } from './byte-source.ts'
import type { TextKind } from './names.ts'

/** Bytes that may be gzip. */
export type Packed = Pick<OpenSource, 'body' | 'isNamedGzip'>

/** Room for a document with a picture in it, and still a bound on what is held. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/**
 * The records of a text, unpacked if it is gzip. The first one that cannot be read ends it, naming its place. The schema
 * gives the texts of CSV their types, and `onHeader` is told its columns.
 */
export function textRecords(
  packed: Packed,
  kind: TextKind,
  reading: { readonly schema?: Schema; readonly onHeader?: CsvInputOptions['onHeader'] } = {},
): AsyncGenerator<Row, void, undefined> {
  const source = unpacked(packed)
  const options = { maxRecordBytes: MAX_RECORD_BYTES }
  switch (kind) {
    case 'csv':
      return csvRows(source, { ...options, ...reading })
    case 'ndjson':
      return ndjsonRows(source, options)
    case 'json':
      return jsonArrayRows(source, options)
  }
}

/**
 * Unpacks gzip, told by its first two bytes, which begin no text and no Parquet file. Errors: `invalid-record` for gzip
 * that is damaged, and for a name that says gzip of what is none.
 */
export async function* unpacked({
  body,
  isNamedGzip,
}: Packed): AsyncGenerator<Bytes, void, undefined> {
  const chunks = iterate(body)
  const first = await firstBytes(chunks)
  const isGzip = first[0] === 0x1f && first[1] === 0x8b
  if (isNamedGzip && !isGzip) {
    const error = new SluiceError(
      'invalid-record',
      'The name ends in .gz, but this is no gzip data',
    )
    await chunks.cancel(error)
    throw error
  }
  const whole = derive(chunks, (rest) => rejoined(first, rest))
  if (!isGzip) {
    yield* whole
    return
  }
  const stream = toReadableStream(whole).pipeThrough(new DecompressionStream('gzip'))
  try {
    yield* iterate(stream as ReadableStream<Bytes>)
  } catch (error) {
    throw asSluiceError(error, 'invalid-record', 'The gzip data is damaged or cut short')
  }
}

/** At least two bytes, if there are as many. */
async function firstBytes(chunks: AsyncIterator<Bytes>): Promise<Bytes> {
  let first: Bytes = new Uint8Array(0)
  while (first.byteLength < 2) {
    const { done, value } = await chunks.next()
    if (done) break
    first = first.byteLength === 0 ? value : new Uint8Array([...first, ...value])
  }
  return first
}

async function* rejoined(
  first: Bytes,
  rest: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes, void, undefined> {
  yield first
  yield* rest
}
