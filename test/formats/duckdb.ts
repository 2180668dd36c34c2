import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Row, Schema } from '../../src/contracts/index.ts'
import { build, exactJson } from './readers.ts'

let instance: Promise<DuckDBInstance> | undefined

/** What DuckDB answers to a query over `$file`, with the values of each row in the order of its columns. */
export async function duckdb(
  file: Uint8Array,
  extension: string,
  sql: string,
): Promise<{ names: string[]; types: string[]; rows: unknown[][] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'))
  instance ??= DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await (await instance).connect()
  try {
    const path = join(folder, `file.${extension}`)
    await writeFile(path, file)
    const reader = await connection.runAndReadAll(sql.replaceAll('$file', `'${path}'`))
    return {
      names: reader.columnNames(),
      types: reader.columnTypes().map(String),
      rows: reader.getRowsJS() as unknown[][],
    }
  } finally {
    connection.closeSync()
    await rm(folder, { recursive: true })
  }
}

export async function parquetByDuckdb(file: Uint8Array, schema: Schema): Promise<Row[]> {
  const { rows } = await duckdb(file, 'parquet', 'select * from $file')
  return rows.map((values) =>
    build(schema, (_, place) => {
      const value = values[place]
      return value instanceof Uint8Array ? new Uint8Array(value) : value
    }),
  )
}

export async function csvByDuckdb(file: Uint8Array, schema: Schema): Promise<Row[]> {
  const { rows } = await duckdb(
    file,
    'csv',
    `select * from read_csv($file, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`,
  )
  return rows.map((values) => build(schema, (_, place) => values[place]))
}

export async function jsonlByDuckdb(file: Uint8Array, schema: Schema): Promise<Row[]> {
  if (file.byteLength === 0) return []
  const { rows } = await duckdb(
    file,
    'jsonl',
    `select json from read_ndjson_objects($file, maximum_object_size = 1000000)`,
  )
  return rows.map(([text]) => {
    const record = exactJson(text as string) as Row
    return build(schema, (name) => (Object.hasOwn(record, name) ? record[name] : null))
  })
}
