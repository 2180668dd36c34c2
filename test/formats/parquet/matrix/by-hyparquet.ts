import { type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { Bytes, FieldType, Schema } from '../../../../src/contracts/index.ts'
import { exactJson } from '../../readers.ts'
import { bits, type Cell, entriesCell, hex, jsonCell, uuid } from './cells.ts'

const text = (bytes: Uint8Array | undefined): unknown => bytes && new TextDecoder().decode(bytes)
const asStored = (value: unknown): unknown => value

/** The cells of a file, as hyparquet reads them. */
export async function cellsByHyparquet(
  file: Bytes,
  schema: Schema,
): Promise<readonly (readonly Cell[])[]> {
  let rows: unknown[][] = []
  await parquetRead({
    file: file.buffer,
    metadata: withoutDecimals(parquetMetadata(file.buffer)),
    compressors,
    // It takes a column without annotation for text unless told otherwise.
    utf8: false,
    parsers: {
      // Its own make a `Date` of each, which has no microseconds.
      timestampFromMilliseconds: asStored,
      timestampFromMicroseconds: asStored,
      timestampFromNanoseconds: asStored,
      dateFromDays: asStored,
      jsonFromBytes: text,
    },
    onComplete(read) {
      rows = read as unknown[][]
    },
  })
  return rows.map((row) => schema.fields.map(({ type }, place) => cellOf(type, row[place])))
}

/** It makes doubles of decimals, which have not as many digits. Without the annotation it gives what is stored. */
function withoutDecimals(metadata: FileMetaData): FileMetaData {
  for (const element of metadata.schema) {
    if (element.converted_type === 'DECIMAL') delete element.converted_type
    if (element.logical_type?.type === 'DECIMAL') delete element.logical_type
  }
  return metadata
}

function cellOf(type: FieldType, value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (typeof type === 'string') {
    switch (type) {
      case 'boolean':
        return value as boolean
      case 'float16':
      case 'float32':
      case 'double':
        return bits(value as number)
      case 'string':
        return value as string
      case 'enum':
        return value instanceof Uint8Array ? (text(value) as string) : (value as string)
      case 'bytes':
        return hex(value as Uint8Array)
      case 'uuid':
        return uuid(value as string)
      case 'json':
        return jsonCell(exactJson(value as string))
      case 'variant':
        return jsonCell(value)
      default:
        return String(value)
    }
  }
  switch (type.kind) {
    case 'bytes':
      return hex(value as Uint8Array)
    case 'decimal':
      return String(value instanceof Uint8Array ? signedOf(value) : value)
    case 'list':
      return (value as unknown[]).map((item) => cellOf(type.element.type, item))
    case 'map':
      return entriesCell(
        Object.entries(value as object).map(([key, held]) => [
          cellOf(type.key, key),
          cellOf(type.value.type, held),
        ]),
      )
    case 'struct':
      return type.fields.map((field) =>
        cellOf(field.type, (value as Readonly<Record<string, unknown>>)[field.name]),
      )
    default:
      return String(value)
  }
}

/** Two's complement, the highest byte first. */
function signedOf(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex(bytes) || '0'}`))
}
