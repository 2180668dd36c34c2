import type { CompressionCodec } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { ParquetWriter } from 'hyparquet-writer/src/parquet-writer.js'
import type {
  Chunk,
  Encoder,
  EncoderCheckpoint,
  EncoderOptions,
  Format,
  Row,
  Schema,
} from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { rowOfText, rowText } from '../core/row-text.ts'
import { checkRow } from '../core/schemas/check-row.ts'
import { schemaInferrer } from '../core/schemas/schema-inferrer.ts'
import { checkColumnsRecord } from './check-record.ts'
import { type Checkpoints, checkpoints, WRITER } from './checkpoints.ts'
import { FILE_TYPES } from './file-types.ts'
import { type Column, fileSchema, newColumn, writingSchema } from './parquet-columns.ts'
import { indexOf, type ParquetIndex, restoreIndex, shortenBounds } from './parquet-index.ts'

export interface ParquetOptions {
  /**
   * How many rows a row group has at most. Default 100,000. A row group is also cut when its values take about 16 MiB:
   * one is held in memory until it is written.
   */
  readonly rowGroupRows?: number | undefined
  /** How pages are compressed. Default `snappy`, which every reader has. */
  readonly codec?: 'snappy' | 'none' | undefined
}

const CODECS: Readonly<Record<NonNullable<ParquetOptions['codec']>, CompressionCodec>> = {
  snappy: 'SNAPPY',
  none: 'UNCOMPRESSED',
}

/** By the memory that the values take, which bounds what a writer holds whatever the rows are like. */
const ROW_GROUP_BYTES = 16 * 1024 * 1024

/**
 * Apache Parquet, with typed columns, statistics and dictionaries, row group by row group.
 *
 * | type | Parquet | |
 * |---|---|---|
 * | `boolean`, `int32`, `int64`, `double` | `BOOLEAN`, `INT32`, `INT64`, `DOUBLE` | `int64` exact; `NaN` and `-0` kept |
 * | `string` | `BYTE_ARRAY` (`UTF8`) | |
 * | `bytes` | `BYTE_ARRAY` | |
 * | `timestamp` | `INT64` (`TIMESTAMP_MILLIS`, UTC) | |
 * | `json` | `BYTE_ARRAY` (`JSON`) | exact text; `NaN` and the infinities as strings of their names |
 *
 * The columns are the schema's, else those of the first `write`, inferred; a later row that does not fit them fails with
 * `invalid-record`. Holds one row group: `bufferedBytes` estimates the memory of its values. It can be gone on with after any row
 * group.
 *
 * No rows: a valid file with the schema's columns. Without a schema as well it has no columns, which hyparquet reads and
 * DuckDB refuses.
 *
 * Errors: `invalid-options` for a row group of less than one row, and for a schema that names a column twice.
 *
 * Written by hyparquet-writer. Worked around: its dictionaries take `0` and `-0` for one value (a row group of doubles with a
 * `-0` gets none); it writes JSON by `JSON.stringify`, which rounds large integers and refuses none of what JSON cannot hold
 * (columns are written as the text they are, and named JSON in the footer); its bounds leave `NaN` out, as Parquet asks,
 * and DuckDB then misses it (a row group of doubles with a `NaN` gets no statistics); its name for itself is not in the form that
 * readers parse; and its main entry imports `fs` (its inner files do not).
 */
export function parquet<R extends object = Row>(options: ParquetOptions = {}): Format<R> {
  const { rowGroupRows = 100_000, codec = 'snappy' } = options
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1) {
    throw new SluiceError(
      'invalid-options',
      `rowGroupRows must be a whole number above 0, not ${rowGroupRows}`,
    )
  }
  if (!Object.hasOwn(CODECS, codec)) {
    throw new SluiceError(
      'invalid-options',
      `codec must be "snappy" or "none", not ${JSON.stringify(codec)}`,
    )
  }
  return {
    ...FILE_TYPES.parquet,
    check: checkColumnsRecord,
    encoder: (encoderOptions = {}) => parquetEncoder(encoderOptions, rowGroupRows, CODECS[codec]),
  }
}

interface ParquetState extends ParquetIndex {
  readonly schema: Schema
}

