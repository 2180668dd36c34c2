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

  /** Makes room for so much more at once, for who knows what is to come. */
  reserve(byteLength: number): void {
    const needed = this.#filled + byteLength
    if (needed <= this.#buffer.byteLength) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength))
    larger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = larger
  }

  /** The piece is copied. */
  append(piece: Uint8Array): void {
    this.reserve(piece.byteLength)
    this.#buffer.set(piece, this.#filled)
    this.#filled += piece.byteLength
  }

  /** All that was appended, until something else is. */
  get bytes(): Bytes {
    return this.#buffer.subarray(0, this.#filled)
  }

  /** Begins anew, over what was there: nobody may look at it any more. Memory of more than `keptBytes` is given back. */
  clear(keptBytes: number): void {
    if (this.#buffer.byteLength > keptBytes) this.#buffer = EMPTY
    this.#filled = 0
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
