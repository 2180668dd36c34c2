import type { CompressionCodec, KeyValue } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { ParquetWriter } from 'hyparquet-writer/src/parquet-writer.js'
import type {
  Chunk,
  EncoderCheckpoint,
  EncoderOptions,
  Row,
  Schema,
} from '../../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../../core/errors.ts'
import { rowText } from '../../../core/row-text.ts'
import { schemaInferrer } from '../../../core/schemas/schema-inferrer.ts'
import { type Checkpoints, WRITER } from '../../checkpoints.ts'
import { HeldRows } from '../held-rows.ts'
import type { Settings } from '../options.ts'
import { checkRows, isRow, noRow } from '../rows/given-rows.ts'
import { type Column, fileSchema, newColumn, rowFault, writingSchema } from './columns.ts'
import { indexOf, type ParquetIndex, restoreIndex, shortenBounds } from './file-index.ts'
import type { MarkedEncoder } from './lazy-encoder.ts'
import { fallbackPlaces } from './places.ts'

const CODECS: Readonly<Record<'snappy' | 'none', CompressionCodec>> = {
  snappy: 'SNAPPY',
  none: 'UNCOMPRESSED',
}

/** What an encoder that goes on needs to know, as plain data. */
export interface FallbackState extends ParquetIndex {
  readonly schema: Schema
}

/**
 * The encoder by hyparquet-writer, for where WebAssembly is forbidden: files that read back equal, larger and made in several times
 * the time. It takes the encodings and Bloom filters of `columns` for the hints that they are, and chooses its own.
 *
 * What it does not write (`checkFallback`) was refused before.
 *
 * Worked around: its dictionaries take `0` and `-0` for one value (a row group of doubles with a
 * `-0` gets none); it writes JSON by `JSON.stringify`, which rounds large integers and refuses none of what JSON cannot hold
 * (columns are written as the text they are, and named JSON in the footer); its bounds leave `NaN` out, as Parquet asks,
 * and DuckDB then misses it (a row group of doubles with a `NaN` gets no statistics); its name for itself is not in the form that
 * readers parse; and its main entry imports `fs` (its inner files do not).
 */
export function fallbackEncoder(
  settings: Settings,
  options: EncoderOptions,
): MarkedEncoder<object> {
  const { schema: given, from } = options
  const { rowGroupRows, rowGroupBytes } = settings
  const written = fileSettings(settings)
  const { places, begun } = fallbackPlaces(settings, options)
  const schema = given ?? begun?.schema
  const held = new HeldRows(settings)
  let file = schema && openFile(schema, written, from && begun && { at: from, index: begun })

  const add = (to: ParquetFile, row: Row, chunks: Chunk[]): void => {
    to.add(row)
    if (to.rows >= rowGroupRows || to.bufferedBytes >= rowGroupBytes) chunks.push(to.rowGroup())
  }
  const begin = (): readonly Chunk[] => {
    const rows = held.take()
    // It writes no other types.
    const inferrer = schemaInferrer()
    inferrer.add(rows)
    const opened = openFile(inferrer.schema(), written)
    file = opened
    const chunks: Chunk[] = []
    for (const row of rows) add(opened, row, chunks)
    return chunks
  }
  return {
    get bufferedBytes() {
      return file?.bufferedBytes ?? held.bytes
    },
    headBytes: 0,
    write(rows) {
      checkRows(rows)
      const chunks: Chunk[] = []
      for (const row of rows as Iterable<Row>) {
        if (file) add(file, row, chunks)
        else {
          held.add(row)
          if (held.isFull) chunks.push(...begin())
        }
      }
      return chunks
    },
    close() {
      const chunks = file ? [] : begin()
      return { chunks: [...chunks, (file as ParquetFile).end()] }
    },
    checkpoint: () => file?.checkpoint(places),
    mark() {
      const before = file
      const backs = [held.mark(), before?.mark()]
      return () => {
        for (const back of backs) back?.()
        file = before
        return true
      }
    },
  }
}

interface FileSettings {
  readonly codec: CompressionCodec
  readonly pageSize: number
  readonly kvMetadata?: KeyValue[]
}

function fileSettings({ codec, pageBytes, metadata }: Settings): FileSettings {
  const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }))
  const written = { codec: CODECS[codec as keyof typeof CODECS], pageSize: pageBytes }
  return { ...written, ...(kvMetadata.length > 0 && { kvMetadata }) }
}

interface ParquetFile {
  /** Rows that no row group has yet, and about how much memory they take. */
  readonly rows: number
  readonly bufferedBytes: number
  add(row: Row): void
  /** Remembers what there is: what it returns forgets what came after. */
  mark(): () => void
  /** The bytes of a row group of all rows added since the last one. */
  rowGroup(): Chunk
  end(): Chunk
  /** The end of the last row group. */
  checkpoint(places: Checkpoints): EncoderCheckpoint | undefined
}

function openFile(
  schema: Schema,
  { pageSize, ...settings }: FileSettings,
  begun?: { readonly at: EncoderCheckpoint; readonly index: ParquetIndex },
): ParquetFile {
  const bytes = new ByteWriter()
  const emptyBuffer = bytes.buffer
  const writer = new ParquetWriter({
    writer: bytes,
    schema: writingSchema(schema),
    createdBy: WRITER,
    ...settings,
  })
  let columns: readonly Column[] = schema.fields.map(newColumn)
  let rows = 0
  let bufferedBytes = 0
  const elements = fileSchema(schema)

  const writeGroup = (): void => {
    if (rows === 0) return
    // Synchronous: a `ByteWriter` has no `flush` to wait for.
    const columnData = columns.map((column) => column.data())
    void writer.write({ columnData, rowGroupSize: rows, pageSize })
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
  const refused = (why: string, cause?: unknown): SluiceError => {
    const number = Number(writer.num_rows) + rows
    return new SluiceError('invalid-record', `Row ${number} of the file: ${why}`, { cause })
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
      if (!isRow(row)) throw refused(noRow(row))
      try {
        const rejection = rowFault(schema, row)
        if (rejection) throw refused(rejection.message)
        for (const column of columns) bufferedBytes += column.add(row)
      } catch (error) {
        throw isSluiceError(error) ? error : refused('one of its properties throws', error)
      }
      rows++
    },
    mark() {
      const before = { columns, rows, bufferedBytes }
      const backs = columns.map((column) => column.mark())
      const { offset } = bytes
      const { num_rows, row_groups, pendingIndexes } = writer
      const written = [row_groups.length, pendingIndexes.length] as const
      // The head of a file of which nothing was given out.
      const begun = new Uint8Array(bytes.getBuffer())
      return () => {
        ;({ columns, rows, bufferedBytes } = before)
        for (const back of backs) back()
        ;[row_groups.length, pendingIndexes.length] = written
        writer.num_rows = num_rows
        take()
        bytes.appendBytes(begun)
        bytes.offset = offset
      }
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