function parquetEncoder(
  { schema: given, from }: EncoderOptions,
  rowGroupRows: number,
  codec: CompressionCodec,
): Encoder<object> {
  const places = checkpoints(FILE_TYPES.parquet.extension, { rowGroupRows, codec }, given)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as ParquetState)
  const schema = given ?? begun?.schema
  let file = schema && openFile(schema, codec, from && begun && { at: from, index: begun })
  return {
    get bufferedBytes() {
      return file?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write(rows) {
      let batch = rows as Iterable<Row>
      if (!file) {
        // More than once through: for the columns, and for the rows.
        const first = Array.from(batch)
        if (first.length === 0) return []
        const inferrer = schemaInferrer()
        inferrer.add(first)
        file = openFile(inferrer.schema(), codec)
        batch = first
      }
      const chunks: Chunk[] = []
      for (const row of batch) {
        file.add(row)
        if (file.rows >= rowGroupRows || file.bufferedBytes >= ROW_GROUP_BYTES) {
          chunks.push(file.rowGroup())
        }
      }
      return chunks
    },
    close() {
      file ??= openFile({ fields: [] }, codec)
      return { chunks: [file.end()] }
    },
    checkpoint: () => file?.checkpoint(places),
  }
}

interface ParquetFile {
  /** Rows that no row group has yet, and about how much memory they take. */
  readonly rows: number
  readonly bufferedBytes: number
  add(row: Row): void
  /** The bytes of a row group of all rows added since the last one. */
  rowGroup(): Chunk
  end(): Chunk
  /** The end of the last row group. */
  checkpoint(places: Checkpoints): EncoderCheckpoint | undefined
}

function openFile(
  schema: Schema,
  codec: CompressionCodec,
  begun?: { readonly at: EncoderCheckpoint; readonly index: ParquetIndex },
): ParquetFile {
  checkNames(schema)
  const bytes = new ByteWriter()
  const emptyBuffer = bytes.buffer
  const writer = new ParquetWriter({
    writer: bytes,
    schema: writingSchema(schema),
    codec,
    createdBy: WRITER,
  })
  let columns: readonly Column[] = schema.fields.map(newColumn)
  let rows = 0
  let bufferedBytes = 0
  const elements = fileSchema(schema)

  const writeGroup = (): void => {
    if (rows === 0) return
    // Synchronous: a `ByteWriter` has no `flush` to wait for.
    void writer.write({ columnData: columns.map((column) => column.data()), rowGroupSize: rows })
    shortenBounds(writer, elements)
    columns = schema.fields.map(newColumn)
    rows = 0
    bufferedBytes = 0
  }
  const take = (): Chunk => {
    const chunk = new Uint8Array(bytes.getBuffer())
    // Its buffer has grown to the size of a row group; an encoder that waits for rows should not keep that.
    bytes.buffer = emptyBuffer
    bytes.view = new DataView(emptyBuffer)
    bytes.index = 0
    return chunk
  }
  if (begun) {
    // What its constructor has written is at the file's start, which is there.
    take()
    bytes.offset = begun.at.bytes
    restoreIndex(writer, begun.index)
  }

  return {
    get rows() {
      return rows
    },
    get bufferedBytes() {
      return bufferedBytes
    },
    add(row) {
      const rejection = checkRow(schema, row)
      if (rejection) throw new SluiceError(rejection.code, rejection.message)
      for (const column of columns) bufferedBytes += column.add(row)
      rows++
    },
    rowGroup() {
      writeGroup()
      return take()
    },
    end() {
      writeGroup()
      writer.schema = elements
      void writer.finish()
      return take()
    },
    checkpoint(places) {
      if (writer.row_groups.length === 0) return undefined
      return places.give(
        Number(writer.num_rows),
        bytes.offset,
        rowText({ schema, ...indexOf(writer) }),
      )
    },
  }
}

function checkNames(schema: Schema): void {
  const names = new Set<string>()
  for (const { name } of schema.fields) {
    if (names.has(name)) {
      throw new SluiceError(
        'invalid-options',
        `The schema names the column ${JSON.stringify(name)} twice`,
      )
    }
    names.add(name)
  }
}
