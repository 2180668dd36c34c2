import type { Bytes, Source } from '../contracts/index.ts'
import { utf8 } from './bytes.ts'
import { orAborted, SluiceError } from './errors.ts'
import { isWellFormed } from './keys.ts'
import {
  ObjectUpload,
  type Resumption,
  type UploadOptions,
  type UploadTarget,
} from './object-upload.ts'
import { partPlan } from './part-plan.ts'
import { type ObjectWritten, PartsWriter } from './parts-writer.ts'
import { iterate, type Reading } from './reading.ts'

/** What can be put: bytes that are there, or a source of chunks of bytes, which is read once and let go. */
export type PutBody = Bytes | Blob | string | Source<Uint8Array>

export interface PutBodyOptions extends UploadOptions {
  /** What `resumable()` of `sluice/s3/resumable` gives: the upload outlives a failure, and can be gone on with. */
  readonly resumable?: Resumable | undefined
}

/** Asked once for each object, whose size may be known. */
export type Resumable = (key: string, sizeBytes: number | undefined) => Resumption | undefined

/** One object from any body; `put` in `sluice/s3` says what it guarantees. */
export async function putBody(
  target: UploadTarget,
  key: string,
  body: PutBody,
  options: PutBodyOptions = {},
): Promise<ObjectWritten> {
  if (typeof body === 'string' && !isWellFormed(body)) {
    throw new SluiceError('invalid-options', `"${key}": the text has a lone surrogate`, { key })
  }
  const known = typeof body === 'string' ? utf8(body) : body
  if (known instanceof Uint8Array || known instanceof Blob) {
    return putKnown(target, key, known, options)
  }
  const reading = readingOf(key, known)
  try {
    return await putSource(uploadOf(target, key, options), reading)
  } catch (error) {
    // Of the options, or let go already.
    await reading.cancel(error).catch(() => {})
    throw error
  }
}

function uploadOf(target: UploadTarget, key: string, options: PutBodyOptions): ObjectUpload {
  const resumption = options.resumable?.(key, options.sizeBytes)
  // As it was begun: with another size the parts would be others.
  const begun = resumption?.token ?? options
  const plan = partPlan(key, target.capabilities, begun)
  const sizeBytes = options.sizeBytes ?? begun.sizeBytes
  return new ObjectUpload(target, key, { ...options, sizeBytes }, plan, resumption)
}

function readingOf(key: string, source: Source<Uint8Array>): Reading<Uint8Array> {
  try {
    return iterate(source)
  } catch (cause) {
    const message = `The body of "${key}" is neither bytes, a Blob, text nor a source that can be read`
    throw new SluiceError('invalid-options', message, { key, cause })
  }
}

/** Nothing is copied: parts are views of the bytes, or slices of the Blob that are read when they are sent. */
async function putKnown(
  target: UploadTarget,
  key: string,
  body: Bytes | Blob,
  options: PutBodyOptions,
): Promise<ObjectWritten> {
  const bytes = body instanceof Blob ? body.size : body.byteLength
  const upload = uploadOf(target, key, { ...options, sizeBytes: options.sizeBytes ?? bytes })
  const { plan, limits, resumption } = upload
  try {
    upload.checkSize(bytes, true)
    let etag: string
    if (!resumption?.token && (!limits || bytes <= plan.partBytes)) {
      etag = (await upload.putWhole(body)).etag
    } else {
      await upload.begin()
      let at = 0
      for (let number = 1; number === 1 || at < bytes; number++) {
        const end = Math.min(at + plan.sizeOf(number), bytes)
        await upload.send(
          number,
          body instanceof Blob ? body.slice(at, end) : body.subarray(at, end),
        )
        at = end
      }
      etag = (await upload.complete()).etag
    }
    return { key, etag, bytes, peakBytes: 0 }
  } catch (error) {
    throw await upload.end(error)
  }
}

async function putSource(
  upload: ObjectUpload,
  reading: Reading<Uint8Array>,
): Promise<ObjectWritten> {
  const { key, signal } = upload
  const writer = new PartsWriter(upload)
  let waiting = false
  try {
    if (upload.resumption?.token) await upload.begin()
    for (;;) {
      waiting = true
      const { done, value } = await orAborted(reading.next(), signal)
      waiting = false
      if (done) return await writer.close()
      if (!(value instanceof Uint8Array)) {
        const message = `The source of "${key}" gives what is no Uint8Array`
        throw new SluiceError('invalid-options', message, { key })
      }
      await writer.write(value)
    }
  } catch (error) {
    const failure = upload.fail(error)
    const cancelled = reading.cancel(failure).catch(() => {})
    const ended = await upload.end(failure)
    // An async generator is let go when it has answered, which may be never.
    if (!waiting) await cancelled
    throw ended
  }
}
