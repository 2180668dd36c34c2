import type { Awaitable } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { Compressor } from '../compressor.ts'
import type { Kernels } from '../kernels.ts'
import type { PageEncoding } from '../thrift/enums.ts'
import { bloomFilter } from './bloom-filter.ts'
import { chooseEncoding, type Plan } from './choose-encoding.ts'
import { chunkStatistics, type PageStatistics } from './chunk-bounds.ts'
import { cutPages, type PageRange } from './cut-pages.ts'
import type { ChunkOptions, ColumnChunk, Leaf, LeafData } from './leaf.ts'
import { type LoadedLeaf, loadLeaf } from './loaded-leaf.ts'
import { boundsFinder } from './page-bounds.ts'
import { pageWriter } from './page-writer.ts'
import { type EncodedChunk, type StoredPage, storedChunk } from './stored-chunk.ts'

export const PAGE_BYTES: number = 1024 * 1024
const PAGE_ROWS = 20_000

/**
 * Encodes one leaf of a row group. Synchronous but for a compressor that is not. The same leaf, data and options give the same bytes.
 *
 * Data pages are of version 1, which every reader has. What snappy would not make smaller is left as it is, the whole chunk, since
 * these pages cannot say so each; other codecs find more than a trial by snappy tells, and are always used.
 *
 * Errors: `too-large` when the kernels may have no more memory, and whatever a compressor throws.
 */
export function encodeColumnChunk(
  kernels: Kernels,
  leaf: Leaf,
  data: LeafData,
  options: ChunkOptions,
): Awaitable<ColumnChunk> {
  const { codec } = options
  const { plan, pages, chunk } = encodePages(kernels, leaf, data, options)
  if (typeof codec !== 'string') return compressedChunk(kernels, chunk, codec, pages)
  const isCompressed = codec === 'snappy' && plan.isCompressible
  return storedChunk(chunk, isCompressed ? 'snappy' : 'none', pages)
}

interface EncodedPages {
  readonly plan: Plan
  /** Compressed by the kernels, or not at all. */
  readonly pages: readonly StoredPage[]
  readonly chunk: EncodedChunk
}

function encodePages(
  kernels: Kernels,
  leaf: Leaf,
  data: LeafData,
  options: ChunkOptions,
): EncodedPages {
  kernels.begin(`The column ${leaf.path.join('.')}`)
  try {
    return encodeLoaded(kernels, leaf, data, options)
  } finally {
    kernels.end()
  }
}

function encodeLoaded(
  kernels: Kernels,
  leaf: Leaf,
  data: LeafData,
  { codec, pageBytes = PAGE_BYTES, pageRows = PAGE_ROWS }: ChunkOptions,
): EncodedPages {
  const loaded = loadLeaf(kernels, data)
  const cut = (width: number): PageRange[] =>
    cutPages(kernels, loaded, leaf.maxDefinition, { width, pageRows, pageBytes })
  const isPaged = (): boolean => cut(loaded.width).length > 1
  const plan = chooseEncoding(kernels, leaf, loaded, codec !== 'none', isPaged)
  const { values, dictionary } = plan
  // An index takes the place of a value.
  const width = dictionary ? Math.ceil(dictionary.indexBits / 8) : loaded.width
  const ranges = cut(width)
  const usesSnappy = codec === 'snappy' && plan.isCompressible
  const writer = pageWriter(kernels, leaf, loaded, values, ranges, usesSnappy)
  return {
    plan,
    pages: [
      ...(dictionary ? [writer.dictionary(dictionary)] : []),
      ...ranges.map((range) => writer.data(range)),
    ],
    chunk: {
      encodings: encodingsOf(leaf, plan),
      slots: data.slots,
      nullCount: data.slots - data.count,
      ...chunkStatistics(leaf, pageStatistics(kernels, leaf, loaded, ranges)),
      unencodedBytes: loaded.kind === 'bytes' ? loaded.bytesOf(0, loaded.count) : undefined,
      bloomFilter: leaf.bloom ? bloomFilter(kernels, leaf, loaded, dictionary) : undefined,
    },
  }
}

function pageStatistics(
  kernels: Kernels,
  leaf: Leaf,
  loaded: LoadedLeaf,
  ranges: readonly PageRange[],
): PageStatistics[] {
  const find = boundsFinder(kernels, leaf, loaded)
  return ranges.map(({ fromSlot, toSlot, fromValue, toValue }) => {
    const count = toValue - fromValue
    const bounds = count > 0 ? find(fromValue, toValue) : { nanCount: 0 }
    return { ...bounds, count, nullCount: toSlot - fromSlot - count }
  })
}

/** Of everything in the chunk: keys of a dictionary are plain, and levels RLE. */
function encodingsOf({ maxDefinition, maxRepetition }: Leaf, plan: Plan): PageEncoding[] {
  const encodings = new Set<PageEncoding>([plan.values.encoding])
  if (plan.dictionary) encodings.add('plain')
  if (maxDefinition > 0 || maxRepetition > 0) encodings.add('rle')
  return [...encodings]
}

async function compressedChunk(
  kernels: Kernels,
  chunk: EncodedChunk,
  codec: Compressor,
  pages: readonly StoredPage[],
): Promise<ColumnChunk> {
  const stored: StoredPage[] = []
  for (const page of pages) {
    const packed: unknown = await codec.compress(page.body)
    if (!(packed instanceof Uint8Array)) throw noBytes(codec)
    // A copy: it may have compressed into memory that it uses again.
    const body = new Uint8Array(packed)
    stored.push({ ...page, body, crc: kernels.crc32(body) })
  }
  return storedChunk(chunk, codec.name, stored)
}

function noBytes({ name }: Compressor): SluiceError {
  return new SluiceError('invalid-options', `codec: the compressor ${name} gave no Uint8Array`)
}
