import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { median } from '../race.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import type { DataSet } from './sets.ts'

export interface ByDuckdb {
  readonly seconds: number
  readonly fileBytes: number
}

/** DuckDB's own writer on one thread, from a table in its memory: what columns cost. */
export async function byDuckdb({ schema, rows, make }: DataSet, rounds: number): Promise<ByDuckdb> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-parquet-'))
  const database = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await database.connect()
  try {
    const [from, to] = [join(folder, 'from.parquet'), join(folder, 'to.parquet')]
    const write = CONTENDERS['hyparquet-writer'] as Contender
    await writeFile(from, await write(await make(rows), schema))
    await connection.run(`create table rows as from '${from}'`)
    const seconds: number[] = []
    for (let n = 0; n <= rounds; n++) {
      const began = performance.now()
      await connection.run(`copy rows to '${to}' (format parquet, compression snappy)`)
      // The first one warms up.
      if (n > 0) seconds.push((performance.now() - began) / 1000)
    }
    return { seconds: median(seconds), fileBytes: (await stat(to)).size }
  } finally {
    connection.closeSync()
    database.closeSync()
    await rm(folder, { recursive: true })
  }
}
