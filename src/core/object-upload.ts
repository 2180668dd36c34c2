import type {
  Bytes,
  Clock,
  MultipartLimits,
  MultipartToken,
  MultipartUpload,
  ObjectHeaders,
  Part,
  PutResult,
  Store,
  WriteConditions,
} from '../contracts/index.ts'
import { abortError, asSluiceError, SluiceError } from './errors.ts'
import { checkKey } from './keys.ts'
import { type PartPlan, partPlan, tooLarge } from './part-plan.ts'
import type { Resumption } from './resumption.ts'
import { retry } from './retry.ts'
import { stillOpen, withOpenUpload } from './still-open.ts'

/** As much of a store as an upload needs. */
export type UploadTarget = Pick<
  Store,
  'capabilities' | 'put' | 'head' | 'createMultipart' | 'resumeMultipart'
>

export interface UploadOptions extends ObjectHeaders, WriteConditions {
  /**
   * Size of a part, and the least size of an object that is sent in parts. Default 8 MiB, or as much as a known size needs; raised to
   * the store's minimum. Where parts may differ and the size is not known, they grow from here (`partPlan`).
   */
  readonly partBytes?: number | undefined
  /** Of the whole object, where it is known: `invalid-options` if other many bytes come. */
  readonly sizeBytes?: number | undefined
  /** Parts in flight at once. Default 4. */
  readonly concurrency?: number | undefined
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

/** One object on its way to a store, whole or in parts. Says nothing of where the parts come from. */
export class ObjectUpload {
  readonly key: string
  readonly plan: PartPlan
  readonly concurrency: number
  readonly sizeBytes: number | undefined
  /** `undefined` where objects go in one piece. */
  readonly limits: MultipartLimits | undefined
  readonly #target: UploadTarget
  readonly #options: UploadOptions
  readonly #controller = new AbortController()
  readonly #onCallerAbort: () => void
  #upload: MultipartUpload | undefined
  #opening: Promise<void> | undefined
  readonly #resumption: Resumption | undefined
  readonly #parts: Part[] = []
  readonly #inFlight = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #discarding: Promise<void> | undefined

