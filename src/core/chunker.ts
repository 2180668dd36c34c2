import type { Bytes } from '../contracts/index.ts'

/**
 * Cuts a flow of bytes into pieces of one size, the last one smaller. Equal pieces are what R2 demands of the parts
 * of an upload, and only tells at its end. Holds less than one piece, in one buffer that is filled and handed over.
 */
export class Chunker {
  readonly sizeBytes: number
  #buffer: Bytes | undefined
  #filled = 0

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }

  get bufferedBytes(): number {
    return this.#filled
  }

  /** The pieces that are full now. A piece belongs to the caller; the chunk given is copied. */
  push(chunk: Bytes): Bytes[] {
    const pieces: Bytes[] = []
    let at = 0
    while (at < chunk.byteLength) {
      this.#buffer ??= new Uint8Array(this.sizeBytes)
      const take = Math.min(chunk.byteLength - at, this.sizeBytes - this.#filled)
      this.#buffer.set(chunk.subarray(at, at + take), this.#filled)
      this.#filled += take
      at += take
      if (this.#filled === this.sizeBytes) {
        pieces.push(this.#buffer)
        this.#buffer = undefined
        this.#filled = 0
      }
    }
    return pieces
  }

  /** What is left, smaller than a piece; `undefined` when nothing is. Ends the chunker. */
  rest(): Bytes | undefined {
    const rest = this.#buffer?.subarray(0, this.#filled)
    this.#buffer = undefined
    this.#filled = 0
    return rest
  }
}
