import type { Compressor } from '../compressor.ts'

/** A match is four bytes at least; the last five bytes, and where the last twelve begin, are no part of one. */
const MIN_MATCH = 4
const LAST_LITERALS = 5
const LAST_START = 12
const MAX_DISTANCE = 65_535
const HASH_BITS = 14
/** How many misses make the search go on a byte faster. */
const SKIP_AFTER = 64

/**
 * `parquet({ codec: lz4Codec() })`: `LZ4_RAW`, in plain JavaScript, the same bytes everywhere. For the block format alone there is no
 * package that is kept and takes what cannot be compressed, and it is no longer than a wrapper of one would be.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function lz4Codec(): Compressor {
  return { name: 'lz4_raw', compress: lz4Block }
}

function lz4Block(page: Uint8Array): Uint8Array {
  const { length } = page
  // The bound of the reference implementation.
  const out = new Uint8Array(length + Math.ceil(length / 255) + 16)
  const places = new Int32Array(1 << HASH_BITS).fill(-1)
  let at = 0
  let literalsFrom = 0
  let to = 0
  let misses = 0
  while (at <= length - LAST_START) {
    const four = wordAt(page, at)
    const hash = Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = places[hash] as number
    places[hash] = at
    if (candidate < 0 || at - candidate > MAX_DISTANCE || wordAt(page, candidate) !== four) {
      at += 1 + Math.floor(misses++ / SKIP_AFTER)
      continue
    }
    misses = 0
    let end = at + MIN_MATCH
    const distance = at - candidate
    while (end < length - LAST_LITERALS && page[end] === page[end - distance]) end++
    to = writeSequence(out, to, page.subarray(literalsFrom, at), distance, end - at)
    at = end
    literalsFrom = end
  }
  return out.subarray(0, writeSequence(out, to, page.subarray(literalsFrom)))
}

/** Literals and the match behind them; the last sequence has none. The place behind what was written. */
function writeSequence(
  out: Uint8Array,
  from: number,
  literals: Uint8Array,
  distance = 0,
  matched = MIN_MATCH,
): number {
  const more = matched - MIN_MATCH
  out[from] = (Math.min(literals.length, 15) << 4) | Math.min(more, 15)
  let to = writeLength(out, from + 1, literals.length)
  out.set(literals, to)
  to += literals.length
  if (distance === 0) return to
  out[to++] = distance & 255
  out[to++] = distance >> 8
  return writeLength(out, to, more)
}

/** What does not fit the four bits of the token. */
function writeLength(out: Uint8Array, from: number, length: number): number {
  let to = from
  let rest = length - 15
  if (rest < 0) return to
  for (; rest >= 255; rest -= 255) out[to++] = 255
  out[to++] = rest
  return to
}

function wordAt(page: Uint8Array, at: number): number {
  return (
    (page[at] as number) |
    ((page[at + 1] as number) << 8) |
    ((page[at + 2] as number) << 16) |
    ((page[at + 3] as number) << 24)
  )
}
