import type { Source } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { iterate, type Reading } from '../../core/reading.ts'
import type { FormatValue } from './formats/target-format.ts'

/**
 * A target that is being read, once: line by line, or in pieces, or both by turns. Lines come without their `\n`; the last one need not be ended.
 * Closing it, leaving the loop or an `await using` scope lets the connection go.
 *
 * Errors of each call: those of the format and the store; `too-large` for a line of more than `maxLineLength`; `invalid-options` when it was closed
 * before the call was done, as by `return file.read()` out of the scope that closes it.
 */
export interface TargetReader<Value extends FormatValue>
  extends AsyncIterableIterator<Value>,
    AsyncDisposable {
  /**
   * The next so many characters (UTF-16 units) or bytes, fewer only at the end, where it is empty. Default: all that is left, which must fit into memory.
   */
  read(size?: number): Promise<Value>
  close(): Promise<void>
}

/** Texts and bytes are both cut and joined, each in its own way. */
interface Pieces<Value> {
  lengthOf(value: Value): number
  slice(value: Value, begin: number, end?: number): Value
  lineEnd(value: Value): number
  join(values: readonly Value[]): Value
}

const TEXTS: Pieces<string> = {
  lengthOf: (value) => value.length,
  slice: (value, begin, end) => value.slice(begin, end),
  lineEnd: (value) => value.indexOf('\n'),
  join: (values) => values.join(''),
}

const BYTES: Pieces<Uint8Array<ArrayBuffer>> = {
  lengthOf: (value) => value.byteLength,
  slice: (value, begin, end) => value.subarray(begin, end),
  lineEnd: (value) => value.indexOf(0x0a),
  join: concatBytes,
}

export function targetReader<Value extends FormatValue>(
  source: Source<Value>,
  kind: 'text' | 'bytes',
  maxLineLength: number,
): TargetReader<Value> {
  return new PieceReader(
    iterate(source),
    (kind === 'text' ? TEXTS : BYTES) as unknown as Pieces<Value>,
    maxLineLength,
  )
}

class PieceReader<Value extends FormatValue> implements TargetReader<Value> {
  readonly #source: Reading<Value>
  readonly #pieces: Pieces<Value>
  readonly #maxLineLength: number
  #held: Value | undefined
  /** What was asked for last. */
  #reading: Promise<unknown> | undefined
  #closed = false

  constructor(source: Reading<Value>, pieces: Pieces<Value>, maxLineLength: number) {
    this.#source = source
    this.#pieces = pieces
    this.#maxLineLength = maxLineLength
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    return this.#begun(this.#next())
  }

  async #next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#closed) return { done: true, value: undefined }
    const { lengthOf, slice, lineEnd, join } = this.#pieces
    const line: Value[] = []
    let length = 0
    for (;;) {
      const piece = await this.#take()
      if (piece === undefined) {
        if (length === 0) return { done: true, value: undefined }
        return { done: false, value: join(line) }
      }
      const end = lineEnd(piece)
      length += end < 0 ? lengthOf(piece) : end
      if (length > this.#maxLineLength) {
        const message = `A line is longer than ${this.#maxLineLength}`
        const error = new SluiceError('too-large', message)
        await this.#source.cancel(error)
        throw error
      }
      line.push(end < 0 ? piece : slice(piece, 0, end))
      if (end < 0) continue
      this.#held = slice(piece, end + 1)
      return { done: false, value: join(line) }
    }
  }

  read(size: number = Number.POSITIVE_INFINITY): Promise<Value> {
    return this.#begun(this.#read(size))
  }

  async #read(size: number): Promise<Value> {
    if (!(size >= 0)) {
      throw new SluiceError('invalid-options', `size (${size}) must not be negative`)
    }
    this.#checkOpen()
    const { lengthOf, slice, join } = this.#pieces
    const taken: Value[] = []
    let left = size
    while (left > 0) {
      const piece = await this.#take()
      if (piece === undefined) break
      const length = lengthOf(piece)
      if (length > left) this.#held = slice(piece, left)
      taken.push(slice(piece, 0, left))
      left -= Math.min(length, left)
    }
    return join(taken)
  }

  async close(): Promise<void> {
    this.#closed = true
    // `return file.read()` out of a scope that closes the file: it is an error, but nobody listens to it yet, which would end the process.
    this.#reading?.catch(() => {})
    this.#held = undefined
    await this.#source.cancel()
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begun<T>(reading: Promise<T>): Promise<T> {
    this.#reading = reading
    return reading
  }

  #checkOpen(): void {
    if (this.#closed) throw new SluiceError('invalid-options', 'read() after close()')
  }

  /** What is there, and is not empty. */
  async #take(): Promise<Value | undefined> {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined && this.#pieces.lengthOf(held) > 0) return held
    for (;;) {
      const { done, value } = await this.#source.next()
      // What was closed ends as a source does that has no more: half of a file would pass for all of it.
      this.#checkOpen()
      if (done) return undefined
      if (this.#pieces.lengthOf(value) > 0) return value
    }
  }
}
