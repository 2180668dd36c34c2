import type { Kernels } from '../kernels.ts'

/** How many bits a level or an index takes that is at most so much. */
export function bitsOf(max: number): number {
  return 32 - Math.clz32(max)
}

/** RLE behind its length, as levels of a page of version 1 are. Returns how many bytes it wrote. */
export function writeLevels(
  kernels: Kernels,
  levels: number,
  count: number,
  width: number,
  address: number,
): number {
  const length = kernels.functions.hybrid8(levels, count, width, address + 4)
  kernels.setNumberAt(address, length)
  return 4 + length
}

/** As `writeLevels`, of `count` times the same: one run. */
export function writeEqualLevels(
  kernels: Kernels,
  level: number,
  count: number,
  address: number,
): number {
  const run: number[] = []
  let header = 2 * count
  for (; header >= 0x80; header >>>= 7) run.push((header & 0x7f) | 0x80)
  run.push(header, level)
  kernels.view().set(run, address + 4)
  kernels.setNumberAt(address, run.length)
  return 4 + run.length
}

/** A run is never longer than the bits that it stands for, and the last ones are filled up to eight. */
export function hybridBound(count: number, width: number): number {
  return 16 + Math.ceil(count / 8) * (width + 1)
}
