/**
 * BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on:
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#BYTESTREAMSPLIT
 */
export function byteStreamSplit(from: usize, count: u32, width: u32, to: usize): void {
  if (width === 8) {
    split8(from, count, to)
    return
  }
  let out = to
  for (let byte: u32 = 0; byte < width; byte++) {
    let at = from + byte
    for (let i: u32 = 0; i < count; i++) {
      store<u8>(out++, load<u8>(at))
      at += width
    }
  }
}

/** Eight values at a time are a matrix of 8 × 8 bytes, which is transposed. */
function split8(from: usize, count: u32, to: usize): void {
  const stream = count as usize
  let at = from
  let out = to
  let left = count
  for (; left >= 8; left -= 8) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    const ab0 = i8x16.shuffle(a, b, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27)
    const ab1 = i8x16.shuffle(a, b, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31)
    const cd0 = i8x16.shuffle(c, d, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27)
    const cd1 = i8x16.shuffle(c, d, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31)
    const s01 = i32x4.shuffle(ab0, cd0, 0, 4, 1, 5)
    const s23 = i32x4.shuffle(ab0, cd0, 2, 6, 3, 7)
    const s45 = i32x4.shuffle(ab1, cd1, 0, 4, 1, 5)
    const s67 = i32x4.shuffle(ab1, cd1, 2, 6, 3, 7)
    store<u64>(out, i64x2.extract_lane(s01, 0))
    store<u64>(out + stream, i64x2.extract_lane(s01, 1))
    store<u64>(out + 2 * stream, i64x2.extract_lane(s23, 0))
    store<u64>(out + 3 * stream, i64x2.extract_lane(s23, 1))
    store<u64>(out + 4 * stream, i64x2.extract_lane(s45, 0))
    store<u64>(out + 5 * stream, i64x2.extract_lane(s45, 1))
    store<u64>(out + 6 * stream, i64x2.extract_lane(s67, 0))
    store<u64>(out + 7 * stream, i64x2.extract_lane(s67, 1))
    at += 64
    out += 8
  }
  for (; left > 0; left--) {
    for (let byte: usize = 0; byte < 8; byte++) store<u8>(out + byte * stream, load<u8>(at + byte))
    at += 8
    out++
  }
}
