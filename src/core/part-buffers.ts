import type { Bytes } from '../contracts/index.ts'

/**
 * The memory of an upload's parts, counted: buffers that are filled, sent, given back and filled again. What is kept for the
 * next part counts as well as what is handed out.
 */
export class PartBuffers {
  readonly #maxBytes: number
  #kept: Bytes[] = []
  /** The size of each that is kept: of the one that was taken last. */
  #keptBytes = 0
  #bytes = 0
  #peakBytes = 0

  /** Holds `maxBytes`, or two parts where those are more: one to fill while the other travels. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
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
    return new Uint8Array(sizeBytes)
  }

  /** For a buffer that nothing reads any more: its part is settled, with all its attempts. */
  give(buffer: Bytes): void {
    // The parts have grown since: it is of no use any more.
    if (buffer.byteLength !== this.#keptBytes) this.#bytes -= buffer.byteLength
    else this.#kept.push(buffer)
  }
}
