import type { Bytes } from '../../../contracts/index.ts'
import type { ColumnIndexData, PagePlace } from '../chunk/leaf.ts'
import { thriftStruct } from './compact-writer.ts'
import { BOUNDARY_ORDERS } from './enums.ts'

/**
 * The bounds of each page of a column chunk.
 * @see https://github.com/apache/parquet-format/blob/master/PageIndex.md
 */
export function columnIndex(index: ColumnIndexData): Bytes {
  return thriftStruct((fields) => {
    fields.bools(1, index.nullPages)
    fields.binaries(2, index.minValues)
    fields.binaries(3, index.maxValues)
    fields.i32(4, BOUNDARY_ORDERS[index.boundaryOrder])
    fields.i64s(5, index.nullCounts)
  })
}

/** Where each page of a column chunk lies, which begins at `offset`. */
export function offsetIndex(pages: readonly PagePlace[], offset: number): Bytes {
  return thriftStruct((fields) => {
    fields.structs(1, pages, (location, page) => {
      location.i64(1, offset + page.offset)
      location.i32(2, page.storedBytes)
      location.i64(3, page.firstRow)
    })
  })
}
