import { packBits, writeVarint } from './bits'

const BLOCK: u32 = 128
const MINIBLOCKS: u32 = 4
const MINIBLOCK: u32 = 32
const DELTAS: usize = memory.data(128 * 8, 16)

function zigzag(value: i64): u64 {
  return ((value << 1) ^ (value >> 63)) as u64
}

/**
 * DELTA_BINARY_PACKED: https://github.com/apache/parquet-format/blob/master/Encodings.md#DELTAENC
 * Differences wrap around as the values' own type does. Returns how many bytes it wrote.
 */
function delta<T>(from: usize, count: u32, to: usize): u32 {
  let out = writeVarint(BLOCK, to)
  out = writeVarint(MINIBLOCKS, out)
  out = writeVarint(count, out)
  if (count === 0) return (writeVarint(0, out) - to) as u32
  let before = load<T>(from)
  out = writeVarint(zigzag(before as i64), out)
  let at = from + sizeof<T>()
  for (let left = count - 1; left > 0; ) {
    const length = min(left, BLOCK)
    let least = i64.MAX_VALUE
    for (let i: usize = 0; i < length; i++) {
      const value = load<T>(at)
      const difference = (value - before) as T as i64
      store<i64>(DELTAS + (i << 3), difference)
      if (difference < least) least = difference
      before = value
      at += sizeof<T>()
    }
    out = writeBlock(length, least, out)
    left -= length
  }
  return (out - to) as u32
}

function writeBlock(length: u32, least: i64, to: usize): usize {
  const widths = writeVarint(zigzag(least), to)
  let out = widths + MINIBLOCKS
  // A miniblock without values has a width and no bytes.
  store<u32>(widths, 0)
  for (let begin: u32 = 0; begin < length; begin += MINIBLOCK) {
    const deltas = DELTAS + ((begin as usize) << 3)
    const filled = min(MINIBLOCK, length - begin)
    let bits: u64 = 0
    for (let i: usize = 0; i < filled; i++) {
      const offset = (load<i64>(deltas + (i << 3)) - least) as u64
      store<u64>(deltas + (i << 3), offset)
      bits |= offset
    }
    memory.fill(deltas + (filled << 3), 0, (MINIBLOCK - filled) << 3)
    const width = (64 - clz(bits)) as u32
    store<u8>(widths + begin / MINIBLOCK, width as u8)
    if (width > 0) out = packBits<u64>(deltas, MINIBLOCK, width, out)
  }
  return out
}

export function delta32(from: usize, count: u32, to: usize): u32 {
  return delta<i32>(from, count, to)
}

export function delta64(from: usize, count: u32, to: usize): u32 {
  return delta<i64>(from, count, to)
}
