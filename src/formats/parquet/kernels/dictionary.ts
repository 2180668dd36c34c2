import { copyBytes, equalBytes, hashBytes, lengthAt } from './bytes'

/** How often it is asked whether there is any use in going on. A power of two. */
const CHECK_EVERY: u32 = 4096

/** What is beyond this many steps for each value is no longer chance: keys that were chosen to collide. */
const MAX_STEPS: u64 = 8

/**
 * Whether nearly all of `count` values will be distinct, as `seen` of them with `distinct` show. Of `d` equally likely values, `n`
 * draws repeat about n² / 2d: so a few repetitions among the first thousands tell how many there are in all.
 */
function isHopeless(seen: u64, distinct: u64, count: u64): bool {
  return 4 * distinct > 3 * seen && seen * seen >= 4 * (seen - distinct) * count
}

/** How many values are drawn from all over the chunk, before it is given up for what the first of them say. */
const DRAWS: u32 = 2048

/** Twice as many slots as draws, of eight bytes each. */
const DRAW_BITS: u32 = 12
const DRAW_BYTES: u32 = 8 << DRAW_BITS

/** Where the draw of that number is from: scattered, so that no order of the values agrees with it. MurmurHash3's finalizer. */
function drawnFrom(draw: u32, count: u32): u32 {
  let hash = draw + 1
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35
  hash ^= hash >> 16
  return (((hash as u64) * count) >> 32) as u32
}

/**
 * Whether that many repetitions among the draws are no more than those of values that are all distinct, which are drawn twice by
 * chance in n² / 2d cases. Neighbours tell less: of ids that come in turns none is repeated before each has come once.
 */
function isByChance(repeated: u64, count: u64): bool {
  const draws = DRAWS as u64
  return 8 * repeated * count < 5 * draws * draws
}

/** Doubles that are whole numbers differ in their upper half alone. The upper bits choose the slot. */
function hashNumber(value: u64): u64 {
  return (value ^ (value >> 32)) * 0x9e3779b97f4a7c15
}

/**
 * Whether there is no use in a dictionary, as far as values from all over the chunk tell: numbers, or byte strings where there are
 * `offsets`. `table` takes `DRAW_BYTES`.
 */
function areDistinct<T>(values: usize, offsets: usize, count: u32, table: usize): bool {
  memory.fill(table, 0, DRAW_BYTES)
  let repeated: u32 = 0
  for (let draw: u32 = 0; draw < DRAWS; draw++) {
    const i = drawnFrom(draw, count)
    const place = (i as usize) << (offsets === 0 ? alignof<T>() : 2)
    // Two that are alike by chance change a guess, and nothing else. What is 0 is an empty slot.
    const hash = max<u64>(
      1,
      offsets === 0
        ? hashNumber(load<T>(values + place) as u64)
        : hashBytes(values + load<u32>(offsets + place), lengthAt(offsets, i)),
    )
    let slot = (hash >> (64 - DRAW_BITS)) as u32
    for (;;) {
      const at = table + ((slot as usize) << 3)
      const other = load<u64>(at)
      if (other === 0) {
        store<u64>(at, hash)
        break
      }
      if (other === hash) {
        repeated++
        break
      }
      slot = (slot + 1) & ((1 << DRAW_BITS) - 1)
    }
  }
  return isByChance(repeated, count)
}

/**
 * Gives each value the number of its first occurrence in `indices`, and writes the distinct ones in that order to `keys`.
 * Returns how many there are, or -1 where there are more than `maxKeys`, or will be about as many as values. `table` takes
 * 4 << tableBits bytes, more than 4 * maxKeys, and `DRAW_BYTES` behind them. Values are compared as bits: -0 is not 0, and NaN is itself.
 */
