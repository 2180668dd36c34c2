import type {
  Bytes,
  Chunk,
  Clock,
  MultipartLimits,
  MultipartToken,
  MultipartUpload,
  ObjectHeaders,
  Part,
  Store,
  WriteConditions,
  Writer,
} from '../contracts/index.ts'
import { concatBytes, EMPTY } from './bytes.ts'
import { Chunker } from './chunker.ts'
import { abortError, asSluiceError, SluiceError } from './errors.ts'
import { checkKey } from './keys.ts'
import { retry } from './retry.ts'
import { stillOpen } from './still-open.ts'
import { disposeWriter } from './streams.ts'

export interface ObjectWriterOptions extends ObjectHeaders, WriteConditions {
  /** Size of a part, and the least size of an object that is sent in parts. Default 8 MiB, raised to the store's minimum. */
  readonly partBytes?: number | undefined
  /** Parts in flight at once. Default 4. */
  readonly concurrency?: number | undefined
  /** The object's first bytes are only known at the end and given to `close(head)`: part 1 is sent last. Default 0. */
  readonly headBytes?: number | undefined
  /**
   * What to do with a condition when the object has grown past one part and the store's `complete` takes none.
   * Default: `not-supported`. `'head'` looks at the key just before completing, which leaves a moment in which another
   * writer may be overwritten: for callers who are the only writer of the key.
   */
  readonly conditionFallback?: 'head' | undefined
  /** Called, and awaited, between the creation of an upload and its first part: the moment to remember it. */
  readonly onUpload?: ((token: MultipartToken) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  /** For the waits between attempts to abort a failed upload. */
  readonly clock?: Clock | undefined
}

export interface ObjectWritten {
  readonly key: string
  readonly etag: string
  readonly bytes: number
}

export interface ObjectWriter extends Writer<Chunk, ObjectWritten> {
  /** `head` has exactly `headBytes` bytes. */
  close(head?: Chunk): Promise<ObjectWritten>
}

const DEFAULT_PART_BYTES = 8 * 1024 * 1024

/**
 * Writes one object of unknown length to any store: one `put` when it fits into one part, else parts of one size in
 * parallel.
 *
 * Guaranteed: nothing is visible before `close()` resolved; a failure or an abort stops the parts in flight, waits for
 * them and aborts the upload (if even that fails, the error names its `uploadId`); at most `(concurrency + 1) *
 * partBytes` are held, apart from the chunk being written. A store without multipart holds the whole object.
 *
 * Errors: the store's; `too-large` when the store cannot hold so many parts; `not-supported` (see `conditionFallback`).
 */
export function objectWriter(
  store: Store,
  key: string,
  options: ObjectWriterOptions = {},
): ObjectWriter {
  checkKey(key)
  const writer = new PartsWriter(store, key, options)
  return {
    write: (chunk) => writer.write(chunk),
    close: (head) => writer.close(head),
    abort: (reason) => writer.abort(reason),
    [Symbol.asyncDispose]: () => writer.dispose(),
  }
}

class PartsWriter {
  readonly #store: Store
  readonly #key: string
  readonly #options: ObjectWriterOptions
  readonly #limits: MultipartLimits | undefined
  readonly #chunker: Chunker
  readonly #concurrency: number
  readonly #controller = new AbortController()
  readonly #onCallerAbort: () => void
  /**
   * Whole parts that wait. With multipart it is the first one: for a second one to show that this is no single put, or for the
   * head. Without, all of the object.
   */
  #held: Bytes[] = []
  #upload: MultipartUpload | undefined
  #partNumber = 0
  #parts: Part[] = []
  readonly #inFlight = new Set<Promise<void>>()
  #bytes = 0
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<ObjectWritten> | undefined
  #aborting: Promise<void> | undefined

