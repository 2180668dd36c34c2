import type { Chunk } from '../../contracts/index.ts'
import { ByteWriter } from './codecs/byte-writer.ts'

/** So much becomes a chunk of its own, when as much again has been written behind it: mostly what is taken back is less. */
const CHUNK_BYTES = 128 * 1024

/**
 * Bytes that grow at their end, in chunks, so that they never take more than their own length and a few chunks: a buffer that is
 * doubled takes up to three times as much. What was written last can be taken back, and be put before what came before it.
 */
export class ByteStack {
  /** To write to. Call `settle` now and then. */
  readonly tail: ByteWriter = new ByteWriter()
  /** Before the tail. */
  #chunks: Chunk[] = []
  #chunkedBytes = 0

  get length(): number {
    return this.#chunkedBytes + this.tail.length
  }

  settle(): void {
    if (this.tail.length < 2 * CHUNK_BYTES) return
    const rest = this.tail.view(CHUNK_BYTES).slice()
    this.tail.truncate(CHUNK_BYTES)
    this.#seal()
    this.tail.bytes(rest)
  }

  /** Forgets what lies behind `length`. */
  truncate(length: number): void {
    if (length >= this.#chunkedBytes) {
      this.tail.truncate(length - this.#chunkedBytes)
      return
    }
    this.tail.truncate(0)
    const at = this.#split(length)
    for (const chunk of this.#chunks.splice(at)) this.#chunkedBytes -= chunk.byteLength
    // Part of a chunk holds all of it, so it goes back to where it is copied.
    const last = this.#chunks.at(-1)
    if (!last || last.byteLength === last.buffer.byteLength) return
    this.#chunks.pop()
    this.#chunkedBytes -= last.byteLength
    this.tail.bytes(last)
  }

  /** Puts what lies from `middle` on before what lies from `start` to there. */
  moveBefore(start: number, middle: number): void {
    const before = this.#chunkedBytes
    if (start >= before) {
      this.tail.moveBefore(start - before, middle - before)
      return
    }
    this.#seal()
    const from = this.#split(start)
    const to = this.#split(middle)
    this.#chunks.push(...this.#chunks.splice(from, to - from))
  }

  /** What lies from `start` on. Only good until something else is written. */
  *from(start: number): Generator<Chunk, void, undefined> {
    let at = 0
    for (const chunk of [...this.#chunks, this.tail.view(0)]) {
      if (at + chunk.byteLength > start) yield chunk.subarray(Math.max(0, start - at))
      at += chunk.byteLength
    }
  }

  /** All of it, for the caller to keep. */
  take(): Chunk[] {
    this.#seal()
    this.#chunkedBytes = 0
    return this.#chunks.splice(0)
  }

  /** Copied, because the tail's buffer may be twice as long. */
  #seal(): void {
    const chunk = this.tail.view(0).slice()
    if (chunk.byteLength === 0) return
    this.#chunks.push(chunk)
    this.#chunkedBytes += chunk.byteLength
    this.tail.truncate(0)
  }

  /** Which chunk begins at `position`, when it has been made so. */
  #split(position: number): number {
    let at = 0
    for (const [index, chunk] of this.#chunks.entries()) {
      if (at >= position) return index
      const inside = position - at
      at += chunk.byteLength
      if (at <= position) continue
      this.#chunks.splice(index, 1, chunk.subarray(0, inside), chunk.subarray(inside))
      return index + 1
    }
    return this.#chunks.length
  }
}
