/** What `measure` of the races must come to: a share of a contender's rows per second at least, or of its bytes at most. */
export interface Target {
  readonly of: string
  readonly least?: number
  readonly most?: number
  /** Of one set only. */
  readonly set?: string
  /** Which run of ours it is about; else the one with snappy. */
  readonly ours?: string
}

export const OURS = 'sluice'
/** From columns that are in its memory. */
export const COLUMNS = 'sluice, columns'
export const PYARROW = 'pyarrow'
/** On one thread, from a table in its memory. */
export const DUCKDB = 'DuckDB, columns'

export const SPEED: readonly Target[] = [
  { of: 'hyparquet-writer', least: 3 },
  { of: 'with hysnappy', least: 2.5 },
  { of: 'parquet-wasm', least: 3 },
  { of: 'NDJSON', least: 1.5 },
  { of: PYARROW, least: 1 },
  { of: DUCKDB, least: 0.5, ours: COLUMNS },
]

export const SIZE: readonly Target[] = [
  { of: 'hyparquet-writer', most: 0.65, set: 'a' },
  { of: 'hyparquet-writer', most: 1 },
  { of: PYARROW, most: 1.05 },
  ...['none', 'zstd', 'gzip'].map((codec) => ({
    of: `${PYARROW}, ${codec}`,
    most: 1.05,
    ours: `${OURS}, ${codec}`,
  })),
]
