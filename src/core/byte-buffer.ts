import type { Bytes } from '../contracts/index.ts'
import { EMPTY } from './bytes.ts'

/**
 * Bytes that gather until they are whole. One buffer that doubles, so that what is held is at most twice what was
 * appended, however small the pieces were; a list of pieces takes a hundred bytes and more for each.
 */
export class ByteBuffer {
  #buffer: Bytes = EMPTY
  #filled = 0

  get byteLength(): number {
    return this.#filled
  }

  /** The piece is copied. */
  append(piece: Uint8Array): void {
    const needed = this.#filled + piece.byteLength
    if (needed > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength))
      larger.set(this.#buffer.subarray(0, this.#filled))
      this.#buffer = larger
    }
    this.#buffer.set(piece, this.#filled)
    this.#filled = needed
  }

  /** All that was appended with `last` behind it, for the caller to keep; `last` itself when there was nothing. */
  take(last: Bytes = EMPTY): Bytes {
    if (this.#filled === 0) return last
    this.append(last)
    const all = this.#buffer.subarray(0, this.#filled)
    this.#buffer = EMPTY
    this.#filled = 0
    return all
  }
}