  /** Throws what is wrong with the key and the options, before anything is sent. */
  constructor(
    target: UploadTarget,
    key: string,
    options: UploadOptions,
    plan: PartPlan = partPlan(key, target.capabilities, options),
    resumption?: Resumption,
  ) {
    checkKey(key)
    const { concurrency = 4, signal } = options
    if (!(concurrency >= 1)) {
      const message = `concurrency (${concurrency}) must be positive`
      throw new SluiceError('invalid-options', message, { key })
    }
    this.key = key
    this.concurrency = concurrency
    this.plan = plan
    this.sizeBytes = options.sizeBytes
    this.#resumption = resumption
    this.#target = target
    this.#options = options
    this.limits = target.capabilities.multipart || undefined
    this.#onCallerAbort = () => signal && this.fail(abortError(signal))
    signal?.addEventListener('abort', this.#onCallerAbort, { once: true })
    if (signal?.aborted) this.#onCallerAbort()
  }

  /** Whether it goes in parts. */
  get begun(): boolean {
    return this.#upload !== undefined
  }

  /** Fires when it has failed. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  async putWhole(body: Bytes | Blob): Promise<PutResult> {
    this.throwIfFailed()
    if (this.#hasCondition() && !this.#target.capabilities.conditionalPut) {
      const message = `This store takes no condition on put ("${this.key}")`
      throw new SluiceError('not-supported', message, { key: this.key })
    }
    const { ifNoneMatch, ifMatch } = this.#options
    const headers = headersOf(this.#options)
    const options = { ...headers, ifNoneMatch, ifMatch, signal: this.signal }
    const result = await this.#target.put(this.key, body, options)
    this.#release()
    return result
  }

  /** Opens the upload, or goes on with the one of a token. Once. */
  async begin(resume?: MultipartToken): Promise<void> {
    this.throwIfFailed()
    const { conditionFallback, onUpload } = this.#options
    const { capabilities, createMultipart, resumeMultipart } = this.#target
    if (this.#hasCondition() && !capabilities.conditionalComplete && conditionFallback !== 'head') {
      throw this.fail(
        new SluiceError(
          'not-supported',
          `This store cannot make the completion of a multipart upload conditional, and "${this.key}" does not fit into one part; raise partBytes or drop the condition`,
          { key: this.key },
        ),
      )
    }
    try {
      const options = { ...headersOf(this.#options), signal: this.signal }
      const open = async (): Promise<void> => {
        const upload = resume
          ? resumeMultipart?.call(this.#target, resume)
          : await createMultipart?.call(this.#target, this.key, options)
        this.#upload = upload as MultipartUpload
      }
      this.#opening = open()
      await this.#opening
      this.throwIfFailed()
      const upload = this.#upload as unknown as MultipartUpload
      if (!resume) await onUpload?.(upload.toJSON())
      await this.#resumption?.open(upload, this.signal)
    } catch (error) {
      throw this.fail(error)
    }
  }

  /**
   * Sends a part. Resolves when it is on its way, and calls `settled` when its bytes are needed no more. Waits while as many are in
   * flight as may be.
   */
  async send(partNumber: number, body: Bytes | Blob, settled?: () => void): Promise<void> {
    while (this.#inFlight.size >= this.concurrency) await this.oneSettled()
    this.throwIfFailed()
    const { signal } = this
    const upload = this.#upload as MultipartUpload
    const sent = this.#resumption
      ? this.#resumption.putPart(upload, partNumber, body, signal)
      : upload.putPart(partNumber, body, { signal })
    const sending = sent
      .then((part) => void this.#parts.push(part))
      .catch((error: unknown) => void this.fail(error))
      .finally(() => {
        this.#inFlight.delete(sending)
        settled?.()
      })
    this.#inFlight.add(sending)
  }

  /** Resolves when some part in flight is through, or has failed. */
  async oneSettled(): Promise<void> {
    await Promise.race(this.#inFlight)
  }

  /** Waits for the parts, and makes them the object. */
  async complete(): Promise<PutResult> {
    await Promise.all(this.#inFlight)
    this.throwIfFailed()
    const upload = this.#upload as MultipartUpload
    this.#resumption?.checkEnd(upload)
    const { ifNoneMatch, ifMatch } = this.#options
    const head = this.#hasCondition() && !this.#target.capabilities.conditionalComplete
    if (head) await this.#checkByHead()
    const conditions = head ? {} : { ifNoneMatch, ifMatch }
    const parts = this.#parts.sort((a, b) => a.partNumber - b.partNumber)
    const result = await upload.complete(parts, { ...conditions, signal: this.signal })
    this.#release()
    return result
  }

  async #checkByHead(): Promise<void> {
    const found = await this.#target.head(this.key, { signal: this.signal })
    const { ifNoneMatch, ifMatch } = this.#options
    if ((ifNoneMatch && found) || (ifMatch !== undefined && found?.etag !== ifMatch)) {
      throw new SluiceError(
        'precondition-failed',
        `"${this.key}" ${found ? 'exists as another version' : 'does not exist'}`,
        { key: this.key },
      )
    }
  }

  /** The object has more bytes than it may have. */
  throwTooLarge(): never {
    const { multipart, maxPutBytes } = this.#target.capabilities
    throw this.fail(tooLarge(this.key, multipart, maxPutBytes, this.plan.partBytes))
  }

  /** Throws if so many bytes are more than can be, and `invalid-options` if they, or at the end so few, are not what was declared. */
  checkSize(bytes: number, atEnd: boolean): void {
    const { sizeBytes, key } = this
    if (!this.limits && bytes > this.#target.capabilities.maxPutBytes) this.throwTooLarge()
    if (sizeBytes === undefined || (atEnd ? bytes === sizeBytes : bytes <= sizeBytes)) return
    const which = atEnd ? 'ended after' : 'has at least'
    const message = `The source of "${key}" ${which} ${bytes} bytes, where sizeBytes says ${sizeBytes}`
    throw this.fail(new SluiceError('invalid-options', message, { key }))
  }

  /** The first failure is the one that everybody hears of. It stops the parts in flight. */
  fail(reason: unknown): unknown {
    const { key } = this
    const error = asSluiceError(reason, 'aborted', `Writing "${key}" was ended by an error`, {
      key,
    })
    this.#failure ??= { error }
    this.#controller.abort(this.#failure.error)
    return this.#failure.error
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }

  /** Fails, leaves nothing behind unless it can be gone on with, and gives what to throw: what failed, and what stays open. */
  async end(error: unknown): Promise<unknown> {
    const failure = this.fail(error)
    if (this.#upload && this.#resumption?.survives(failure)) {
      this.#release()
      await Promise.all(this.#inFlight)
      return withOpenUpload(
        failure,
        'its upload can be resumed and stays open',
        this.#upload.uploadId,
      )
    }
    try {
      await this.discard()
      return failure
    } catch (leak) {
      return stillOpen(failure, leak)
    }
  }

  /** Aborts the upload, once. Throws what says that it could not. */
  discard(): Promise<void> {
    this.#discarding ??= this.#discard()
    return this.#discarding
  }

  async #discard(): Promise<void> {
    this.#release()
    // An upload that is being opened by a store that minds no signal would stay open else.
    await Promise.allSettled([this.#opening, ...this.#inFlight])
    const upload = this.#upload
    if (!upload) return
    try {
      // Without the caller's signal: it may be the very reason for aborting.
      await retry(() => upload.abort(), { clock: this.#options.clock })
    } catch (cause) {
      const because = this.#failure?.error
      throw new SluiceError(
        'unavailable',
        `The upload of "${this.key}" failed and could not be aborted; it stays open as ${upload.uploadId}`,
        { key: this.key, uploadId: upload.uploadId, cause: because ?? cause },
      )
    }
  }

  #release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onCallerAbort)
  }

  #hasCondition(): boolean {
    return this.#options.ifNoneMatch !== undefined || this.#options.ifMatch !== undefined
  }
}

function headersOf(options: ObjectHeaders): ObjectHeaders {
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = options
  return { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
}
