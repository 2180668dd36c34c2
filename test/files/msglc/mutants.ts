import { hex } from '../../formats/msglc/tools.ts'

/** `npm run prove msglc` raises it. */
export const CASES = Number(process.env.SLUICE_MSGLC_MUTANTS ?? 1000)

export const SEED = Number(process.env.SLUICE_SEED ?? 20_261_121)

/** Some bytes of `[from, end)` changed: one, a bit of it, nine of them copied from elsewhere, or the head of a list without end. */
export function change(file: Uint8Array, from: number, next: () => number): void {
  const at = from + Math.floor(next() * Math.max(1, file.byteLength - from))
  const kind = next()
  if (kind < 0.45) file[at] = Math.floor(next() * 256)
  else if (kind < 0.8) file[at] = (file[at] ?? 0) ^ (1 << Math.floor(next() * 8))
  else if (kind < 0.9) file.copyWithin(at, Math.floor(next() * file.byteLength), at + 9)
  else if (at + 5 <= file.byteLength) file.set(hex('ddffffffff'), at)
}

/** The same numbers for the same seed, in [0, 1). @see https://en.wikipedia.org/wiki/Xorshift */
export function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