function dictionary<T>(
  values: usize,
  count: u32,
  indices: usize,
  keys: usize,
  maxKeys: u32,
  table: usize,
  tableBits: u32,
): i32 {
  memory.fill(table, 0, (4 as usize) << tableBits)
  const mask: u32 = (1 << tableBits) - 1
  let distinct: u32 = 0
  let steps: u64 = 0
  const draws = table + ((4 as usize) << tableBits)
  let isWorthwhile = false
  for (let i: u32 = 0; i < count; i++) {
    const value = load<T>(values + ((i as usize) << alignof<T>()))
    let slot = (hashNumber(value as u64) >> (64 - tableBits)) as u32
    let index: u32
    for (;;) {
      const at = table + ((slot as usize) << 2)
      index = load<u32>(at)
      if (index === 0) {
        if (distinct === maxKeys) return -1
        store<T>(keys + ((distinct as usize) << alignof<T>()), value)
        index = ++distinct
        store<u32>(at, index)
        break
      }
      if (load<T>(keys + (((index - 1) as usize) << alignof<T>())) === value) break
      slot = (slot + 1) & mask
      steps++
    }
    store<u32>(indices + ((i as usize) << 2), index - 1)
    if ((i & (CHECK_EVERY - 1)) === CHECK_EVERY - 1) {
      if (steps > MAX_STEPS * i) return -1
      if (!isWorthwhile && isHopeless(i + 1, distinct, count)) {
        if (areDistinct<T>(values, 0, count, draws)) return -1
        isWorthwhile = true
      }
    }
  }
  return distinct as i32
}

export function dictionary32(
  values: usize,
  count: u32,
  indices: usize,
  keys: usize,
  maxKeys: u32,
  table: usize,
  tableBits: u32,
): i32 {
  return dictionary<u32>(values, count, indices, keys, maxKeys, table, tableBits)
}

export function dictionary64(
  values: usize,
  count: u32,
  indices: usize,
  keys: usize,
  maxKeys: u32,
  table: usize,
  tableBits: u32,
): i32 {
  return dictionary<u64>(values, count, indices, keys, maxKeys, table, tableBits)
}

/**
 * As `dictionary`, of byte strings. The distinct ones are written to `keys` as PLAIN byte arrays, each behind its length, and
 * given up when they take more than `maxBytes`; where each of them begins goes to `places`. `table` takes 8 << tableBits bytes, and
 * `DRAW_BYTES` behind them.
 */
export function dictionaryBytes(
  bytes: usize,
  offsets: usize,
  count: u32,
  indices: usize,
  keys: usize,
  maxBytes: u32,
  places: usize,
  maxKeys: u32,
  table: usize,
  tableBits: u32,
): i32 {
  memory.fill(table, 0, (8 as usize) << tableBits)
  const mask: u32 = (1 << tableBits) - 1
  const limit = keys + maxBytes
  let distinct: u32 = 0
  let steps: u64 = 0
  const draws = table + ((8 as usize) << tableBits)
  let isWorthwhile = false
  let end = keys
  for (let i: u32 = 0; i < count; i++) {
    const begin = load<u32>(offsets + ((i as usize) << 2))
    const length = load<u32>(offsets + ((i as usize) << 2), 4) - begin
    const value = bytes + begin
    const hash = hashBytes(value, length)
    let slot = (hash >> (64 - tableBits)) as u32
    let index: u32
    for (;;) {
      // The lower half of the hash, and the number of the key and one.
      const at = table + ((slot as usize) << 3)
      index = load<u32>(at, 4)
      if (index === 0) {
        if (distinct === maxKeys || end + 4 + length > limit) return -1
        store<u32>(places + ((distinct as usize) << 2), (end - keys) as u32)
        store<u32>(end, length)
        copyBytes(end + 4, value, length)
        end += 4 + length
        index = ++distinct
        store<u32>(at, hash as u32)
        store<u32>(at, index, 4)
        break
      }
      if (load<u32>(at) === (hash as u32)) {
        const key = keys + load<u32>(places + (((index - 1) as usize) << 2))
        if (load<u32>(key) === length && equalBytes(key + 4, value, length)) break
      }
      slot = (slot + 1) & mask
      steps++
    }
    store<u32>(indices + ((i as usize) << 2), index - 1)
    if ((i & (CHECK_EVERY - 1)) === CHECK_EVERY - 1) {
      if (steps > MAX_STEPS * i) return -1
      if (!isWorthwhile && isHopeless(i + 1, distinct, count)) {
        if (areDistinct<u8>(bytes, offsets, count, draws)) return -1
        isWorthwhile = true
      }
    }
  }
  store<u32>(places + ((distinct as usize) << 2), (end - keys) as u32)
  return distinct as i32
}
