import type { Awaitable, Chunk } from '../../contracts/index.ts'
import type { ColumnChunk, Leaf, LeafData } from './chunk/leaf.ts'
import { type Steps, waitFor } from './steps.ts'
import type { StoredColumn, StoredRowGroup } from './thrift/file-metadata.ts'

export interface EncodedRowGroup {
  readonly chunks: readonly Chunk[]
  readonly byteLength: number
  readonly group: StoredRowGroup
}

/** A leaf, and what a row group has of it: asked for when its turn has come, and released when the kernels have read it. */
export interface LeafSource {
  readonly leaf: Leaf
  readonly data: () => LeafData
  readonly release: (data: LeafData) => void
}

/** Encodes a row group that begins at `offset`: its column chunks, and behind them their Bloom filters. */
export function* encodeRowGroup(
  sources: Iterable<LeafSource>,
  encode: (leaf: Leaf, data: LeafData) => Awaitable<ColumnChunk>,
  rows: number,
  offset: number,
): Steps<EncodedRowGroup> {
  const chunks: Chunk[] = []
  let end = offset
  const put = (chunk: Chunk): void => {
    chunks.push(chunk)
    end += chunk.byteLength
  }
  const encoded: (ColumnChunk & { readonly offset: number })[] = []
  for (const { leaf, data: dataOf, release } of sources) {
    const data = dataOf()
    const encoding = encode(leaf, data)
    // Whatever it waits for, it is a compressor: the values are read at once.
    release(data)
    const column = yield* waitFor(encoding)
    encoded.push({ ...column, bytes: [], offset: end })
    column.bytes.forEach(put)
  }
  const columns = encoded.map(({ bloomFilter, ...column }): StoredColumn => {
    if (!bloomFilter) return { offset: column.offset, metadata: column.metadata }
    const place = { offset: end, byteLength: bloomFilter.byteLength }
    put(bloomFilter)
    return { offset: column.offset, metadata: column.metadata, bloomFilter: place }
  })
  return { chunks, byteLength: end - offset, group: { rows, columns } }
}
