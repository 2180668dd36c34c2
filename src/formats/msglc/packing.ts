import type { Bytes, Chunk } from '../../contracts/index.ts'
import { concatBytes, EMPTY } from '../../core/bytes.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { type JsonProblem, pointerStep } from '../../core/json.ts'
import { ByteStack } from './byte-stack.ts'
import { ByteWriter } from './codecs/byte-writer.ts'
import { type Codec, MAX_COUNT, type Scalar, WIDE_HEAD_BYTES } from './codecs/codec.ts'
import { type Contents, contentsOf, isContents } from './contents.ts'
import { Divider } from './divider.ts'
import { Encoded, encodedContents } from './encoded.ts'
import { HEADER_BYTES, writeHeader } from './header.ts'
import { NumpyArray } from './numpy/numpy-array.ts'
import type { PackingOptions } from './options.ts'

/** So much is encoded before it is handed on. */
const CHUNK_BYTES = 64 * 1024

/** What is packed: a value, or a list or a map that somebody feeds. */
export type Packed = { readonly value: unknown } | { readonly contents: Contents }

/** A list or a map whose contents are being written. */
interface Frame {
  readonly contents: Contents
  taken: number
  /** Of the value that is being written: for errors. */
  step: string | undefined
  /** Where it begins in what is counted. */
  readonly countedFrom: number
}

/** A list or a map of unknown length, and what of it is encoded. */
interface Counting {
  readonly frame: Frame
  readonly bytes: ByteStack
}

/**
 * One value on its way into a payload and its table of contents, one value at a time, so that it can stop wherever a source must be
 * waited for. What it holds is the encoded bytes that nobody took yet, the table of contents so far, a frame for each list or map
 * that is open, and what is being counted.
 *
 * The encodings say a list's length first, and positions stand in the table of contents. So where an inner one is of unknown length,
 * its values are only encoded, and heads put before them as lists and maps end; when it has ended itself, it is divided as if it had just come.
 */
export class Packing {
  readonly #codec: Codec
  readonly #magic: Bytes
  readonly #maxTocBytes: number
  readonly #takesSources: boolean
  readonly #maxDepth: number
  readonly #payload = new ByteWriter()
  readonly #divider: Divider
  readonly #frames: Frame[] = []
  /** The outermost one of those that are being counted. */
  #counting: Counting | undefined
  /** The one that was counted last, while it is divided, and its bytes. */
  #counted: { readonly frame: Frame | undefined; readonly sizeBytes: number } | undefined
  #takenBytes = 0
  #problem: JsonProblem | undefined
  #rootHead: Bytes = EMPTY
  #rootHeadBytes = 0

  constructor(options: PackingOptions, open: Packed) {
    const { codec, magic, maxTocBytes, takesSources, maxDepth, ...thresholds } = options
    this.#codec = codec
    this.#magic = magic
    this.#maxTocBytes = maxTocBytes
    this.#takesSources = takesSources
    this.#maxDepth = maxDepth
    this.#divider = new Divider(codec, thresholds, () => this.#checkSize())
    this.#value('contents' in open ? open.contents : this.#contentsOf(open.value), false)
  }

  /** Of the payload, whether taken or not. */
  get payloadBytes(): number {
    return this.#takenBytes + this.#payload.length
  }

  get untakenBytes(): number {
    return this.#payload.length
  }

  get bufferedBytes(): number {
    return this.#payload.length + this.#heldBytes
  }

  /** What `maxTocBytes` bounds. What is counted is there twice when it is put together. */
  get #heldBytes(): number {
    const counting = 2 * (this.#counting?.bytes.length ?? 0)
    return this.#divider.heldBytes + counting + (this.#counted?.sizeBytes ?? 0)
  }

  /**
   * How many of the file's first bytes `finish()` gives: the header, and the head of an outermost list or map that is counted as it
   * comes. They are not among those that `take()` gives.
   */
  get headBytes(): number {
    return HEADER_BYTES + this.#rootHeadBytes
  }

