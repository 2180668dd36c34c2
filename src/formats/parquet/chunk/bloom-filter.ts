import type { Chunk } from '../../../contracts/index.ts'
import { concatBytes } from '../../../core/bytes.ts'
import type { Kernels } from '../kernels.ts'
import { bloomFilterHeader } from '../thrift/page-header.ts'
import type { Dictionary } from './dictionary.ts'
import type { Leaf } from './leaf.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'

/** So that one value in a hundred that is not there seems to be: 9.7 bits for each, as the specification's formula says. */
const BYTES_PER_VALUE = -1 / Math.log(1 - 0.01 ** (1 / 8))
/** Readers expect a power of two; and the most is what parquet-java takes, too. */
const MIN_BYTES = 32
const MAX_BYTES = 1024 * 1024

/**
 * A split-block Bloom filter of the chunk's values, with its header.
 * @see https://github.com/apache/parquet-format/blob/master/BloomFilter.md
 */
export function bloomFilter(
  kernels: Kernels,
  { order }: Leaf,
  { values, offsets, width, count }: LoadedLeaf,
  dictionary: Dictionary | undefined,
): Chunk {
  const wanted = BYTES_PER_VALUE * (dictionary?.count ?? count)
  const bytes = Math.min(Math.max(2 ** Math.ceil(Math.log2(wanted)), MIN_BYTES), MAX_BYTES)
  const filter = kernels.allocate(bytes)
  kernels.view().fill(0, filter, filter + bytes)
  const blocks = bytes / 32
  const { bloomBytes, bloomFixed, bloomFloats } = kernels.functions
  const isFloat = order === 'float' || order === 'float16'
  const insert = isFloat ? bloomFloats : bloomFixed
  if (offsets !== 0) bloomBytes(values, offsets, count, filter, blocks)
  else if (dictionary) insert(dictionary.keys, width, dictionary.count, filter, blocks)
  else insert(values, width, count, filter, blocks)
  return concatBytes([bloomFilterHeader(bytes), kernels.copyOut(filter, bytes)])
}
