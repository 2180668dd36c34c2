import type { Kernels } from '../kernels.ts'
import { type Dictionary, makeDictionary } from './dictionary.ts'
import { dictionaryEncoder, type ValueEncoder, valueEncoder } from './encode-values.ts'
import type { Encoding, Leaf } from './leaf.ts'
import type { LoadedLeaf } from './loaded-leaf.ts'
import { snappyBound } from './snappy-bound.ts'

/** How a chunk is written. */
export interface Plan {
  readonly values: ValueEncoder
  /** Whose page comes first, if the values are its indices. */
  readonly dictionary?: Dictionary | undefined
  /** Whether snappy made the sample smaller. */
  readonly isCompressible: boolean
}

/** What is tried of each type, the most useful to readers first: of equal ones that is taken. */
const CANDIDATES: Readonly<Record<LoadedLeaf['kind'], readonly Encoding[]>> = {
  boolean: ['plain', 'rle'],
  int32: ['dictionary', 'delta_binary_packed', 'plain'],
  int64: ['dictionary', 'delta_binary_packed', 'plain'],
  float: ['dictionary', 'plain', 'byte_stream_split'],
  double: ['dictionary', 'plain', 'byte_stream_split'],
  bytes: ['dictionary', 'delta_length_byte_array', 'delta_byte_array'],
  // Older readers know none of the others for these.
  fixed: ['dictionary', 'plain'],
}

/**
 * What is tried where a leaf is null by a struct, and pages are several: polars (2.1.0) panics at others of such pages, if one of them
 * has nulls and another none. Without a struct it did so under a predicate: https://github.com/pola-rs/polars/issues/28536
 */
const NULL_BY_STRUCT: readonly Encoding[] = ['dictionary', 'plain']

/** A sample is as many runs of neighbours as this, with at most so many values and bytes each. */
const SAMPLE_RUNS = 4
const RUN_VALUES = 1024
const RUN_BYTES = 64 * 1024

/** Compression that gains less is not worth what readers pay for it. */
const MIN_GAIN = 0.02

/**
 * Tries each encoding of the column's type on a sample, compressed by snappy where the chunk will be by any codec, and takes the one that
 * would make the chunk the smallest. Of a dictionary, which is made of the whole chunk, the keys count as well. Four runs of 1,024
 * neighbours are enough to tell, and cost a few per cent of the encoding itself. `isPaged`: whether plain values would take several pages.
 */
export function chooseEncoding(
  kernels: Kernels,
  leaf: Leaf,
  loaded: LoadedLeaf,
  isCompressed: boolean,
  isPaged: () => boolean,
): Plan {
  const sample = sampleOf(loaded)
  let best: (Plan & { readonly bytes: number }) | undefined
  const encodings = encodingsToTry(leaf, loaded, isPaged)
  for (const encoding of encodings) {
    const dictionary = encoding === 'dictionary' ? makeDictionary(kernels, loaded) : undefined
    const values = dictionary
      ? dictionaryEncoder(kernels, dictionary)
      : valueEncoder(kernels, loaded, encoding === 'dictionary' ? 'plain' : encoding)
    // A dictionary that was given up.
    if (encoding === 'dictionary' && !dictionary && encodings.length > 1) continue
    const { rawBytes, storedBytes } = trial(kernels, sample, values, isCompressed)
    const scale = loaded.count / Math.max(1, sample.count)
    const keys = dictionary ? keysCost(kernels, dictionary, isCompressed) : 0
    const bytes = storedBytes * scale + keys
    if (best && bytes >= best.bytes) continue
    const gained =
      storedBytes * scale + keys < (1 - MIN_GAIN) * (rawBytes * scale + (dictionary?.keyBytes ?? 0))
    best = { values, dictionary, isCompressible: gained, bytes }
  }
  return best as Plan
}

function encodingsToTry(
  { encoding, isNullByStruct }: Leaf,
  { kind, count, slots }: LoadedLeaf,
  isPaged: () => boolean,
): readonly Encoding[] {
  if (encoding) return [encoding]
  if (count === 0) return ['plain']
  const isRead = !isNullByStruct || count === slots || kind === 'boolean' || !isPaged()
  return isRead ? CANDIDATES[kind] : NULL_BY_STRUCT
}

interface Sample {
  readonly runs: readonly (readonly [from: number, to: number])[]
  readonly count: number
}

function sampleOf(leaf: LoadedLeaf): Sample {
  const { count } = leaf
  if (count <= SAMPLE_RUNS * RUN_VALUES && leaf.bytesOf(0, count) <= SAMPLE_RUNS * RUN_BYTES) {
    return { runs: [[0, count]], count }
  }
  // No value twice: a few may take nearly all the memory that there is.
  const step = Math.max(1, Math.floor(count / SAMPLE_RUNS))
  const runs = Array.from({ length: Math.min(count, SAMPLE_RUNS) }, (_, i) => {
    const from = i * step
    let to = Math.min(from + RUN_VALUES, from + step)
    while (to - from > 1 && leaf.bytesOf(from, to) > RUN_BYTES) to = from + ((to - from) >> 1)
    return [from, to] as const
  })
  return { runs, count: runs.reduce((sum, [from, to]) => sum + to - from, 0) }
}

function trial(
  kernels: Kernels,
  { runs }: Sample,
  values: ValueEncoder,
  isCompressed: boolean,
): { rawBytes: number; storedBytes: number } {
  const begun = kernels.mark()
  const bound = runs.reduce((sum, [from, to]) => sum + values.boundOf(from, to), 0)
  const raw = kernels.allocate(bound)
  let rawBytes = 0
  for (const [from, to] of runs) rawBytes += values.encode(from, to, raw + rawBytes)
  const storedBytes = isCompressed ? snappyBytes(kernels, raw, rawBytes) : rawBytes
  kernels.rewind(begun)
  return { rawBytes, storedBytes }
}

/** What the keys take in the file, as a part of them tells. */
function keysCost(kernels: Kernels, { keys, keyBytes }: Dictionary, isCompressed: boolean): number {
  if (!isCompressed) return keyBytes
  const begun = kernels.mark()
  const part = Math.min(keyBytes, RUN_BYTES)
  const stored = snappyBytes(kernels, keys, part)
  kernels.rewind(begun)
  return (stored * keyBytes) / part
}

function snappyBytes(kernels: Kernels, from: number, length: number): number {
  return kernels.functions.snappy(from, length, kernels.allocate(snappyBound(length)))
}
