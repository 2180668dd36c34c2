/** What records are read from, besides Parquet. */
export const TEXT_KINDS = ['csv', 'ndjson', 'json'] as const
export type TextKind = (typeof TEXT_KINDS)[number]
export type Kind = TextKind | 'parquet'

const KINDS: Readonly<Record<string, Kind>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
}

export const GZIP_NAME: RegExp = /\.gz$/i

/** What a file holds, by its name; a last `.gz` does not count. */
export function kindByName(name: string): Kind | undefined {
  const extension = /\.([a-z]+)$/.exec(name.toLowerCase().replace(GZIP_NAME, ''))?.[1] ?? ''
  return Object.hasOwn(KINDS, extension) ? KINDS[extension] : undefined
}
