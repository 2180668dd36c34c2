export function equalBytes(one: usize, other: usize, length: u32): bool {
  let i: u32 = 0
  for (; i + 8 <= length; i += 8) {
    if (load<u64>(one + i) !== load<u64>(other + i)) return false
  }
  for (; i < length; i++) {
    if (load<u8>(one + i) !== load<u8>(other + i)) return false
  }
  return true
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
  const common = min(oneLength, otherLength)
  let i: u32 = 0
  for (; i + 8 <= common; i += 8) {
    const a = bswap(load<u64>(one + i))
    const b = bswap(load<u64>(other + i))
    if (a !== b) return a < b ? -1 : 1
  }
  for (; i < common; i++) {
    const difference = (load<u8>(one + i) as i32) - (load<u8>(other + i) as i32)
    if (difference !== 0) return difference
  }
  return oneLength === otherLength ? 0 : oneLength < otherLength ? -1 : 1
}
