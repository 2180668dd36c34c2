import { parquetMetadata, parquetRead } from 'hyparquet'
import type { Bytes } from '../../../../src/contracts/index.ts'
import { concatBytes, ownBytes, utf8 } from '../../../../src/core/bytes.ts'
import type { ColumnChunk, Leaf } from '../../../../src/formats/parquet/chunk/leaf.ts'
import {
  type CompactWriter,
  thriftStruct,
} from '../../../../src/formats/parquet/thrift/compact-writer.ts'
import {
  CODECS,
  CONVERTED_TYPES,
  ENCODINGS,
  PHYSICAL_TYPES,
  REPETITIONS,
} from '../../../../src/formats/parquet/thrift/enums.ts'

const TYPES = {
  boolean: PHYSICAL_TYPES.boolean,
  int32: PHYSICAL_TYPES.int32,
  int64: PHYSICAL_TYPES.int64,
  float: PHYSICAL_TYPES.float,
  double: PHYSICAL_TYPES.double,
  bytes: PHYSICAL_TYPES.byte_array,
  fixed: PHYSICAL_TYPES.fixed_len_byte_array,
} as const

/** A file of one column chunk: a required or nullable column, or a list of such (`v.list.element`). */
export function tinyFile(leaf: Leaf, rows: number, chunk: ColumnChunk, width = 0): Bytes {
  const { bytes, metadata } = chunk
  const begin = 4
  const optional = leaf.maxDefinition > leaf.maxRepetition
  const element = (fields: CompactWriter, name: string, nullable: boolean): void => {
    fields.i32(1, TYPES[leaf.physical])
    if (leaf.physical === 'fixed') fields.i32(2, width)
    fields.i32(3, nullable ? REPETITIONS.optional : REPETITIONS.required)
    fields.binary(4, name)
  }
  const group = (
    fields: CompactWriter,
    name: string,
    repetition: number,
    children: number,
  ): void => {
    fields.i32(3, repetition)
    fields.binary(4, name)
    fields.i32(5, children)
  }
  const elements: ((fields: CompactWriter) => void)[] = [(fields) => group(fields, 'root', 0, 1)]
  if (leaf.maxRepetition > 0) {
    elements.push(
      (fields) => {
        group(fields, 'v', REPETITIONS.required, 1)
        fields.i32(6, CONVERTED_TYPES.list)
      },
      (fields) => group(fields, 'list', REPETITIONS.repeated, 1),
      (fields) => element(fields, 'element', optional),
    )
  } else {
    elements.push((fields) => element(fields, 'v', optional))
  }
  const { dictionaryBytes } = metadata
  const footer = thriftStruct((file) => {
    file.i32(1, 2)
    file.structs(2, elements, (fields, write) => write(fields))
    file.i64(3, rows)
    file.structs(4, [0], (rowGroup) => {
      rowGroup.structs(1, [0], (column) => {
        column.i64(2, begin)
        column.struct(3, (fields) => {
          fields.i32(1, TYPES[leaf.physical])
          fields.i32s(
            2,
            metadata.encodings.map((encoding) => ENCODINGS[encoding]),
          )
          fields.binaries(3, leaf.maxRepetition > 0 ? ['v', 'list', 'element'] : ['v'])
          fields.i32(4, CODECS[metadata.codec])
          fields.i64(5, metadata.slots)
          fields.i64(6, metadata.rawBytes)
          fields.i64(7, metadata.storedBytes)
          fields.i64(9, begin + (dictionaryBytes ?? 0))
          if (dictionaryBytes !== undefined) fields.i64(11, begin)
        })
      })
      rowGroup.i64(2, metadata.rawBytes)
      rowGroup.i64(3, rows)
    })
  })
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, footer.byteLength, true)
  return concatBytes([utf8('PAR1'), ...bytes, footer, length, utf8('PAR1')])
}

/** What hyparquet reads of the column, byte arrays as bytes. */
export async function readTinyFile(file: Uint8Array): Promise<unknown[]> {
  const { buffer } = new Uint8Array(ownBytes(file))
  const values: unknown[] = []
  await parquetRead({
    file: { byteLength: buffer.byteLength, slice: (from, to) => buffer.slice(from, to) },
    metadata: parquetMetadata(buffer),
    utf8: false,
    onChunk: ({ columnData, rowStart }) => {
      for (const [i, value] of Array.from(columnData).entries()) values[rowStart + i] = value
    },
  })
  return values
}
