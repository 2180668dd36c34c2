/** One step takes sixteen bytes, each through a table of its own: twice as fast as eight, and four times as fast as one. */
const SLICES: u32 = 16
const TABLE: usize = memory.data(16 * 256 * 4, 16)

for (let n: u32 = 0; n < 256; n++) {
  let sum = n
  for (let bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  store<u32>(TABLE + (n << 2), sum)
}
for (let n: u32 = 256; n < SLICES * 256; n++) {
  const before = load<u32>(TABLE + ((n - 256) << 2))
  store<u32>(TABLE + (n << 2), (before >> 8) ^ load<u32>(TABLE + ((before & 0xff) << 2)))
}

function entry(slice: u32, byte: u32): u32 {
  return load<u32>(TABLE + (slice << 10) + ((byte & 0xff) << 2))
}

function word(slice: u32, bytes: u32): u32 {
  return (
    entry(slice, bytes) ^
    entry(slice - 1, bytes >> 8) ^
    entry(slice - 2, bytes >> 16) ^
    entry(slice - 3, bytes >> 24)
  )
}

/** The CRC-32 of zip and Ethernet, which is the one of Parquet's pages. */
export function crc32(from: usize, length: u32): u32 {
  const end = from + length
  let sum: u32 = 0xffffffff
  let at = from
  for (; at + 16 <= end; at += 16) {
    sum =
      word(15, load<u32>(at) ^ sum) ^
      word(11, load<u32>(at, 4)) ^
      word(7, load<u32>(at, 8)) ^
      word(3, load<u32>(at, 12))
  }
  for (; at < end; at++) sum = (sum >> 8) ^ entry(0, sum ^ load<u8>(at))
  return ~sum
}
