import { RESULT } from './result'
import { xxHash64 } from './xx-hash'

/** @see https://github.com/apache/parquet-format/blob/master/BloomFilter.md */
const SALTS: usize = memory.data<u32>([
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
])

function insert(hash: u64, filter: usize, blocks: u32): void {
  const block = filter + (((((hash >> 32) * blocks) >> 32) as usize) << 5)
  const key = hash as u32
  for (let word: usize = 0; word < 32; word += 4) {
    const bit: u32 = 1 << ((key * load<u32>(SALTS + word)) >> 27)
    store<u32>(block + word, load<u32>(block + word) | bit)
  }
}

/** Puts values of one width into a split-block bloom filter of `blocks` times 32 bytes. */
export function bloomFixed(from: usize, width: u32, count: u32, filter: usize, blocks: u32): void {
  let at = from
  for (let i: u32 = 0; i < count; i++) {
    insert(xxHash64(at, width), filter, blocks)
    at += width
  }
}

/** As `bloomFixed`, of floating-point numbers: readers that look for 0 mean -0 as well. */
export function bloomFloats(from: usize, width: u32, count: u32, filter: usize, blocks: u32): void {
  bloomFixed(from, width, count, filter, blocks)
  const unused = (64 - (width << 3)) as u64
  let at = from
  for (let i: u32 = 0; i < count; i++) {
    // All bits but the sign.
    if ((load<u64>(at) << unused) << 1 === 0) {
      store<u64>(RESULT, 0)
      store<u64>(RESULT, ((1 as u64) << 63) >> unused, 8)
      insert(xxHash64(RESULT, width), filter, blocks)
      insert(xxHash64(RESULT + 8, width), filter, blocks)
      return
    }
    at += width
  }
}

export function bloomBytes(
  bytes: usize,
  offsets: usize,
  count: u32,
  filter: usize,
  blocks: u32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const begin = load<u32>(offsets + ((i as usize) << 2))
    const length = load<u32>(offsets + ((i as usize) << 2), 4) - begin
    insert(xxHash64(bytes + begin, length), filter, blocks)
  }
}
