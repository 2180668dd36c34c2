import type { Chunk } from '../../contracts/index.ts'
import {
  type FileMetadata,
  fileMetadata,
  type IndexPlaces,
  type Place,
  type StoredColumn,
} from './thrift/file-metadata.ts'
import { columnIndex, offsetIndex } from './thrift/page-index.ts'

/** What a file begins and ends with. */
export const MAGIC: readonly number[] = [0x50, 0x41, 0x52, 0x31]

/**
 * All that follows the last row group: the indexes of the pages, column indexes first since readers that skip want them all, and the
 * metadata with its length.
 */
export function fileEnd(file: Omit<FileMetadata, 'indexes'>, offset: number): readonly Chunk[] {
  const chunks: Chunk[] = []
  let end = offset
  const put = (chunk: Chunk): Place => {
    chunks.push(chunk)
    const place = { offset: end, byteLength: chunk.byteLength }
    end += chunk.byteLength
    return place
  }
  const ofColumns = <T>(make: (column: StoredColumn) => T): T[][] =>
    file.groups.map(({ columns }) => columns.map(make))
  const columnIndexes = ofColumns(
    ({ metadata }) => metadata.columnIndex && put(columnIndex(metadata.columnIndex)),
  )
  const offsetIndexes = ofColumns(({ metadata, offset: begin }) =>
    put(offsetIndex(metadata.pages, begin)),
  )
  const indexes = offsetIndexes.map((places, group) =>
    places.map(
      (place, column): IndexPlaces => ({
        columnIndex: columnIndexes[group]?.[column],
        offsetIndex: place,
      }),
    ),
  )
  const metadata = put(fileMetadata({ ...file, indexes }))
  const tail = new Uint8Array(8)
  new DataView(tail.buffer).setUint32(0, metadata.byteLength, true)
  tail.set(MAGIC, 4)
  put(tail)
  return chunks
}
