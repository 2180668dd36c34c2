import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Chunk, FieldType, Schema } from 'sluice'
import { type Columns, parquetColumns } from 'sluice/formats/parquet/columns'
import { median } from '../race.ts'
import { profiled } from '../self-times.ts'
import type { DataSet, Row } from './sets.ts'

/** Of what writes columns that are in its memory. */
export interface FromColumns {
  readonly seconds: number
  readonly fileBytes: number
}

/** Our encoder and DuckDB's own writer on one thread, from columns, in turns. */
export async function fromColumns(
  { schema, rows, make }: DataSet,
  rounds: number,
): Promise<{ ours: FromColumns; duckdb: FromColumns }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-parquet-'))
  const database = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await database.connect()
  try {
    const columns = columnsOf(await make(rows), schema)
    const [from, to] = [join(folder, 'from.parquet'), join(folder, 'to.parquet')]
    await writeFile(from, await write(columns, schema))
    await connection.run(`create table rows as from '${from}'`)
    const seconds: { ours: number[]; duckdb: number[] } = { ours: [], duckdb: [] }
    let ours = 0
    for (let n = 0; n <= rounds; n++) {
      const began = performance.now()
      ours = (await write(columns, schema)).byteLength
      const between = performance.now()
      await connection.run(`copy rows to '${to}' (format parquet, compression snappy)`)
      // The first ones warm up.
      if (n === 0) continue
      seconds.ours.push((between - began) / 1000)
      seconds.duckdb.push((performance.now() - between) / 1000)
    }
    return {
      ours: { seconds: median(seconds.ours), fileBytes: ours },
      duckdb: { seconds: median(seconds.duckdb), fileBytes: (await stat(to)).size },
    }
  } finally {
    connection.closeSync()
    database.closeSync()
    await rm(folder, { recursive: true })
  }
}

/** Where the time of our encoder goes with these columns. */
export async function profileOfColumns({ schema, rows, make }: DataSet): Promise<string[]> {
  const columns = columnsOf(await make(rows), schema)
  await write(columns, schema)
  const profileOf = await profiled()
  await write(columns, schema)
  return profileOf()
}

async function write(columns: Columns, schema: Schema): Promise<Uint8Array> {
  const encoder = parquetColumns({ schema })
  const chunks: Chunk[] = [...(await encoder.write(columns)), ...(await encoder.close()).chunks]
  return Buffer.concat(chunks)
}

/** Typed arrays where a column's type has one and no value is missing. */
function columnsOf(rows: readonly Row[], { fields }: Schema): Columns {
  return Object.fromEntries(
    fields.map(({ name, type, nullable }) => {
      const values = rows.map((row) => row[name])
      return [name, nullable ? values : (typed(type, values) ?? values)]
    }),
  )
}

function typed(type: FieldType, values: unknown[]): ArrayLike<unknown> | undefined {
  switch (type) {
    case 'int32':
      return Int32Array.from(values as number[])
    case 'double':
      return Float64Array.from(values as number[])
    case 'timestamp':
      return BigInt64Array.from(values as Date[], (at) => BigInt(at.getTime()))
    default:
      return undefined
  }
}
