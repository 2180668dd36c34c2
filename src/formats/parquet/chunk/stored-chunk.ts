import type { Chunk } from '../../../contracts/index.ts'
import type { CodecName, PageEncoding } from '../thrift/enums.ts'
import { dataPageHeader, dictionaryPageHeader } from '../thrift/page-header.ts'
import type { ColumnChunk, ColumnChunkMetadata, PagePlace } from './leaf.ts'

/** A page as it lies in the file, without its header. */
export interface StoredPage {
  readonly rawBytes: number
  readonly body: Chunk
  /** CRC-32 of `body`. */
  readonly crc: number
  readonly content:
    | { readonly keys: number }
    | { readonly slots: number; readonly firstRow: number; readonly encoding: PageEncoding }
}

/** What is known of a chunk before its pages are compressed. */
export interface EncodedChunk
  extends Omit<
    ColumnChunkMetadata,
    'codec' | 'rawBytes' | 'storedBytes' | 'dictionaryBytes' | 'pages'
  > {
  readonly bloomFilter?: Chunk | undefined
}

/** Headers before the pages, and where they lie. */
export function storedChunk(
  { bloomFilter, ...encoded }: EncodedChunk,
  codec: CodecName,
  pages: readonly StoredPage[],
): ColumnChunk {
  const bytes: Chunk[] = []
  const places: PagePlace[] = []
  let rawBytes = 0
  let storedBytes = 0
  let dictionaryBytes: number | undefined
  for (const { content, body, crc, rawBytes: rawPageBytes } of pages) {
    const sizes = { rawBytes: rawPageBytes, storedBytes: body.byteLength, crc }
    const header =
      'keys' in content
        ? dictionaryPageHeader({ ...sizes, count: content.keys })
        : dataPageHeader({ ...sizes, ...content })
    bytes.push(header, body)
    const pageBytes = header.byteLength + body.byteLength
    if ('keys' in content) {
      dictionaryBytes = pageBytes
    } else {
      places.push({ offset: storedBytes, storedBytes: pageBytes, firstRow: content.firstRow })
    }
    storedBytes += pageBytes
    rawBytes += header.byteLength + rawPageBytes
  }
  return {
    bytes,
    metadata: { ...encoded, codec, rawBytes, storedBytes, dictionaryBytes, pages: places },
    bloomFilter,
  }
}