  /** Goes on until all is encoded, or enough to be taken, or more must be waited for; `starved` where nobody can say until when. */
  advance(): 'done' | 'full' | 'starved' | Promise<void> {
    for (;;) {
      const frame = this.#frames.at(-1)
      if (!frame) return 'done'
      if (this.#payload.length >= CHUNK_BYTES && !this.#counting) return 'full'
      const result = frame.contents.next()
      if (!result) return 'starved'
      if (result instanceof Promise) return result.then((later) => this.#take(frame, later))
      this.#take(frame, result)
    }
  }

  /** What `advance()` has refused, and where. */
  get problem(): JsonProblem | undefined {
    return this.#problem
  }

  /** What was encoded since, for the caller to keep. */
  take(): Chunk {
    this.#takenBytes += this.#payload.length
    return this.#payload.take()
  }

  /** The file's end and its first bytes, when all is done and taken. */
  finish(): { readonly toc: readonly Chunk[]; readonly head: Chunk } {
    const { bytes: tocBytes, toc } = this.#divider.take()
    const place = { codec: this.#codec, tocStart: this.payloadBytes, tocBytes }
    return { toc, head: concatBytes([writeHeader(place, this.#magic), this.#rootHead]) }
  }

  /** Lets the sources go, the innermost first. */
  async cancel(reason: unknown): Promise<void> {
    for (const { contents } of this.#frames.splice(0).reverse()) {
      await contents.cancel?.(reason).catch(() => {})
    }
  }

  #take(frame: Frame, { done, value }: IteratorResult<unknown, unknown>): void {
    if (done) {
      this.#end(frame)
      return
    }
    const { kind, count = MAX_COUNT, doubles = false } = frame.contents
    frame.step = String(frame.taken)
    if (++frame.taken > count) {
      throw this.#refused(`is more than the ${count} that its ${kind} was to have`)
    }
    if (doubles) this.#double(value as number)
    else if (kind === 'list') this.#value(this.#contentsOf(value), true)
    else this.#pair(frame, value)
  }

  #pair(frame: Frame, pair: unknown): void {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw this.#refused('is no pair of a key and a value')
    }
    // A key is no place of its own: what is wrong with it is told of its map.
    frame.step = undefined
    const key = this.#contentsOf(pair[0], keyText)
    if (isContents(key)) throw this.#refused('has a key that is no single value')
    frame.step = String(key)
    this.#scalar(this.#out, key)
    if (!this.#counting) this.#scalar(this.#divider.keys, key)
    this.#value(this.#contentsOf(pair[1]), true)
  }

  /** Where values are encoded to. */
  get #out(): ByteWriter {
    return this.#counting?.bytes.tail ?? this.#payload
  }

  #value(value: Scalar | Encoded | Contents, isInner: boolean): void {
    if (isContents(value)) {
      this.#open(value, isInner)
      return
    }
    const start = this.payloadBytes
    this.#scalar(this.#out, value)
    this.#leaf(start)
  }

  #scalar(to: ByteWriter, value: Scalar | Encoded): void {
    if (value instanceof Encoded) to.bytes(value.is as Uint8Array)
    else this.#codec.scalar(to, value)
  }

  #double(value: number): void {
    const start = this.payloadBytes
    this.#codec.double(this.#out, value)
    this.#leaf(start)
  }

  #leaf(start: number): void {
    if (!this.#counting) {
      this.#divider.leaf(start, this.payloadBytes)
      return
    }
    this.#counting.bytes.settle()
    this.#checkSize()
  }

  #open(contents: Contents, isInner: boolean): void {
    const { kind, count, isSource } = contents
    if (this.#frames.length === this.#maxDepth) {
      throw this.#refused(`lies deeper than ${this.#maxDepth} levels, or in a cycle`)
    }
    if (isSource && !this.#takesSources) {
      throw this.#refused('is a source, which can be read only once: give its values')
    }
    const countedFrom = this.#counting?.bytes.length ?? 0
    const frame: Frame = { contents, taken: 0, step: undefined, countedFrom }
    const start = this.payloadBytes
    if (count !== undefined) this.#codec[kind](this.#out, count)
    else if (isInner) this.#counting ??= { frame, bytes: new ByteStack() }
    else {
      this.#rootHeadBytes = WIDE_HEAD_BYTES
      this.#takenBytes = WIDE_HEAD_BYTES
    }
    this.#frames.push(frame)
    if (!this.#counting) this.#divider.open(kind, start, this.payloadBytes)
  }

  #end(frame: Frame): void {
    const { contents, taken } = frame
    const { kind, count } = contents
    frame.step = undefined
    if (count !== undefined && taken !== count) {
      throw this.#refused(`has ${taken} where ${count} were announced`)
    }
    this.#frames.pop()
    if (this.#counting) this.#endWithin(this.#counting, frame)
    else {
      if (count === undefined) this.#rootHead = new Uint8Array(this.#codec.wideHead(kind, taken))
      if (frame === this.#counted?.frame) this.#counted = undefined
      this.#divider.close(taken, this.payloadBytes)
    }
  }

  /** Something has ended within what is counted, or this itself. */
  #endWithin({ frame: outermost, bytes }: Counting, frame: Frame): void {
    // As behind a leaf: among empty lists and maps there is none.
    bytes.settle()
    this.#checkSize()
    const { contents, taken, countedFrom } = frame
    if (contents.count !== undefined) return
    const middle = bytes.length
    this.#codec[contents.kind](bytes.tail, taken)
    bytes.moveBefore(countedFrom, middle)
    if (frame !== outermost) return
    this.#counting = undefined
    const encoded = concatBytes(bytes.take())
    this.#open(encodedContents(this.#codec, encoded), true)
    this.#counted = { frame: this.#frames.at(-1), sizeBytes: encoded.byteLength }
  }

  #checkSize(): void {
    if (this.#heldBytes <= this.#maxTocBytes) return
    const why = this.#counting
      ? `is not counted before it has more than the ${this.#maxTocBytes} bytes of maxTocBytes: give its count`
      : `grows the table of contents beyond ${this.#maxTocBytes} bytes; raise maxTocBytes or smallBytes`
    throw this.#failure('too-large', why)
  }

  /** `calls` says how errors call it, where it is not what lies at the place. */
  #contentsOf(value: unknown, calls?: (value: unknown) => string): Scalar | Encoded | Contents {
    if (!this.#takesSources && value instanceof NumpyArray) {
      throw this.#refused('is a NumpyArray, which a log cannot keep: give its data, or lists')
    }
    try {
      return contentsOf(value, this.#codec)
    } catch (error) {
      if (!isSluiceError(error, 'invalid-record')) throw error
      throw this.#refused(`${calls ? calls(value) : ''}${error.message}`)
    }
  }

  #refused(why: string): SluiceError {
    return this.#failure('invalid-record', why)
  }

  #failure(code: 'invalid-record' | 'too-large', why: string): SluiceError {
    const path = this.#frames
      .map(({ step }) => (step === undefined ? '' : pointerStep(step)))
      .join('')
    this.#problem = { path, message: why }
    return new SluiceError(code, `${path || 'The value'} ${why}`)
  }
}

function keyText(key: unknown): string {
  if (typeof key !== 'string') return 'has a key, which '
  return `has the key ${JSON.stringify(key.slice(0, 200))}, which `
}
