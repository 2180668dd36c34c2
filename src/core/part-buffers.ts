import type { Bytes } from '../contracts/index.ts'

/**
 * What the parts of one upload leave to the next one. New buffers of some MiB for each upload are garbage of that size, which an engine
 * that has memory left lets lie until it looks through all of its heap.
 */
export class SpareBuffers {
  readonly #most: number
  readonly #buffers: Bytes[] = []

  /** Keeps the `most` that were given last. */
  constructor(most: number) {
    this.#most = most
  }

  has(sizeBytes: number): boolean {
    return this.#buffers.some(({ byteLength }) => byteLength === sizeBytes)
  }

  /** One of exactly this size, with whatever was in it before. */
  take(sizeBytes: number): Bytes | undefined {
    const at = this.#buffers.findIndex(({ byteLength }) => byteLength === sizeBytes)
    return at === -1 ? undefined : this.#buffers.splice(at, 1)[0]
  }

  give(buffers: readonly Bytes[]): void {
    this.#buffers.push(...buffers)
    this.#buffers.splice(0, this.#buffers.length - this.#most)
  }

  /** Lets all of them go. */
  clear(): void {
    this.#buffers.length = 0
  }
}

/**
 * The memory of an upload's parts, counted: buffers that are filled, sent, given back and filled again. What is kept for the
 * next part counts as well as what is handed out.
 */
export class PartBuffers {
  readonly #maxBytes: number
  readonly #spare: SpareBuffers | undefined
  #kept: Bytes[] = []
  /** The size of each that is kept: of the one that was taken last. */
  #keptBytes = 0
  #bytes = 0
  #peakBytes = 0

  /** Holds `maxBytes`, or two parts where those are more: one to fill while the other travels. */
  constructor(maxBytes: number, spare?: SpareBuffers) {
    this.#maxBytes = maxBytes
    this.#spare = spare
  }

  /** The most that it ever held at once. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Whether a buffer of this size may be taken now, or only after others were given back. */
  fits(sizeBytes: number): boolean {
    const handedOut = this.#bytes - this.#kept.length * this.#keptBytes
    return handedOut + sizeBytes <= Math.max(this.#maxBytes, 2 * sizeBytes)
  }

  /** A buffer with whatever was in it before. */
  take(sizeBytes: number): Bytes {
    if (sizeBytes !== this.#keptBytes) {
      this.#bytes -= this.#kept.length * this.#keptBytes
      this.#kept = []
      this.#keptBytes = sizeBytes
    }
    const again = this.#kept.pop()
    if (again) return again
    this.#bytes += sizeBytes
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes)
    return this.#spare?.take(sizeBytes) ?? new Uint8Array(sizeBytes)
  }

  /** For a buffer that nothing reads any more: its part is settled, with all its attempts. */
  give(buffer: Bytes): void {
    // The parts have grown since: it is of no use any more.
    if (buffer.byteLength !== this.#keptBytes) this.#bytes -= buffer.byteLength
    else this.#kept.push(buffer)
  }

  /** No part comes any more: leaves what was given back to the next upload. */
  leave(): void {
    this.#spare?.give(this.#kept)
    this.#bytes -= this.#kept.length * this.#keptBytes
    this.#kept = []
  }
}
