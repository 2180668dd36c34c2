/** What a file is called and how it is served. */
export interface FileType {
  /** Without a leading dot. */
  readonly extension: string
  /** The object's `Content-Type`. */
  readonly contentType: string
}

/**
 * The one table of what each format is called. No format has a `Content-Encoding`: with one, browsers and consoles
 * unpack a file on the way and leave its name wrong. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
 */
export const FILE_TYPES: Readonly<Record<'jsonl' | 'csv' | 'parquet' | 'msglc', FileType>> = {
  /** Not registered; the name that log services and DuckDB's `httpfs` go by. @see https://github.com/ndjson/ndjson-spec */
  jsonl: { extension: 'jsonl', contentType: 'application/x-ndjson' },
  /** @see https://www.iana.org/assignments/media-types/text/csv */
  csv: { extension: 'csv', contentType: 'text/csv; charset=utf-8' },
  /** @see https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
  parquet: { extension: 'parquet', contentType: 'application/vnd.apache.parquet' },
  /** No type is registered for it, and it is no plain MessagePack. */
  msglc: { extension: 'msglc', contentType: 'application/octet-stream' },
}

/** The same file in gzip: a type of its own. @see https://www.rfc-editor.org/rfc/rfc6713 */
export function gzipped(type: FileType): FileType {
  return { extension: `${type.extension}.gz`, contentType: 'application/gzip' }
}
