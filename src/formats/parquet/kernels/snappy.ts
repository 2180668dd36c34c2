/**
 * Snappy, as https://github.com/google/snappy/blob/main/format_description.txt describes it: blocks of 64 KiB, in each of which
 * a table remembers where four bytes were last seen.
 */
const BLOCK_BYTES: u32 = 1 << 16
const TABLE_BITS: u32 = 14
const TABLE: usize = memory.data(2 << 14, 16)

/** The last bytes of a block are literals, so that eight and sixteen may be read at once before them. */
const MARGIN: u32 = 16

function slotOf(four: u32): usize {
  return TABLE + ((((four * 0x9e3779b1) >> (32 - TABLE_BITS)) as usize) << 1)
}

/** Returns how many bytes it wrote. Reads up to 16 bytes behind the input. */
export function snappy(from: usize, length: u32, to: usize): u32 {
  let out = to
  let rest = length
  for (; rest >= 0x80; rest >>= 7) store<u8>(out++, rest | 0x80)
  store<u8>(out++, rest)
  const end = from + length
  for (let start = from; start < end; start += BLOCK_BYTES) {
    out = compressBlock(start, min(end, start + BLOCK_BYTES), out)
  }
  return (out - to) as u32
}

function compressBlock(start: usize, end: usize, to: usize): usize {
  let out = to
  let literal = start
  if (end - start > MARGIN) {
    memory.fill(TABLE, 0, 2 << TABLE_BITS)
    const limit = end - MARGIN
    let at = start + 1
    // Each 32 positions without a match, one more is skipped: what does not compress is soon over.
    let misses: u32 = 32
    while (at < limit) {
      const four = load<u32>(at)
      const slot = slotOf(four)
      const candidate = start + load<u16>(slot)
      store<u16>(slot, (at - start) as u16)
      if (load<u32>(candidate) !== four) {
        at += misses++ >> 5
        continue
      }
      if (at > literal) out = writeLiteral(literal, (at - literal) as u32, out)
      const matched = matchEnd(candidate + 4, at + 4, end)
      out = writeCopy((at - candidate) as u32, (matched - at) as u32, out)
      at = matched
      literal = at
      misses = 32
      if (at < limit) store<u16>(slotOf(load<u32>(at - 1)), (at - 1 - start) as u16)
    }
  }
  return literal < end ? writeLiteral(literal, (end - literal) as u32, out) : out
}

/** Where what begins at `at` stops to be what begins at `earlier`. */
function matchEnd(earlier: usize, at: usize, end: usize): usize {
  let one = earlier
  let other = at
  while (other + 8 <= end) {
    const different = load<u64>(one) ^ load<u64>(other)
    if (different !== 0) return other + ((ctz(different) >> 3) as usize)
    one += 8
    other += 8
  }
  while (other < end && load<u8>(one) === load<u8>(other)) {
    one++
    other++
  }
  return other
}

function writeLiteral(from: usize, length: u32, to: usize): usize {
  const last = length - 1
  let out = to
  if (last < 60) {
    store<u8>(out++, last << 2)
  } else if (last < 256) {
    store<u8>(out, 60 << 2)
    store<u8>(out, last, 1)
    out += 2
  } else {
    store<u8>(out, 61 << 2)
    store<u16>(out, last as u16, 1)
    out += 3
  }
  if (length <= 16) {
    v128.store(out, v128.load(from))
  } else {
    memory.copy(out, from, length)
  }
  return out + length
}

function writeCopy(offset: u32, length: u32, to: usize): usize {
  let out = to
  let rest = length
  // A copy has at most 64 bytes, and the short form at least 4: so none of fewer is left over.
  while (rest >= 68) {
    out = writeLongCopy(offset, 64, out)
    rest -= 64
  }
  if (rest > 64) {
    out = writeLongCopy(offset, 60, out)
    rest -= 60
  }
  if (rest >= 12 || offset >= 2048) return writeLongCopy(offset, rest, out)
  store<u8>(out, ((offset >> 8) << 5) | ((rest - 4) << 2) | 1)
  store<u8>(out, offset, 1)
  return out + 2
}

function writeLongCopy(offset: u32, length: u32, to: usize): usize {
  store<u8>(to, ((length - 1) << 2) | 2)
  store<u16>(to, offset as u16, 1)
  return to + 3
}
