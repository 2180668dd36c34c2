import type { Bytes, Chunk, Writer } from '../contracts/index.ts'
import { concatBytes, EMPTY } from './bytes.ts'
import { SluiceError, throwIfAborted } from './errors.ts'
import { ObjectUpload, type UploadOptions, type UploadTarget } from './object-upload.ts'
import { PartBuffers } from './part-buffers.ts'
import { disposeWriter } from './streams.ts'

export interface ObjectWriterOptions extends UploadOptions {
  /** The object's first bytes are only known at the end and given to `close(head)`: part 1 is sent last. Default 0. */
  readonly headBytes?: number | undefined
}

export interface ObjectWritten {
  readonly key: string
  readonly etag: string
  readonly bytes: number
  /** The most bytes of parts that were held in memory at once. */
  readonly peakBytes: number
}

export interface ObjectWriter extends Writer<Chunk, ObjectWritten> {
  /** `head` has exactly `headBytes` bytes. */
  close(head?: Chunk): Promise<ObjectWritten>
}

/**
 * Writes one object to any store: one `put` when it fits into one part, else parts in parallel, as `partPlan` cuts them.
 *
 * Guaranteed: nothing is visible before `close()` resolved; a failure or an abort stops the parts in flight, waits for
 * them and aborts the upload (if even that fails, the error names its `uploadId`); at most `(concurrency + 1) *
 * partBytes` are held, or two parts where those have grown larger, apart from the chunk being written. A store without
 * multipart holds the whole object.
 *
 * Errors: the store's; `too-large` when the store cannot hold so many parts; `not-supported` for a condition that its completions do not take (`completedByHead` offers a way out);
 * `invalid-options` when other many bytes come than `sizeBytes` says.
 */
export function objectWriter(
  target: UploadTarget,
  key: string,
  options: ObjectWriterOptions = {},
): ObjectWriter {
  return new PartsWriter(new ObjectUpload(target, key, options), options.headBytes)
}

/** Fills parts, one at a time, and hands them to an upload. */
export class PartsWriter implements ObjectWriter {
  readonly #upload: ObjectUpload
  readonly #headBytes: number
  readonly #buffers: PartBuffers
  #filling: Bytes | undefined
  #filled = 0
  /** Of the part that was begun last. */
  #partNumber = 0
  /**
   * Whole parts that wait. With multipart it is the first one: for a second one to show that this is no single put, or for the
   * head. Without, all of the object.
   */
  #held: Bytes[] = []
  #bytes = 0
  #closing: Promise<ObjectWritten> | undefined
  #aborting: Promise<void> | undefined

  constructor(upload: ObjectUpload, headBytes = 0) {
    const { plan, concurrency, key } = upload
    if (!(headBytes >= 0 && headBytes <= plan.partBytes)) {
      const message = `headBytes (${headBytes}) must lie within a part of ${plan.partBytes} bytes`
      throw new SluiceError('invalid-options', message, { key })
    }
    this.#upload = upload
    this.#headBytes = headBytes
    this.#buffers = new PartBuffers((concurrency + 1) * plan.partBytes)
    if (headBytes > 0) this.#take()
    this.#filled = headBytes
    this.#bytes = headBytes
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#throwIfOver()
    this.#upload.checkSize(this.#bytes + chunk.byteLength, false)
    for (let at = 0; at < chunk.byteLength; ) {
      const buffer = this.#filling ?? (await this.#next())
      const piece = chunk.subarray(at, at + buffer.byteLength - this.#filled)
      buffer.set(piece, this.#filled)
      at += piece.byteLength
      this.#filled += piece.byteLength
      this.#bytes += piece.byteLength
      if (this.#filled === buffer.byteLength) await this.#takePart(buffer)
    }
    throwIfAborted(this.#upload.signal)
  }

  close(head?: Chunk): Promise<ObjectWritten> {
    this.#closing ??= this.#close(head).catch(async (error: unknown) => {
      throw await this.#upload.end(error)
    })
    return this.#closing
  }

  /** Aborts, unless `close()` or `abort()` was called: their caller hears of what becomes of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing || this.#aborting) {
      await Promise.allSettled([this.#closing, this.#aborting])
    } else await disposeWriter(this)
  }

  async abort(reason?: unknown): Promise<void> {
    if (this.#closing && !this.#upload.signal.aborted) {
      // Too late to stop: what close() began is completed or failed by itself.
      await this.#closing.catch(() => {})
      return
    }
    this.#upload.fail(reason)
    this.#aborting ??= this.#upload.discard()
    await this.#aborting
  }

  async #close(head: Chunk = EMPTY): Promise<ObjectWritten> {
    const upload = this.#upload
    const { key } = upload
    throwIfAborted(upload.signal)
    if (head.byteLength !== this.#headBytes) {
      throw new SluiceError(
        'invalid-options',
        `close() got a head of ${head.byteLength} bytes where ${this.#headBytes} were promised`,
        { key },
      )
    }
    upload.checkSize(this.#bytes, true)
    const rest = this.#filling?.subarray(0, this.#filled)
    const single = !upload.begun && !(this.#held.length > 0 && rest && upload.limits)
    let etag: string
    if (single) {
      const pieces = rest ? [...this.#held, rest] : this.#held
      const body = concatBytes(pieces)
      body.set(head)
      etag = (await upload.putWhole(body)).etag
    } else {
      if (rest) await this.#takePart(rest)
      const [first] = this.#held
      first?.set(head)
      if (first) await upload.send(1, first)
      else if (this.#partNumber === 0) await upload.send(1, EMPTY)
      etag = (await upload.complete()).etag
    }
    return { key, etag, bytes: this.#bytes, peakBytes: this.#buffers.peakBytes }
  }

  /** Makes room for the next part: waits until parts in flight have given theirs back. */
  async #next(): Promise<Bytes> {
    const { limits, plan } = this.#upload
    if (limits && this.#partNumber === limits.maxParts) this.#upload.throwTooLarge()
    while (limits && !this.#buffers.fits(plan.sizeOf(this.#partNumber + 1))) {
      await this.#upload.oneSettled()
    }
    throwIfAborted(this.#upload.signal)
    return this.#take()
  }

  #take(): Bytes {
    this.#filling = this.#buffers.take(this.#upload.plan.sizeOf(++this.#partNumber))
    this.#filled = 0
    return this.#filling
  }

  /** A whole part: the first one waits, every other one is sent. */
  async #takePart(piece: Bytes): Promise<void> {
    const upload = this.#upload
    this.#filling = undefined
    this.#filled = 0
    const waits = !upload.begun && this.#held.length === 0
    if (waits || !upload.limits) {
      this.#held.push(piece)
      return
    }
    if (!upload.begun) {
      await upload.begin()
      if (this.#headBytes === 0) await this.#send(1, this.#held.pop() as Bytes)
    }
    await this.#send(this.#partNumber, piece)
  }

  #send(partNumber: number, piece: Bytes): Promise<void> {
    return this.#upload.send(partNumber, piece, () =>
      this.#buffers.give(new Uint8Array(piece.buffer)),
    )
  }

  #throwIfOver(): void {
    const { key } = this.#upload
    throwIfAborted(this.#upload.signal)
    if (this.#closing) {
      throw new SluiceError('invalid-options', `write() after close() of "${key}"`, { key })
    }
  }
}
