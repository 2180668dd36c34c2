import type { Bytes, Row, Schema } from '../contracts/index.ts'
import { asSluiceError } from '../core/errors.ts'
import { derive, iterate } from '../core/reading.ts'
import { toReadableStream } from '../core/streams.ts'
import { csvRows } from '../inputs/csv.ts'
import { jsonArrayRows, ndjsonRows } from '../inputs/json.ts'

/** What records are read from, besides Parquet. */
export const TEXT_KINDS = ['csv', 'ndjson', 'json'] as const
export type TextKind = (typeof TEXT_KINDS)[number]

const KINDS: Readonly<Record<string, TextKind | 'parquet'>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
}

/** What a file holds, by its name; a last `.gz` does not count. */
export function kindByName(name: string): TextKind | 'parquet' | undefined {
  const extension = /\.([a-z]+)$/.exec(name.toLowerCase().replace(/\.gz$/, ''))?.[1] ?? ''
  return Object.hasOwn(KINDS, extension) ? KINDS[extension] : undefined
}

/** Room for a document with a picture in it, and still a bound on what is held. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/**
 * The records of a text, unpacked if it is gzip. The first one that cannot be read ends it, naming its place. The schema
 * gives the texts of CSV their types.
 */
export function textRecords(
  body: AsyncIterable<Bytes>,
  kind: TextKind,
  schema?: Schema,
): AsyncGenerator<Row, void, undefined> {
  const source = unpacked(body)
  const options = { maxRecordBytes: MAX_RECORD_BYTES }
  switch (kind) {
    case 'csv':
      return csvRows(source, { ...options, schema })
    case 'ndjson':
      return ndjsonRows(source, options)
    case 'json':
      return jsonArrayRows(source, options)
  }
}

/** Unpacks gzip, told by its first two bytes, which begin no text and no Parquet file. */
export async function* unpacked(
  body: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes, void, undefined> {
  const chunks = iterate(body)
  const first = await firstBytes(chunks)
  const whole = derive(chunks, (rest) => rejoined(first, rest))
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
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
