/**
 * Numbers that a seed decides: sfc32 (https://pracrand.sourceforge.net). `fork` gives streams that do not disturb one another, so that
 * a draw more in one place of the simulator leaves the others as they were.
 */
export class Random {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: string) {
    this.#seed = seed
    this.#a = hash(`${seed} a`)
    this.#b = hash(`${seed} b`)
    this.#c = hash(`${seed} c`)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  fork(name: string): Random {
    return new Random(`${this.#seed} ${name}`)
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** In `[0, 1)`. */
  fraction(): number {
    return this.uint32() / 2 ** 32
  }

  /** Whole, from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)] as T
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.uint32()
  }
}

/** FNV-1a. */
export function hash(text: string, start = 0x811c9dc5): number {
  let value = start
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  }
  return value | 0
}
