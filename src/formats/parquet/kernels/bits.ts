/** A number of seven bits a byte, least significant first: https://github.com/apache/parquet-format/blob/master/Encodings.md */
export function writeVarint(value: u64, to: usize): usize {
  let out = to
  let rest = value
  for (; rest >= 0x80; rest >>= 7) store<u8>(out++, (rest | 0x80) as u8)
  store<u8>(out++, rest as u8)
  return out
}

/**
 * `count` values of `width` bits each, least significant bit first. Writes whole words of eight bytes: up to seven bytes behind
 * the last one are overwritten.
 */
export function packBits<T>(from: usize, count: u32, width: u32, to: usize): usize {
  let out = to
  let word: u64 = 0
  let filled: u32 = 0
  const end = from + ((count as usize) << alignof<T>())
  for (let at = from; at < end; at += sizeof<T>()) {
    const value = load<T>(at) as u64
    word |= value << filled
    filled += width
    if (filled >= 64) {
      store<u64>(out, word)
      out += 8
      filled -= 64
      // A shift by 64 would be one by 0.
      word = filled === 0 ? 0 : value >> (width - filled)
    }
  }
  if (filled > 0) {
    store<u64>(out, word)
    out += (filled + 7) >> 3
  }
  return out
}
