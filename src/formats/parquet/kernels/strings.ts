import { delta32 } from './delta'

function lengthAt(offsets: usize, i: u32): u32 {
  const at = offsets + ((i as usize) << 2)
  return load<u32>(at, 4) - load<u32>(at)
}

/** PLAIN byte arrays: each behind its length. `offsets` are into `bytes`, one more than `count`. */
export function plainBytes(bytes: usize, offsets: usize, count: u32, to: usize): u32 {
  let out = to
  for (let i: u32 = 0; i < count; i++) {
    const length = lengthAt(offsets, i)
    store<u32>(out, length)
    memory.copy(out + 4, bytes + load<u32>(offsets + ((i as usize) << 2)), length)
    out += 4 + length
  }
  return (out - to) as u32
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, and then all bytes. `scratch` takes four bytes a value. */
export function deltaLength(
  bytes: usize,
  offsets: usize,
  count: u32,
  scratch: usize,
  to: usize,
): u32 {
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(scratch + ((i as usize) << 2), lengthAt(offsets, i))
  }
  const out = to + delta32(scratch, count, to)
  const begin = load<u32>(offsets)
  const length = load<u32>(offsets + ((count as usize) << 2)) - begin
  memory.copy(out, bytes + begin, length)
  return ((out - to) as u32) + length
}

/**
 * DELTA_BYTE_ARRAY: how much of each value is the beginning of the one before, and the rest of it as DELTA_LENGTH_BYTE_ARRAY.
 * `scratch` takes eight bytes a value.
 */
export function deltaBytes(
  bytes: usize,
  offsets: usize,
  count: u32,
  scratch: usize,
  to: usize,
): u32 {
  const prefixes = scratch
  const suffixes = scratch + ((count as usize) << 2)
  let before: usize = 0
  let beforeLength: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const at = bytes + load<u32>(offsets + ((i as usize) << 2))
    const length = lengthAt(offsets, i)
    const prefix = commonLength(before, at, min(beforeLength, length))
    store<u32>(prefixes + ((i as usize) << 2), prefix)
    store<u32>(suffixes + ((i as usize) << 2), length - prefix)
    before = at
    beforeLength = length
  }
  let out = to + delta32(prefixes, count, to)
  out += delta32(suffixes, count, out)
  for (let i: u32 = 0; i < count; i++) {
    const prefix = load<u32>(prefixes + ((i as usize) << 2))
    const length = load<u32>(suffixes + ((i as usize) << 2))
    memory.copy(out, bytes + load<u32>(offsets + ((i as usize) << 2)) + prefix, length)
    out += length
  }
  return (out - to) as u32
}

function commonLength(one: usize, other: usize, limit: u32): u32 {
  let length: u32 = 0
  while (length + 8 <= limit) {
    const different = load<u64>(one + length) ^ load<u64>(other + length)
    if (different !== 0) return length + ((ctz(different) >> 3) as u32)
    length += 8
  }
  while (length < limit && load<u8>(one + length) === load<u8>(other + length)) length++
  return length
}
