import zlib from 'node:zlib'
import {
  Field as ArrowField,
  Schema as ArrowSchema,
  Table as ArrowTable,
  Bool,
  type DataType,
  Float64,
  Int32,
  List,
  Map_,
  Struct,
  TimestampMillisecond,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer'
import { snappyCompress } from 'hysnappy'
import { Compression, Table, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm'
import type { Chunk, FieldType, Schema } from 'sluice'
import { type ParquetOptions, parquet } from 'sluice/formats/parquet'
import { zlibCodec } from 'sluice/formats/parquet/zlib'
import type { Row } from './sets.ts'

/** Rows to the bytes of a file, whole in memory. */
export type Contender = (rows: readonly Row[], schema: Schema) => Promise<Uint8Array>

/** As a sink gets them. */
const BATCH_ROWS = 10_000

function sluice(options: ParquetOptions): Contender {
  return async (rows, schema) => {
    const encoder = parquet(options).encoder({ schema })
    const chunks: Chunk[] = []
    for (let from = 0; from < rows.length; from += BATCH_ROWS) {
      chunks.push(...(await encoder.write(rows.slice(from, from + BATCH_ROWS))))
    }
    chunks.push(...(await encoder.close()).chunks)
    return Buffer.concat(chunks)
  }
}

function hyparquetWriter(compressors?: { SNAPPY: (bytes: Uint8Array) => Uint8Array }): Contender {
  return async (rows, schema) => {
    const writer = new ByteWriter()
    parquetWriteRows({
      writer,
      rows: rows as Row[],
      columns: schema.fields.map(({ name }) => ({ name })),
      schema: [
        { name: 'root', num_children: schema.fields.length },
        ...schema.fields.flatMap(({ name, type, nullable }) => elements(name, type, nullable)),
      ],
      ...(compressors && { compressors }),
    })
    return writer.getBytes()
  }
}

/** In the depth-first order of a Parquet footer. */
function elements(name: string, type: FieldType, nullable: boolean): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED'
  const leaf = { name, repetition_type } as const
  switch (type) {
    case 'int32':
      return [{ ...leaf, type: 'INT32' }]
    case 'double':
      return [{ ...leaf, type: 'DOUBLE' }]
    case 'boolean':
      return [{ ...leaf, type: 'BOOLEAN' }]
    case 'string':
      return [{ ...leaf, type: 'BYTE_ARRAY', converted_type: 'UTF8' }]
    case 'timestamp':
      return [{ ...leaf, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }]
  }
  if (typeof type === 'object' && type.kind === 'struct') {
    const inner = type.fields.flatMap((field) => elements(field.name, field.type, field.nullable))
    return [{ ...leaf, num_children: type.fields.length }, ...inner]
  }
  if (typeof type === 'object' && type.kind === 'list') {
    return [
      { ...leaf, converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elements('element', type.element.type, type.element.nullable),
    ]
  }
  if (typeof type === 'object' && type.kind === 'map') {
    return [
      { ...leaf, converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      ...elements('key', type.key, false),
      ...elements('value', type.value.type, type.value.nullable),
    ]
  }
  throw new Error(`No set has the type ${JSON.stringify(type)}`)
}

/** Rows to Arrow's columns with the types of the schema, and those to Parquet in WASM. */
const parquetWasm: Contender = async (rows, schema) => {
  const columns = schema.fields.map(({ name, type }) => {
    const values = rows.map((row) => arrowValue(type, row[name]))
    return [name, vectorFromArray(values, arrowType(type))] as const
  })
  const fields = schema.fields.map(
    ({ name, type, nullable }) => new ArrowField(name, arrowType(type), nullable),
  )
  const table = new ArrowTable(new ArrowSchema(fields), Object.fromEntries(columns))
  const inside = Table.fromIPCStream(tableToIPC(table, 'stream'))
  const snappy = new WriterPropertiesBuilder().setCompression(Compression.SNAPPY).build()
  return writeParquet(inside, snappy)
}

function arrowType(type: FieldType): DataType {
  switch (type) {
    case 'int32':
      return new Int32()
    case 'double':
      return new Float64()
    case 'boolean':
      return new Bool()
    case 'string':
      return new Utf8()
    case 'timestamp':
      return new TimestampMillisecond()
  }
  const arrowField = (name: string, inner: FieldType, nullable: boolean): ArrowField =>
    new ArrowField(name, arrowType(inner), nullable)
  if (typeof type === 'object' && type.kind === 'struct') {
    return new Struct(
      type.fields.map((field) => arrowField(field.name, field.type, field.nullable)),
    )
  }
  if (typeof type === 'object' && type.kind === 'list') {
    return new List(arrowField('element', type.element.type, type.element.nullable))
  }
  if (typeof type === 'object' && type.kind === 'map') {
    const entries = [
      arrowField('key', type.key, false),
      arrowField('value', type.value.type, type.value.nullable),
    ]
    return new Map_(new ArrowField('entries', new Struct(entries), false) as never)
  }
  throw new Error(`No set has the type ${JSON.stringify(type)}`)
}

/** Its builder of maps takes a `Map` only. */
function arrowValue(type: FieldType, value: unknown): unknown {
  return typeof type === 'object' && type.kind === 'map'
    ? new Map(Object.entries(value as object))
    : value
}

/** What most people send today, and no file of columns: the size is shown, and races with nobody. */
const ndjson: Contender = async (rows) => {
  const encoder = new TextEncoder()
  const chunks: Uint8Array[] = []
  for (let from = 0; from < rows.length; from += BATCH_ROWS) {
    let text = ''
    for (const row of rows.slice(from, from + BATCH_ROWS)) text += `${JSON.stringify(row)}\n`
    chunks.push(encoder.encode(text))
  }
  return Buffer.concat(chunks)
}

/** All of them snappy, but those that say something else. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  sluice: sluice({}),
  'sluice, none': sluice({ codec: 'none' }),
  // At the levels that pyarrow has where none is said.
  'sluice, zstd': sluice({ codec: zlibCodec(zlib, 'zstd', { level: 1 }) }),
  'sluice, gzip': sluice({ codec: zlibCodec(zlib, 'gzip', { level: 9 }) }),
  'hyparquet-writer': hyparquetWriter(),
  'with hysnappy': hyparquetWriter({ SNAPPY: snappyCompress }),
  'parquet-wasm': parquetWasm,
  NDJSON: ndjson,
}
