import { parquetMetadata, parquetRead } from 'hyparquet'
import { parse } from 'lossless-json'
import Papa from 'papaparse'
import type { Bytes, FieldType, Format, Row, Schema } from '../../src/contracts/index.ts'
import { concatBytes } from '../../src/core/bytes.ts'

// Readers that run in every runtime, none of them Sluice's own. DuckDB is in duckdb.ts.

/** The file of these rows. */
export async function encode(
  format: Format,
  rows: readonly Row[],
  schema?: Schema,
): Promise<Bytes> {
  const encoder = format.encoder({ schema })
  const written = await encoder.write(rows)
  const { chunks, head } = await encoder.close()
  return concatBytes([...(head ? [head] : []), ...written, ...chunks])
}

export async function gunzip(file: Bytes): Promise<Bytes> {
  const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(unpacked).arrayBuffer())
}

/** JSON with exact integers, by the platform's own parser, which gives the digits to a reviver; Node 20's does not. */
export function exactJson(text: string): unknown {
  if (!REVIVER_SEES_DIGITS) return parse(text, undefined, exactNumber)
  const revive = (_: string, value: unknown, context?: { source?: string }): unknown => {
    const digits = context?.source ?? ''
    return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits)
      ? BigInt(digits)
      : value
  }
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
}

const REVIVER_SEES_DIGITS =
  JSON.parse(
    '1',
    ((_: string, __: unknown, context?: { source?: string }) => context?.source) as (
      key: string,
      value: unknown,
    ) => unknown,
  ) === '1'

function exactNumber(digits: string): number | bigint {
  const value = Number(digits)
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value
}

/** A text in the type of its column, written anew rather than by the code that is tested. */
function typed(text: unknown, type: FieldType): unknown {
  if (typeof text !== 'string') return text ?? null
  if (type === 'boolean') return text === 'true'
  if (type === 'int32' || type === 'double') return Number(text)
  if (type === 'int64') return BigInt(text)
  if (type === 'timestamp') return new Date(text)
  if (type === 'bytes') return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0))
  if (type !== 'json') return text
  try {
    return exactJson(text)
  } catch {
    return text
  }
}

/** A row of these columns, whatever their names are. */
export function build(schema: Schema, values: (name: string, place: number) => unknown): Row {
  const row: Record<string, unknown> = {}
  for (const [place, { name, type }] of schema.fields.entries()) {
    const value = typed(values(name, place), type)
    Object.defineProperty(row, name, { value, enumerable: true })
  }
  return row
}

export function jsonlByJsonParse(file: Uint8Array, schema: Schema): Row[] {
  const lines = new TextDecoder().decode(file).split('\n')
  if (lines.pop() !== '') throw new Error('the last line has no end')
  return lines.map((line) => {
    const record = exactJson(line) as Row
    return build(schema, (name) => (Object.hasOwn(record, name) ? record[name] : null))
  })
}

export function csvByPapaParse(file: Uint8Array, schema: Schema): Row[] {
  const text = new TextDecoder().decode(file)
  const { data, errors } = Papa.parse<string[]>(text, { newline: '\n', delimiter: ',' })
  if (errors.length > 0) throw new Error(errors[0]?.message)
  // Behind the last line end it sees one more line.
  data.pop()
  if (data.length === 0) return []
  const [header, ...lines] = data
  if (JSON.stringify(header) !== JSON.stringify(schema.fields.map(({ name }) => name))) {
    throw new Error(`the header is ${header}`)
  }
  return lines.map((fields) => build(schema, (_, place) => fields[place] || null))
}

/** The columns of a Parquet file, by hyparquet, with JSON as its exact values. */
export async function parquetByHyparquet(file: Uint8Array<ArrayBuffer>): Promise<Row[]> {
  const names = parquetMetadata(file.buffer)
    .schema.slice(1)
    .map(({ name }) => name)
  let rows: unknown[][] = []
  await parquetRead({
    file: file.buffer,
    rowFormat: 'array',
    parsers: { jsonFromBytes: (bytes) => bytes && exactJson(new TextDecoder().decode(bytes)) },
    // hyparquet reads a column without annotation as text unless told otherwise.
    utf8: false,
    onComplete(read) {
      rows = read as unknown[][]
    },
  })
  const schema: Schema = { fields: names.map((name) => ({ name, type: 'string', nullable: true })) }
  return rows.map((values) => build(schema, (_, place) => values[place]))
}
