import { describe, test } from 'vitest'
import { csv } from '../../src/formats/csv.ts'
import { gzip } from '../../src/formats/gzip.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { msglc } from '../../src/formats/msglc/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { type FormatSuiteOptions, formatSuite } from '../../src/testing/format-suite.ts'
import { csvByDuckdb, jsonlByDuckdb, parquetByDuckdb } from './duckdb.ts'
import { msglcByLazyReader } from './msglc/read-rows.ts'
import { csvByPapaParse, gunzip, jsonlByJsonParse, parquetByHyparquet } from './readers.ts'

const subjects: Record<string, FormatSuiteOptions> = {
  'jsonl, read by JSON.parse': { create: () => jsonl(), read: jsonlByJsonParse },
  'jsonl, read by DuckDB': { create: () => jsonl(), read: jsonlByDuckdb },
  'csv, read by Papa Parse': { create: () => csv(), read: csvByPapaParse },
  'csv, read by DuckDB': { create: () => csv(), read: csvByDuckdb },
  'parquet, read by hyparquet': { create: () => parquet(), read: parquetByHyparquet },
  'parquet, read by DuckDB': { create: () => parquet(), read: parquetByDuckdb },
  'parquet in small, uncompressed row groups, read by DuckDB': {
    create: () => parquet({ rowGroupRows: 100, codec: 'none' }),
    read: parquetByDuckdb,
  },
  // (MessagePack has no integers beyond 64 bits, which the suite's records hold.)
  'msglc in CBOR, read by lazyReader': {
    create: () => msglc({ codec: 'cbor' }),
    read: msglcByLazyReader,
  },
  'gzip around jsonl': {
    create: () => gzip(jsonl()),
    read: async (file, schema) => jsonlByJsonParse(await gunzip(file), schema),
  },
  'gzip around csv': {
    create: () => gzip(csv()),
    read: async (file, schema) => csvByPapaParse(await gunzip(file), schema),
  },
}

describe.each(Object.entries(subjects))('%s', (_, options) => {
  for (const { name, run } of formatSuite(options)) test(name, run)
})
