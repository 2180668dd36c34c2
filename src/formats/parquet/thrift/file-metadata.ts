import type { Bytes } from '../../../contracts/index.ts'
import type { ColumnChunkMetadata, Leaf } from '../chunk/leaf.ts'
import type { SchemaElement } from '../schema/element.ts'
import { type CompactWriter, thriftStruct } from './compact-writer.ts'
import { CODECS, ENCODINGS, PHYSICAL_TYPES, type PhysicalType } from './enums.ts'
import { writeRootElement, writeSchemaElement } from './schema-element.ts'

/** Bytes of a file. */
export interface Place {
  readonly offset: number
  readonly byteLength: number
}

export interface StoredColumn {
  /** Where its first page lies. */
  readonly offset: number
  readonly metadata: ColumnChunkMetadata
  readonly bloomFilter?: Place | undefined
}

export interface StoredRowGroup {
  readonly rows: number
  readonly columns: readonly StoredColumn[]
}

/** Where the page index of a column chunk lies. */
export interface IndexPlaces {
  readonly columnIndex?: Place | undefined
  readonly offsetIndex: Place
}

/** What the rows of each row group are ordered by. */
export interface SortingColumn {
  /** The leaf's place. */
  readonly leaf: number
  readonly descending: boolean
  readonly nullsFirst: boolean
}

export interface FileMetadata {
  readonly elements: readonly SchemaElement[]
  readonly leaves: readonly Leaf[]
  readonly groups: readonly StoredRowGroup[]
  /** Of each group's columns. */
  readonly indexes: readonly (readonly IndexPlaces[])[]
  readonly rows: number
  readonly keyValues: readonly (readonly [key: string, value: string])[]
  readonly sorting: readonly SortingColumn[]
  readonly createdBy: string
}

/** Files with features of the second version of the format say so; data pages are of the first in either. */
const FORMAT_VERSION = 2

const PHYSICAL: Readonly<Record<Leaf['physical'], PhysicalType>> = {
  boolean: 'boolean',
  int32: 'int32',
  int64: 'int64',
  float: 'float',
  double: 'double',
  bytes: 'byte_array',
  fixed: 'fixed_len_byte_array',
}

/** @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData) */
export function fileMetadata(file: FileMetadata): Bytes {
  const elements = depthFirst(file.elements)
  return thriftStruct((fields) => {
    fields.i32(1, FORMAT_VERSION)
    fields.structs(2, [undefined, ...elements], (inner, element) => {
      if (element) writeSchemaElement(inner, element)
      else writeRootElement(inner, file.elements.length)
    })
    fields.i64(3, file.rows)
    fields.structs(4, file.groups, (inner, group, index) =>
      writeRowGroup(inner, group, index, file),
    )
    fields.structs(
      5,
      file.keyValues.length > 0 ? file.keyValues : undefined,
      (inner, [key, value]) => {
        inner.binary(1, key)
        inner.binary(2, value)
      },
    )
    fields.binary(6, file.createdBy)
    // TypeDefinedOrder for all: DuckDB and others give up statistics of an order that they do not know.
    fields.structs(7, file.leaves, (order) => order.struct(1, () => {}))
  })
}

function depthFirst(elements: readonly SchemaElement[]): readonly SchemaElement[] {
  return elements.flatMap((element) => [element, ...depthFirst(element.children ?? [])])
}

function writeRowGroup(
  fields: CompactWriter,
  { rows, columns }: StoredRowGroup,
  ordinal: number,
  file: FileMetadata,
): void {
  const sum = (bytes: (metadata: ColumnChunkMetadata) => number): number =>
    columns.reduce((total, { metadata }) => total + bytes(metadata), 0)
  fields.structs(1, columns, (chunk, column, index) => {
    const places = file.indexes[ordinal]?.[index]
    chunk.i64(2, 0)
    chunk.struct(3, (metadata) => writeColumn(metadata, column, file.leaves[index] as Leaf))
    chunk.i64(4, places?.offsetIndex.offset)
    chunk.i32(5, places?.offsetIndex.byteLength)
    chunk.i64(6, places?.columnIndex?.offset)
    chunk.i32(7, places?.columnIndex?.byteLength)
  })
  fields.i64(
    2,
    sum(({ rawBytes }) => rawBytes),
  )
  fields.i64(3, rows)
  fields.structs(4, file.sorting.length > 0 ? file.sorting : undefined, (inner, column) => {
    inner.i32(1, column.leaf)
    inner.bool(2, column.descending)
    inner.bool(3, column.nullsFirst)
  })
  fields.i64(5, columns[0]?.offset)
  fields.i64(
    6,
    sum(({ storedBytes }) => storedBytes),
  )
  // It has 16 bits, and is optional.
  fields.i16(7, ordinal < 2 ** 15 ? ordinal : undefined)
}

function writeColumn(
  fields: CompactWriter,
  { offset, metadata, bloomFilter }: StoredColumn,
  leaf: Leaf,
): void {
  const { dictionaryBytes, unencodedBytes } = metadata
  fields.i32(1, PHYSICAL_TYPES[PHYSICAL[leaf.physical]])
  fields.i32s(
    2,
    metadata.encodings.map((encoding) => ENCODINGS[encoding]),
  )
  fields.binaries(3, leaf.path)
  fields.i32(4, CODECS[metadata.codec])
  fields.i64(5, metadata.slots)
  fields.i64(6, metadata.rawBytes)
  fields.i64(7, metadata.storedBytes)
  fields.i64(9, offset + (dictionaryBytes ?? 0))
  fields.i64(11, dictionaryBytes === undefined ? undefined : offset)
  fields.struct(12, (statistics) => writeStatistics(statistics, metadata))
  fields.i64(14, bloomFilter?.offset)
  fields.i32(15, bloomFilter?.byteLength)
  fields.struct(
    16,
    unencodedBytes === undefined ? undefined : (size) => size.i64(1, unencodedBytes),
  )
}

function writeStatistics(fields: CompactWriter, metadata: ColumnChunkMetadata): void {
  const { bounds, nullCount, nanCount } = metadata
  fields.i64(3, nullCount)
  fields.binary(5, bounds?.max)
  fields.binary(6, bounds?.min)
  fields.bool(7, bounds?.isMaxExact)
  fields.bool(8, bounds?.isMinExact)
  fields.i64(9, nanCount)
}