  constructor(store: Store, key: string, options: ObjectWriterOptions) {
    this.#store = store
    this.#key = key
    this.#options = options
    this.#limits = store.capabilities.multipart || undefined
    const { partBytes = DEFAULT_PART_BYTES, concurrency = 4, headBytes = 0, signal } = options
    const size = Math.min(
      Math.max(partBytes, this.#limits?.minPartBytes ?? 1),
      this.#limits?.maxPartBytes ?? store.capabilities.maxPutBytes,
    )
    if (!(partBytes > 0) || !(concurrency >= 1) || headBytes > size) {
      throw new SluiceError(
        'invalid-options',
        `partBytes (${partBytes}) and concurrency (${concurrency}) must be positive, headBytes (${headBytes}) within a part`,
      )
    }
    this.#concurrency = concurrency
    this.#chunker = new Chunker(size)
    if (headBytes > 0) this.#chunker.push(new Uint8Array(headBytes))
    this.#bytes = headBytes
    this.#onCallerAbort = () => signal && this.#fail(abortError(signal))
    signal?.addEventListener('abort', this.#onCallerAbort, { once: true })
    if (signal?.aborted) this.#onCallerAbort()
  }

  async write(chunk: Chunk): Promise<void> {
    this.#throwIfOver()
    // In slices no larger than what completes a part, so that a huge chunk is not copied whole.
    for (let at = 0; at < chunk.byteLength; ) {
      const take = Math.min(
        chunk.byteLength - at,
        this.#chunker.sizeBytes - this.#chunker.bufferedBytes,
      )
      const [piece] = this.#chunker.push(chunk.subarray(at, at + take))
      at += take
      this.#bytes += take
      if (piece) await this.#takePart(piece)
    }
    this.#throwIfFailed()
  }

  close(head?: Chunk): Promise<ObjectWritten> {
    this.#closing ??= this.#aborting
      ? Promise.reject(this.#failure?.error)
      : this.#close(head).catch(async (error: unknown) => {
          const failure = this.#fail(error)
          await this.abort().catch((leak: unknown) => {
            throw stillOpen(failure, leak)
          })
          throw failure
        })
    return this.#closing
  }

  /** Aborts, unless `close()` or `abort()` was called: their caller hears of what becomes of it. */
  async dispose(): Promise<void> {
    if (this.#closing || this.#aborting) {
      await Promise.allSettled([this.#closing, this.#aborting])
    } else await disposeWriter(this)
  }

  async abort(reason?: unknown): Promise<void> {
    if (this.#closing && !this.#failure) {
      // Too late to stop: what close() began is completed or failed by itself.
      await this.#closing.catch(() => {})
      return
    }
    this.#fail(
      asSluiceError(reason, 'aborted', `Writing "${this.#key}" was aborted`, { key: this.#key }),
    )
    this.#aborting ??= this.#discard()
    await this.#aborting
  }

  async #close(head: Chunk | undefined): Promise<ObjectWritten> {
    this.#throwIfFailed()
    const headBytes = this.#options.headBytes ?? 0
    if ((head?.byteLength ?? 0) !== headBytes) {
      throw new SluiceError(
        'invalid-options',
        `close() got a head of ${head?.byteLength ?? 0} bytes where ${headBytes} were promised`,
        { key: this.#key },
      )
    }
    const rest = this.#chunker.rest()
    const single = !this.#upload && !(this.#held.length > 0 && rest && this.#limits)
    if (single) return this.#putWhole(rest ? [...this.#held, rest] : this.#held, head)
    if (rest) await this.#takePart(rest)
    const first = this.#held.pop()
    if (first) {
      if (head) first.set(head)
      await this.#send(1, first)
    }
    await Promise.all(this.#inFlight)
    this.#throwIfFailed()
    return this.#complete()
  }

  async #putWhole(pieces: readonly Bytes[], head: Chunk | undefined): Promise<ObjectWritten> {
    const [only = EMPTY, ...more] = pieces
    const body = more.length > 0 ? concatBytes(pieces) : only
    this.#held = []
    if (head) body.set(head)
    const { ifNoneMatch, ifMatch } = this.#options
    const { etag } = await this.#store.put(this.#key, body, {
      ...headersOf(this.#options),
      ifNoneMatch,
      ifMatch,
      signal: this.#controller.signal,
    })
    this.#release()
    return { key: this.#key, etag, bytes: this.#bytes }
  }

  async #complete(): Promise<ObjectWritten> {
    const upload = this.#upload as MultipartUpload
    const signal = this.#controller.signal
    let conditions: WriteConditions = {
      ifNoneMatch: this.#options.ifNoneMatch,
      ifMatch: this.#options.ifMatch,
    }
    if (this.#hasCondition() && !this.#store.capabilities.conditionalComplete) {
      await this.#checkByHead()
      conditions = {}
    }
    const parts = this.#parts.sort((a, b) => a.partNumber - b.partNumber)
    const { etag } = await upload.complete(parts, { ...conditions, signal })
    this.#release()
    return { key: this.#key, etag, bytes: this.#bytes }
  }

  async #checkByHead(): Promise<void> {
    const found = await this.#store.head(this.#key, { signal: this.#controller.signal })
    const { ifNoneMatch, ifMatch } = this.#options
    if ((ifNoneMatch && found) || (ifMatch !== undefined && found?.etag !== ifMatch)) {
      throw new SluiceError(
        'precondition-failed',
        `"${this.#key}" ${found ? 'exists as another version' : 'does not exist'}`,
        { key: this.#key },
      )
    }
  }

  /** A whole part: the first one waits, every other one is sent, waiting while too many are in flight. */
  async #takePart(piece: Bytes): Promise<void> {
    if (!this.#limits) return this.#takeWithoutMultipart(piece)
    if (!this.#upload && this.#held.length === 0) {
      this.#held.push(piece)
      return
    }
    await this.#begin()
    const number = ++this.#partNumber
    if (number > this.#limits.maxParts) {
      throw this.#fail(
        new SluiceError(
          'too-large',
          `"${this.#key}" needs more than ${this.#limits.maxParts} parts of ${this.#chunker.sizeBytes} bytes; raise partBytes`,
          { key: this.#key },
        ),
      )
    }
    await this.#send(number, piece)
  }

  #takeWithoutMultipart(piece: Bytes): void {
    this.#held.push(piece)
    if (this.#bytes > this.#store.capabilities.maxPutBytes) {
      throw this.#fail(
        new SluiceError(
          'too-large',
          `"${this.#key}" passes the ${this.#store.capabilities.maxPutBytes} bytes that this store takes in one piece`,
          { key: this.#key },
        ),
      )
    }
  }

  /** Creates the upload, once, and sends the first part unless it waits for its head. */
  async #begin(): Promise<void> {
    if (this.#upload) return
    this.#throwIfFailed()
    if (
      this.#hasCondition() &&
      !this.#store.capabilities.conditionalComplete &&
      this.#options.conditionFallback !== 'head'
    ) {
      throw this.#fail(
        new SluiceError(
          'not-supported',
          `This store cannot make the completion of a multipart upload conditional, and "${this.#key}" does not fit into one part; raise partBytes or drop the condition`,
          { key: this.#key },
        ),
      )
    }
    try {
      const create = this.#store.createMultipart as NonNullable<Store['createMultipart']>
      this.#upload = await create.call(this.#store, this.#key, {
        ...headersOf(this.#options),
        signal: this.#controller.signal,
      })
      await this.#options.onUpload?.(this.#upload.toJSON())
    } catch (error) {
      throw this.#fail(error)
    }
    this.#partNumber = 1
    if (!this.#options.headBytes) await this.#send(1, this.#held.pop() as Bytes)
  }

  /**
   * Resolves when the part is on its way: this one waits, not the next, so that one part fills while others travel. A first
   * part that waits for its head counts as one of those, or it would be one too many in memory.
   */
  async #send(number: number, piece: Bytes): Promise<void> {
    const most = this.#concurrency - this.#held.length
    while (this.#inFlight.size >= Math.max(most, 1)) await Promise.race(this.#inFlight)
    this.#throwIfFailed()
    const upload = this.#upload as MultipartUpload
    const sending = upload
      .putPart(number, piece, { signal: this.#controller.signal })
      .then((part) => void this.#parts.push(part))
      .catch((error: unknown) => void this.#fail(error))
      .finally(() => this.#inFlight.delete(sending))
    this.#inFlight.add(sending)
    if (most === 0) await sending
  }

  /** The first failure is the one that everybody hears of. It stops the parts in flight. */
  #fail(error: unknown): unknown {
    this.#failure ??= { error }
    this.#controller.abort(this.#failure.error)
    return this.#failure.error
  }

  async #discard(): Promise<void> {
    this.#release()
    this.#held = []
    await Promise.all(this.#inFlight)
    const upload = this.#upload
    if (!upload) return
    try {
      // Without the caller's signal: it may be the very reason for aborting.
      await retry(() => upload.abort(), { clock: this.#options.clock })
    } catch (cause) {
      const because = this.#failure?.error
      throw new SluiceError(
        'unavailable',
        `The upload of "${this.#key}" failed and could not be aborted; it stays open as ${upload.uploadId}`,
        { key: this.#key, uploadId: upload.uploadId, cause: because ?? cause },
      )
    }
  }

  #release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onCallerAbort)
  }

  #hasCondition(): boolean {
    return this.#options.ifNoneMatch !== undefined || this.#options.ifMatch !== undefined
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }

  #throwIfOver(): void {
    this.#throwIfFailed()
    if (this.#closing) {
      throw new SluiceError('invalid-options', `write() after close() of "${this.#key}"`, {
        key: this.#key,
      })
    }
  }
}

function headersOf(options: ObjectHeaders): ObjectHeaders {
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = options
  return { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
}
