import type { Bytes, Refused, Row } from '../contracts/index.ts'
import { isErrorCode } from '../core/error-codes.ts'
import { SluiceError } from '../core/errors.ts'
import { countValues } from '../core/sizes.ts'
import { csvRows } from '../inputs/csv.ts'
import { jsonArrayRows, ndjsonRows } from '../inputs/json.ts'

/** What a request's body holds: rows, and, by their place in it, what could not be read as one. */
export interface ReadRecords {
  readonly rows: readonly Row[]
  readonly refused: readonly Refused[]
}

interface RowReaderOptions {
  readonly onReject: (refused: Refused) => void
}

type RowReader = (source: AsyncIterable<Bytes>, options: RowReaderOptions) => AsyncIterable<Row>

const READERS: Readonly<Record<string, RowReader>> = {
  'application/x-ndjson': ndjsonRows,
  'application/jsonl': ndjsonRows,
  'application/json': jsonArrayRows,
  'text/csv': csvRows,
  'application/vnd.sluice.records': clientRows,
}

/**
 * What `httpSink` sends: NDJSON in which a line may also be `[code, path, message, raw]`, or that and `exact`, a record that was
 * refused before it came here. A record is never an array, so the two cannot be confused.
 */
function clientRows(
  source: AsyncIterable<Bytes>,
  { onReject }: RowReaderOptions,
): AsyncIterable<Row> {
  return ndjsonRows(source, {
    onReject: (one) => onReject({ ...one, ...refusalOf(one.raw) }),
  })
}

function refusalOf(line: string): Omit<Refused, 'index'> | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || parts.length < 4 || parts.length > 5) return undefined
  const isText = (part: unknown, at: number) =>
    typeof part === 'string' || (at === 4 && part === null)
  if (!parts.every(isText)) return undefined
  const [code, path, message, raw, exact] = parts as [string, string, string, string, string | null]
  return isErrorCode(code) ? { code, path, message, raw, exact } : undefined
}

/** The reader for a body's type. Throws `not-supported` (415), so that a body of another type is not even read. */
export function readerOf(contentType: string | null): RowReader {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const reader = Object.hasOwn(READERS, type.trim()) ? READERS[type.trim()] : undefined
  if (!reader) {
    const known = Object.keys(READERS).join(', ')
    throw new SluiceError('not-supported', `Send records as one of ${known}`, { status: 415 })
  }
  for (const parameter of parameters) {
    const charset = /^\s*charset="?([^"\s]*)"?\s*$/.exec(parameter)?.[1]
    if (charset === undefined || charset === 'utf-8' || charset === 'utf8') continue
    throw new SluiceError('not-supported', 'Send text as UTF-8', { status: 415 })
  }
  return reader
}

export interface ReadLimits {
  readonly maxRecords: number
  /** Members of objects and items of lists, at every depth of every record. */
  readonly maxValues: number
}

/**
 * Reads all of a body before anything is done with it, so that a fault at its end leaves nothing behind. Throws
 * `too-large` for more than the limits: many tiny records and values take far more memory than their text.
 */
export async function readRecords(
  reader: RowReader,
  body: AsyncIterable<Bytes>,
  { maxRecords, maxValues }: ReadLimits,
): Promise<ReadRecords> {
  const rows: Row[] = []
  const refused: Refused[] = []
  let values = 0
  const count = (row?: Row): void => {
    if (rows.length + refused.length >= maxRecords) throw tooLarge(`${maxRecords} records`)
    values += countValues(row)
    if (values > maxValues) throw tooLarge(`${maxValues} values in its records`)
  }
  const onReject = (one: Refused): void => {
    count()
    refused.push(one)
  }
  for await (const row of reader(body, { onReject })) {
    count(row)
    rows.push(row)
  }
  return { rows, refused }
}

function tooLarge(most: string): SluiceError {
  return new SluiceError(
    'too-large',
    `A request may have ${most}; nothing of it was kept: send it in pieces`,
  )
}
