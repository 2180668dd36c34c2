import type { Bytes } from '../../../contracts/index.ts'
import { thriftStruct, type WriteStruct } from './compact-writer.ts'
import { ENCODINGS, PAGE_TYPES, type PageEncoding, type PageType } from './enums.ts'

interface Page {
  /** Without the header. */
  readonly rawBytes: number
  /** As the page lies in the file, without the header. */
  readonly storedBytes: number
  /** CRC-32 of the page as it lies in the file, as a signed or an unsigned number of 32 bits. */
  readonly crc: number
}

export interface DataPage extends Page {
  /** Nulls included: how many levels it has. */
  readonly slots: number
  readonly encoding: PageEncoding
}

export interface DictionaryPage extends Page {
  readonly count: number
}

/**
 * The header of a data page of version 1, whose levels are RLE.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader)
 */
export function dataPageHeader(page: DataPage): Bytes {
  return pageHeader('data_page', page, (header) => {
    header.struct(5, (data) => {
      data.i32(1, page.slots)
      data.i32(2, ENCODINGS[page.encoding])
      data.i32(3, ENCODINGS.rle)
      data.i32(4, ENCODINGS.rle)
    })
  })
}

/** The header of a dictionary page, whose values are plain. */
export function dictionaryPageHeader(page: DictionaryPage): Bytes {
  return pageHeader('dictionary_page', page, (header) => {
    header.struct(7, (dictionary) => {
      dictionary.i32(1, page.count)
      dictionary.i32(2, ENCODINGS.plain)
    })
  })
}

function pageHeader(type: PageType, page: Page, writeRest: WriteStruct): Bytes {
  return thriftStruct((header) => {
    header.i32(1, PAGE_TYPES[type])
    header.i32(2, page.rawBytes)
    header.i32(3, page.storedBytes)
    header.i32(4, page.crc | 0)
    writeRest(header)
  })
}

/**
 * What lies before the bits of a Bloom filter: split blocks, xxHash, uncompressed.
 * @see https://github.com/apache/parquet-format/blob/master/BloomFilter.md
 */
export function bloomFilterHeader(bitsetBytes: number): Bytes {
  return thriftStruct((header) => {
    header.i32(1, bitsetBytes)
    for (const id of [2, 3, 4]) header.struct(id, (union) => union.struct(1, () => {}))
  })
}
