import type { Bytes, Chunk } from '../contracts/index.ts'
import { concatBytes, EMPTY } from './bytes.ts'
import { throwIfAborted } from './errors.ts'
import { type ObjectUpload, sizeOfParts } from './object-upload.ts'
import { PartBuffers, type SpareBuffers } from './part-buffers.ts'

export interface ObjectWritten {
  readonly key: string
  readonly etag: string
  readonly bytes: number
  /** The most bytes of parts that were held in memory at once. */
  readonly peakBytes: number
}

/** Fills parts, one at a time, and hands them to an upload. What fails is for its caller to end. */
export class PartsWriter {
  readonly #upload: ObjectUpload
  readonly #headBytes: number
  readonly #spare: SpareBuffers | undefined
  readonly #buffers: PartBuffers
  #filling: Bytes | undefined
  #filled = 0
  /** Number and size of the part that was begun last. */
  #partNumber = 0
  #partBytes = 0
  /**
   * Whole parts that wait. With multipart it is the first one: for a second one to show that this is no single put, or for the
   * head. Without, all of the object.
   */
  #held: Bytes[] = []
  #bytes = 0

  /**
   * `headBytes` of the object's first part are left out, and given to `close`. `spare`: what an earlier upload left, and this one leaves
   * when it has gone well.
   */
  constructor(upload: ObjectUpload, headBytes = 0, spare?: SpareBuffers) {
    const { plan, concurrency } = upload
    this.#upload = upload
    this.#headBytes = headBytes
    this.#spare = spare
    this.#buffers = new PartBuffers((concurrency + 1) * plan.partBytes, spare)
    const arrived = upload.resumption?.arrived ?? []
    this.#partNumber = arrived.length
    if (headBytes > 0) this.#take()
    this.#filled = headBytes
    this.#bytes = sizeOfParts(arrived) + headBytes
  }

  async write(chunk: Uint8Array): Promise<void> {
    throwIfAborted(this.#upload.signal)
    this.#upload.checkSize(this.#bytes + chunk.byteLength, false)
    for (let at = 0; at < chunk.byteLength; ) {
      const buffer = this.#grown(this.#filling ?? (await this.#next()), chunk.byteLength - at)
      const piece = chunk.subarray(at, at + buffer.byteLength - this.#filled)
      buffer.set(piece, this.#filled)
      at += piece.byteLength
      this.#filled += piece.byteLength
      this.#bytes += piece.byteLength
      if (this.#filled === this.#partBytes) await this.#takePart(buffer)
    }
    throwIfAborted(this.#upload.signal)
  }

  /** A copy of what fills no part yet, of an upload whose parts have all arrived. Nothing more is written: the memory is the next upload's. */
  leaveRest(): Bytes {
    const rest = this.#filling?.slice(0, this.#filled) ?? EMPTY
    if (this.#filling) this.#buffers.give(this.#filling)
    this.#buffers.leave()
    return rest
  }

  /** Sends what is left, and makes the object. Once. `head` has exactly `headBytes` bytes. */
  async close(head: Chunk = EMPTY): Promise<ObjectWritten> {
    const upload = this.#upload
    throwIfAborted(upload.signal)
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
      this.#buffers.leave()
    }
    return { key: upload.key, etag, bytes: this.#bytes, peakBytes: this.#buffers.peakBytes }
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

  /** The first buffer grows with what comes, unless there is a whole one: most objects are far smaller than a part. */
  #take(): Bytes {
    this.#partBytes = this.#upload.plan.sizeOf(++this.#partNumber)
    const grows = this.#buffers.peakBytes === 0 && !this.#spare?.has(this.#partBytes)
    this.#filling = this.#buffers.take(grows ? this.#headBytes : this.#partBytes)
    this.#filled = 0
    return this.#filling
  }

  /** The buffer, or a larger one with what is in it, so that these bytes fit, or as many of them as the part takes. */
  #grown(buffer: Bytes, moreBytes: number): Bytes {
    const neededBytes = Math.min(this.#filled + moreBytes, this.#partBytes)
    if (neededBytes <= buffer.byteLength) return buffer
    const sizeBytes = Math.min(Math.max(neededBytes, 2 * buffer.byteLength), this.#partBytes)
    const larger = this.#buffers.take(sizeBytes)
    larger.set(buffer)
    this.#buffers.give(buffer)
    this.#filling = larger
    return larger
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
}
