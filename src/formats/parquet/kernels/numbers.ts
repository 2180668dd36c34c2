/** Whole numbers that JavaScript held as doubles, in their place: both take eight bytes. */
export function wholeNumbers(from: usize, count: u32): void {
  const end = from + ((count as usize) << 3)
  for (let at = from; at < end; at += 8) {
    store<i64>(at, load<f64>(at) as i64)
  }
}

/** The places at which values of one width begin, and where the last one ends. */
export function evenOffsets(count: u32, width: u32, to: usize): void {
  for (let i: u32 = 0; i <= count; i++) store<u32>(to + ((i as usize) << 2), i * width)
}

/** Makes every NaN the same one, in its place: engines and processors differ in the bits of those that they compute. */
function oneNaN<T>(from: usize, count: u32): void {
  const end = from + ((count as usize) << alignof<T>())
  for (let at = from; at < end; at += sizeof<T>()) {
    if (Number.isNaN(load<T>(at))) store<T>(at, NaN as f64 as T)
  }
}

export function oneNaN32(from: usize, count: u32): void {
  oneNaN<f32>(from, count)
}

export function oneNaN64(from: usize, count: u32): void {
  oneNaN<f64>(from, count)
}
