import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Bytes, Chunk, Row, Schema } from '../../../../src/contracts/index.ts'
import { concatBytes } from '../../../../src/core/bytes.ts'
import { asDuckdbHolds, cellsByDuckdb } from './by-duckdb.ts'
import { cellsByHyparquet } from './by-hyparquet.ts'
import { type Cell, mapCells, rowCells } from './cells.ts'
import { type ParquetOptions, parquet } from './subject.ts'

/** The file of these rows, which are given in so many calls. */
export async function encode({ schema, rows, options, writes = 1 }: EncodedRows): Promise<Bytes> {
  const encoder = parquet<Row>(options).encoder({ schema })
  const chunks: Chunk[] = []
  const each = Math.max(1, Math.ceil(rows.length / writes))
  for (let from = 0; from < rows.length; from += each) {
    chunks.push(...(await encoder.write(rows.slice(from, from + each))))
  }
  chunks.push(...(await encoder.close()).chunks)
  return concatBytes(chunks)
}

export interface EncodedRows {
  readonly schema: Schema
  readonly rows: readonly Row[]
  readonly options?: ParquetOptions
  readonly writes?: number
  /** Readers that are not asked. Default none. */
  readonly refusedBy?: readonly string[]
}

/** Fails unless hyparquet and DuckDB read from the file what its rows are, as far as DuckDB reads it. The file is left at `path`. */
export async function compare(sample: EncodedRows, path: string): Promise<Cell[][]> {
  const file = await encode(sample)
  await writeFile(path, file)
  const expected = rowCells(sample.schema, sample.rows)
  expect(await cellsByHyparquet(file, sample.schema), 'by hyparquet').toEqual(expected)
  if (sample.refusedBy?.includes('DuckDB')) return expected
  const held = mapCells(sample.schema, expected, asDuckdbHolds)
  expect(await cellsByDuckdb(path, sample.schema), 'by DuckDB').toEqual(held)
  return expected
}
