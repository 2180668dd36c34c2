import { compareBytes } from './bytes'
import { RESULT } from './result'

/** The least value goes to RESULT, the greatest behind it, 8 bytes on. There is at least one value. */
function bounds<T>(from: usize, count: u32): void {
  let least = load<T>(from)
  let greatest = least
  const end = from + ((count as usize) << alignof<T>())
  for (let at = from; at < end; at += sizeof<T>()) {
    const value = load<T>(at)
    least = value < least ? value : least
    greatest = value > greatest ? value : greatest
  }
  store<T>(RESULT, least)
  store<T>(RESULT, greatest, 8)
}

export function boundsU8(from: usize, count: u32): void {
  bounds<u8>(from, count)
}

export function boundsI32(from: usize, count: u32): void {
  bounds<i32>(from, count)
}

export function boundsU32(from: usize, count: u32): void {
  bounds<u32>(from, count)
}

export function boundsI64(from: usize, count: u32): void {
  bounds<i64>(from, count)
}

export function boundsU64(from: usize, count: u32): void {
  bounds<u64>(from, count)
}

/** As `bounds`, without NaN. Returns how many values are NaN; where all are, the bounds are the infinities, inside out. */
function boundsOfFloats<T>(from: usize, count: u32): u32 {
  let least = Infinity as f64 as T
  let greatest = -Infinity as f64 as T
  let missing: u32 = 0
  const end = from + ((count as usize) << alignof<T>())
  for (let at = from; at < end; at += sizeof<T>()) {
    const value = load<T>(at)
    // A comparison with NaN is false.
    if (Number.isNaN(value)) missing++
    least = value < least ? value : least
    greatest = value > greatest ? value : greatest
  }
  store<T>(RESULT, least)
  store<T>(RESULT, greatest, 8)
  return missing
}

export function boundsF32(from: usize, count: u32): u32 {
  return boundsOfFloats<f32>(from, count)
}

export function boundsF64(from: usize, count: u32): u32 {
  return boundsOfFloats<f64>(from, count)
}

/** As `boundsOfFloats`, of IEEE half-precision numbers. The bounds are their bits; -1 and 0 beyond the ends where all are NaN. */
export function boundsF16(from: usize, count: u32): u32 {
  let least: i32 = i32.MAX_VALUE
  let greatest: i32 = i32.MIN_VALUE
  let missing: u32 = 0
  const end = from + ((count as usize) << 1)
  for (let at = from; at < end; at += 2) {
    const bits = load<u16>(at) as i32
    const magnitude = bits & 0x7fff
    if (magnitude > 0x7c00) {
      missing++
      continue
    }
    // Sign and magnitude as one ascending number, in which -0 and 0 are both 0.
    const value = bits & 0x8000 ? -magnitude : magnitude
    least = min(least, value)
    greatest = max(greatest, value)
  }
  store<u16>(RESULT, (least < 0 ? 0x8000 | -least : least) as u16)
  store<u16>(RESULT, (greatest < 0 ? 0x8000 | -greatest : greatest) as u16, 8)
  return missing
}

/** The numbers of the least and the greatest byte string, as two u32 at RESULT. There is at least one. */
export function boundsBytes(bytes: usize, offsets: usize, count: u32): void {
  let least: u32 = 0
  let greatest: u32 = 0
  let leastKey: u64 = u64.MAX_VALUE
  let greatestKey: u64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const begin = load<u32>(offsets + ((i as usize) << 2))
    const length = load<u32>(offsets + ((i as usize) << 2), 4) - begin
    const at = bytes + begin
    // The first eight bytes decide nearly always.
    let key = bswap(load<u64>(at))
    if (length < 8) key = length === 0 ? 0 : (key >> ((8 - length) << 3)) << ((8 - length) << 3)
    if (key <= leastKey && (key < leastKey || compareAt(bytes, offsets, i, least) < 0)) {
      leastKey = key
      least = i
    }
    if (key >= greatestKey && (key > greatestKey || compareAt(bytes, offsets, i, greatest) > 0)) {
      greatestKey = key
      greatest = i
    }
  }
  store<u32>(RESULT, least)
  store<u32>(RESULT, greatest, 4)
}

function compareAt(bytes: usize, offsets: usize, one: u32, other: u32): i32 {
  const oneBegin = load<u32>(offsets + ((one as usize) << 2))
  const otherBegin = load<u32>(offsets + ((other as usize) << 2))
  return compareBytes(
    bytes + oneBegin,
    load<u32>(offsets + ((one as usize) << 2), 4) - oneBegin,
    bytes + otherBegin,
    load<u32>(offsets + ((other as usize) << 2), 4) - otherBegin,
  )
}

/** As `boundsBytes`, of values of one width. Signed: big-endian two's complement, as decimals are. */
export function boundsFixed(from: usize, width: u32, count: u32, signed: bool): void {
  let least: u32 = 0
  let greatest: u32 = 0
  for (let i: u32 = 1; i < count; i++) {
    if (compareFixed(from, width, i, least, signed) < 0) least = i
    if (compareFixed(from, width, i, greatest, signed) > 0) greatest = i
  }
  store<u32>(RESULT, least)
  store<u32>(RESULT, greatest, 4)
}

function compareFixed(from: usize, width: u32, one: u32, other: u32, signed: bool): i32 {
  const a = from + one * width
  const b = from + other * width
  if (signed) {
    const difference = (load<i8>(a) as i32) - (load<i8>(b) as i32)
    if (difference !== 0) return difference
  }
  return compareBytes(a, width, b, width)
}
