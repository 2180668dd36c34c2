/** Of the byte string whose beginning is the one of that number among `offsets`. */
export function lengthAt(offsets: usize, i: u32): u32 {
  const at = offsets + ((i as usize) << 2)
  return load<u32>(at, 4) - load<u32>(at)
}

/** Mostly of a few bytes, for which a call of the engine takes longer. Writes up to 16 bytes beyond the end. */
export function copyBytes(to: usize, from: usize, length: u32): void {
  if (length > 32) {
    memory.copy(to, from, length)
    return
  }
  v128.store(to, v128.load(from))
  if (length > 16) v128.store(to, v128.load(from, 16), 16)
}

/** How many of the first bytes are the same, of `limit`. */
export function commonLength(one: usize, other: usize, limit: u32): u32 {
  for (let length: u32 = 0; length < limit; length += 8) {
    const different = load<u64>(one + length) ^ load<u64>(other + length)
    if (different !== 0) return min(limit, length + ((ctz(different) >> 3) as u32))
  }
  return limit
}

export function equalBytes(one: usize, other: usize, length: u32): bool {
  return commonLength(one, other, length) === length
}

/** The first eight of so many bytes as a number that is in their order; zeros for what is not there. */
export function keyAt(at: usize, length: u32): u64 {
  if (length === 0) return 0
  const key = bswap(load<u64>(at))
  if (length >= 8) return key
  const missing = (8 - length) << 3
  return (key >> missing) << missing
}

function mix(hash: u64): u64 {
  const product = hash * 0x9e3779b97f4a7c15
  return product ^ (product >> 32)
}

/** Of no use outside of one call: two words that overlap stand for what is no multiple of eight long. */
export function hashBytes(from: usize, length: u32): u64 {
  const end = from + length
  let hash = mix(length)
  if (length >= 8) {
    const last = end - 8
    for (let at = from; at < last; at += 8) hash = mix(hash ^ load<u64>(at))
    hash = mix(hash ^ load<u64>(last))
  } else if (length >= 4) {
    hash = mix(hash ^ ((load<u32>(from) as u64) | ((load<u32>(end - 4) as u64) << 32)))
  } else if (length > 0) {
    const middle = load<u8>(from + (length >> 1)) as u64
    hash = mix(
      hash ^ ((load<u8>(from) as u64) | (middle << 8) | ((load<u8>(end - 1) as u64) << 16)),
    )
  }
  // The upper bits choose the slot.
  return hash * 0xff51afd7ed558ccd
}

/** Less than, equal to or greater than 0, byte by byte, unsigned; a beginning is less than the whole. */
export function compareBytes(one: usize, oneLength: u32, other: usize, otherLength: u32): i32 {
  const shorter = min(oneLength, otherLength)
  const common = commonLength(one, other, shorter)
  if (common < shorter) return (load<u8>(one + common) as i32) - (load<u8>(other + common) as i32)
  return oneLength === otherLength ? 0 : oneLength < otherLength ? -1 : 1
}
