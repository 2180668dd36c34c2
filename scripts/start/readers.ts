/**
 * Independent readers: of what goes in and of what came out. They share no code with Sluice's own readers and writers, so
 * that a fault of those is seen.
 */
import { readFile } from 'node:fs/promises'
import { type DuckDBConnection, DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api'
import type { FormatName } from './arguments.ts'
import { parseJson, type ReadRecord } from './canonical.ts'
import { linesOf, readCsv } from './csv-reader.ts'
import type { DataSet } from './data-sets.ts'

/** DuckDB without a file of its own, and without looking for extensions on the network. */
export async function openDuckDb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  return instance.connect()
}

/** The records of an input in their order, `undefined` for each that is not one. */
export async function* readInput({
  path,
  kind,
}: DataSet): AsyncGenerator<ReadRecord | undefined, void, undefined> {
  switch (kind) {
    case 'csv':
      return yield* readCsv(path)
    case 'ndjson':
      return yield* readJsonLines(path)
    case 'json-array':
      for (const value of await readJsonArray(path)) yield asRecord(value)
  }
}

/** The records of one of the sink's files. */
export async function* readOutput(
  duckDb: DuckDBConnection,
  path: string,
  format: FormatName,
): AsyncGenerator<ReadRecord | undefined> {
  switch (format) {
    case 'parquet':
      return yield* query(duckDb, `SELECT * FROM read_parquet(${literal(path)})`)
    case 'csv':
      return yield* readCsvFile(duckDb, path)
    case 'jsonl':
      // DuckDB only finds the lines and checks them: its own types for JSON would round large integers and read dates.
      for await (const row of query(
        duckDb,
        `SELECT json::VARCHAR AS line FROM read_ndjson_objects(${literal(path)})`,
      )) {
        yield asRecord(parseJson(row.line as string))
      }
  }
}

/** Every field as its text; a line that does not have the header's number of fields is no record. */
async function* readCsvFile(
  duckDb: DuckDBConnection,
  path: string,
): AsyncGenerator<ReadRecord | undefined> {
  const options = `delim=',', quote='"', escape='"', comment='', skip=0, header=true, all_varchar=true, nullstr='',
    null_padding=false, strict_mode=true, max_line_size=16777216, ignore_errors=true, store_rejects=true`
  // A second reading adds to the tables that the first one made.
  await duckDb.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans')
  yield* query(duckDb, `SELECT * FROM read_csv(${literal(path)}, ${options})`)
  const [row] = (
    await duckDb.runAndReadAll('SELECT count(DISTINCT (scan_id, file_id, line)) FROM reject_errors')
  ).getRows()
  for (let left = Number(row?.[0]); left > 0; left--) yield undefined
}

async function* readJsonLines(path: string): AsyncGenerator<ReadRecord | undefined> {
  for await (const line of linesOf(path)) {
    if (/^[ \t\r]*$/.test(line)) continue
    try {
      yield asRecord(parseJson(line))
    } catch {
      yield undefined
    }
  }
}

async function readJsonArray(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, 'utf8')
  try {
    return parseJson(text.replace(/^\ufeff/, '')) as unknown[]
  } catch (cause) {
    throw new Error(`It is not one JSON array: ${(cause as Error).message}`, { cause })
  }
}

async function* query(duckDb: DuckDBConnection, sql: string): AsyncGenerator<ReadRecord> {
  const result = await duckDb.stream(sql)
  const names = result.columnNames()
  const readers = result.columnTypes().map((type, index) => {
    switch (type.typeId) {
      case DuckDBTypeId.VARCHAR:
        return type.alias === 'JSON' ? (value: unknown) => parseJson(value as string) : undefined
      case DuckDBTypeId.BOOLEAN:
      case DuckDBTypeId.INTEGER:
      case DuckDBTypeId.BIGINT:
      case DuckDBTypeId.DOUBLE:
        return undefined
    }
    throw new Error(
      `Column ${JSON.stringify(names[index])} has the type ${type}, which was not sent`,
    )
  })
  for await (const chunk of result) {
    for (const values of chunk.getRows()) {
      yield Object.fromEntries(
        names.map((name, index) => {
          const value = values[index]
          const read = readers[index]
          return [name, value === null || !read ? value : read(value)]
        }),
      )
    }
  }
}

function asRecord(value: unknown): ReadRecord | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? (value as ReadRecord) : undefined
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
