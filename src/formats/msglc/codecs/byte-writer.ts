import type { Chunk } from '../../../contracts/index.ts'
import { EMPTY } from '../../../core/bytes.ts'
import { SluiceError } from '../../../core/errors.ts'

const FIRST_BYTES = 256
const encoder = new TextEncoder()

/** Numbers, big-endian, and bytes, one behind the other. What was written last can be taken back: the table of contents is made so. */
export class ByteWriter {
  #bytes: Chunk = EMPTY
  #view = new DataView(EMPTY.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    this.#room(1)
    this.#bytes[this.#length++] = value
  }

  /** A byte, and as many of a number behind it as are given. Most of what is encoded begins so. */
  tagged(tag: number, value: number, bytes: 1 | 2 | 4): void {
    const at = this.#room(1 + bytes)
    this.#view.setUint8(at, tag)
    if (bytes === 1) this.#view.setUint8(at + 1, value)
    else if (bytes === 2) this.#view.setUint16(at + 1, value)
    else this.#view.setUint32(at + 1, value)
    this.#length += 1 + bytes
  }

  tagged64(tag: number, value: bigint): void {
    const at = this.#room(9)
    this.#view.setUint8(at, tag)
    this.#view.setBigUint64(at + 1, BigInt.asUintN(64, value))
    this.#length += 9
  }

  taggedDouble(tag: number, value: number): void {
    const at = this.#room(9)
    this.#view.setUint8(at, tag)
    this.#view.setFloat64(at + 1, value)
    this.#length += 9
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#room(bytes.byteLength)
    this.#bytes.set(bytes, at)
    this.#length += bytes.byteLength
  }

  /** Text of so many bytes in UTF-8. */
  text(text: string, utf8Bytes: number): void {
    const at = this.#room(utf8Bytes)
    encoder.encodeInto(text, this.#bytes.subarray(at, at + utf8Bytes))
    this.#length += utf8Bytes
  }

  /** Forgets what lies behind `length`. */
  truncate(length: number): void {
    this.#length = length
  }

  /** What was written from there to there. Only good until something else is written. */
  view(start: number, end: number = this.#length): Chunk {
    return this.#bytes.subarray(start, end)
  }

  /** Puts what lies from `middle` on before what lies from `start` to there. */
  moveBefore(start: number, middle: number): void {
    const moved = this.#bytes.slice(middle, this.#length)
    this.#bytes.copyWithin(start + moved.byteLength, start, middle)
    this.#bytes.set(moved, start)
  }

  /** All of it, for the caller to keep. The writer begins anew. */
  take(): Chunk {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = EMPTY
    this.#view = new DataView(EMPTY.buffer)
    this.#length = 0
    return taken
  }

  #room(bytes: number): number {
    const needed = this.#length + bytes
    if (needed > this.#bytes.byteLength) this.#grow(needed)
    return this.#length
  }

  #grow(needed: number): void {
    let larger: Chunk
    try {
      larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength, FIRST_BYTES))
    } catch (cause) {
      const message = `${needed} bytes in one piece are more than this runtime holds`
      throw new SluiceError('too-large', message, { cause })
    }
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
