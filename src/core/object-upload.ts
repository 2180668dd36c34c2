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
import { abortError, anySignal, asSluiceError, SluiceError, throwIfAborted } from './errors.ts'
import { checkKey } from './keys.ts'
import { type PartPlan, type PartPlanOptions, partPlan, tooLarge } from './part-plan.ts'
import { retry } from './retry.ts'
import { nothingOpen, stillOpen, withOpenUpload } from './still-open.ts'

/** As much of a store as an upload needs. */
export type UploadTarget = Pick<
  Store,
  'capabilities' | 'put' | 'createMultipart' | 'resumeMultipart'
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
  /** Called, and awaited, between the creation of an upload and its first part: the moment to remember it. */
  readonly onUpload?: ((token: MultipartToken) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  /** For the waits between attempts to abort a failed upload. */
  readonly clock?: Clock | undefined
}

/** Lets one upload outlive its process: `resumable()` of `sluice/s3/resumable` makes it, and the sinks do. */
export interface Resumption {
  /** The upload to go on with, and how it was cut; `undefined` for a new one. */
  readonly token: (MultipartToken & PartPlanOptions) | undefined
  /** The parts that have arrived and are not read again, from 1 without holes: what is written begins behind them. */
  readonly arrived: readonly Part[]
  /** An upload was opened, or is gone on with. */
  open(upload: MultipartUpload, partBytes: number, signal: AbortSignal): Promise<void>
  /** Sends a part, unless it has arrived before. */
  putPart(
    upload: MultipartUpload,
    partNumber: number,
    body: Bytes | Blob,
    signal: AbortSignal,
  ): Promise<Part>
  /** Throws when the source has ended before what has arrived. */
  checkEnd(upload: MultipartUpload): void
  /** Whether the upload is to stay open after this failure. */
  survives(failure: SluiceError): boolean
}

/** An upload whose parts have all arrived: what completes it, also from another process. */
export interface SentParts {
  readonly token: MultipartToken
  readonly parts: readonly Part[]
}

type FailureCode = 'aborted' | 'protocol'

/** One object on its way to a store, whole or in parts. Says nothing of where the parts come from. */
export class ObjectUpload {
  readonly key: string
  readonly plan: PartPlan
  readonly concurrency: number
  readonly sizeBytes: number | undefined
  /** `undefined` where objects go in one piece. */
  readonly limits: MultipartLimits | undefined
  /** Fires when it has failed. */
  readonly signal: AbortSignal
  readonly resumption: Resumption | undefined
  readonly #target: UploadTarget
  readonly #options: UploadOptions
  readonly #controller = new AbortController()
  #upload: MultipartUpload | undefined
  #opening: Promise<void> | undefined
  readonly #parts: Part[] = []
  readonly #inFlight = new Set<Promise<void>>()
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
    this.resumption = resumption
    this.#target = target
    this.#options = options
    this.limits = target.capabilities.multipart || undefined
    this.signal = anySignal(this.#controller.signal, signal)
  }

  /** Whether it goes in parts. */
  get begun(): boolean {
    return this.#upload !== undefined
  }

  async putWhole(body: Bytes | Blob): Promise<PutResult> {
    throwIfAborted(this.signal)
    const { ifNoneMatch, ifMatch } = this.#options
    const headers = headersOf(this.#options)
    const options = { ...headers, ifNoneMatch, ifMatch, signal: this.signal }
    return this.#target.put(this.key, body, options)
  }

  /** Opens the upload, or goes on with the one of a token. */
  async begin(): Promise<void> {
    throwIfAborted(this.signal)
    const { onUpload } = this.#options
    const { capabilities, createMultipart, resumeMultipart } = this.#target
    if (this.#hasCondition() && !capabilities.conditionalComplete) {
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
      const { token } = this.resumption ?? {}
      const open = async (): Promise<void> => {
        const upload = token
          ? resumeMultipart?.call(this.#target, token)
          : await createMultipart?.call(this.#target, this.key, options)
        this.#upload = upload as MultipartUpload
      }
      this.#opening = open()
      await this.#opening
      throwIfAborted(this.signal)
      const upload = this.#upload as unknown as MultipartUpload
      if (!token) await onUpload?.(upload.toJSON())
      await this.resumption?.open(upload, this.plan.partBytes, this.signal)
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
    throwIfAborted(this.signal)
    const { signal } = this
    const upload = this.#upload as MultipartUpload
    const sent = this.resumption
      ? this.resumption.putPart(upload, partNumber, body, signal)
      : upload.putPart(partNumber, body, { signal })
    const sending = sent
      .then((part) => void this.#parts.push(part))
      .catch((error: unknown) => void this.fail(error, 'protocol'))
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

  /** Waits for the parts, and gives what makes them the object, now or later. */
  async sent(): Promise<SentParts> {
    await Promise.all(this.#inFlight)
    throwIfAborted(this.signal)
    const upload = this.#upload as MultipartUpload
    this.resumption?.checkEnd(upload)
    const parts = [...(this.resumption?.arrived ?? []), ...this.#parts]
    parts.sort((a, b) => a.partNumber - b.partNumber)
    return { token: upload.toJSON(), parts }
  }

  /** Waits for the parts, and makes them the object. */
  async complete(): Promise<PutResult> {
    const { parts } = await this.sent()
    const upload = this.#upload as MultipartUpload
    const { ifNoneMatch, ifMatch } = this.#options
    const result = await upload.complete(parts, { ifNoneMatch, ifMatch, signal: this.signal })
    // There is nothing to be discarded any more.
    this.#upload = undefined
    return result
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

  /**
   * The first failure is the one that everybody hears of. It stops the parts in flight. What is not ours is `code`: `aborted` when it came from whoever
   * gives the bytes, and `protocol` when it is a store's or an encoder's.
   */
  fail(reason: unknown, code: FailureCode = 'aborted'): SluiceError {
    const { key } = this
    const message = `Writing "${key}" was ended by an error`
    this.#controller.abort(asSluiceError(reason, code, message, { key }))
    return abortError(this.signal)
  }

  /** Fails, leaves nothing behind unless it can be gone on with, and gives what to throw: what failed, and what stays open. `code` as of `fail`. */
  async end(error: unknown, code?: FailureCode): Promise<unknown> {
    const failure = this.fail(error, code)
    if (this.#upload && this.resumption?.survives(failure)) {
      await Promise.all(this.#inFlight)
      // What the store says is not there does not stay open.
      if (failure.code === 'not-found') return failure
      return withOpenUpload(
        failure,
        'its upload can be resumed and stays open',
        this.#upload.uploadId,
      )
    }
    try {
      await this.discard()
      return nothingOpen(failure)
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
    // An upload that is being opened by a store that minds no signal would stay open else.
    await Promise.allSettled([this.#opening, ...this.#inFlight])
    const upload = this.#upload
    if (!upload) return
    try {
      // Without the caller's signal: it may be the very reason for aborting.
      await retry(() => upload.abort(), { clock: this.#options.clock })
    } catch {
      throw new SluiceError(
        'unavailable',
        `The upload of "${this.key}" failed and could not be aborted; it stays open as ${upload.uploadId}`,
        { key: this.key, uploadId: upload.uploadId, cause: abortError(this.signal) },
      )
    }
  }

  #hasCondition(): boolean {
    return this.#options.ifNoneMatch !== undefined || this.#options.ifMatch !== undefined
  }
}

export function sizeOfParts(parts: readonly Part[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function headersOf(options: ObjectHeaders): ObjectHeaders {
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = options
  return { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
}
