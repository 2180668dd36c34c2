import { packBits, writeVarint } from './bits'

/** A run is worth its own header, and that of what follows, when it replaces more than this many bits. */
const MIN_RUN_BITS: u32 = 40

/**
 * RLE / bit-packed hybrid, without a length before it:
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
 * Returns how many bytes it wrote.
 */
function hybrid<T>(from: usize, count: u32, width: u32, to: usize): u32 {
  let out = to
  const valueBytes = (width + 7) >> 3
  const end = from + ((count as usize) << alignof<T>())
  const group = (8 * sizeof<T>()) as usize
  let literal = from
  let at = from
  while (at < end) {
    const runEnd = endOfRun<T>(at, end)
    const length = ((runEnd - at) >> alignof<T>()) as u32
    if (length < 8 || length * width < MIN_RUN_BITS) {
      // Bit-packed values come in eights, so runs are looked for at their beginnings.
      at += group
      continue
    }
    if (at > literal) out = writeLiterals<T>(literal, at, width, out)
    out = writeVarint((length as u64) << 1, out)
    store<u32>(out, load<T>(at) as u32)
    out += valueBytes
    at = runEnd
    literal = at
  }
  return ((literal < end ? writeLiterals<T>(literal, end, width, out) : out) - to) as u32
}

function endOfRun<T>(from: usize, end: usize): usize {
  const value = load<T>(from)
  let at = from + sizeof<T>()
  while (at < end && load<T>(at) === value) at += sizeof<T>()
  return at
}

function writeLiterals<T>(from: usize, end: usize, width: u32, to: usize): usize {
  const count = ((end - from) >> alignof<T>()) as u32
  const groups = (count + 7) >> 3
  const out = writeVarint(((groups as u64) << 1) | 1, to)
  const filled = packBits<T>(from, count, width, out)
  const last = out + groups * width
  // The rest of the last eight.
  memory.fill(filled, 0, last - filled)
  return last
}

/** Levels and booleans: a byte each. */
export function hybrid8(from: usize, count: u32, width: u32, to: usize): u32 {
  return hybrid<u8>(from, count, width, to)
}

/** Indices into a dictionary. */
export function hybrid32(from: usize, count: u32, width: u32, to: usize): u32 {
  return hybrid<u32>(from, count, width, to)
}

/** Booleans of a byte each, as a bit each. */
export function packBooleans(from: usize, count: u32, to: usize): u32 {
  return (packBits<u8>(from, count, 1, to) - to) as u32
}
