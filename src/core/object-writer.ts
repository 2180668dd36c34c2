import type { Chunk, Writer } from '../contracts/index.ts'
import { EMPTY } from './bytes.ts'
import { SluiceError, throwIfAborted } from './errors.ts'
import { ObjectUpload, type UploadOptions, type UploadTarget } from './object-upload.ts'
import { type ObjectWritten, PartsWriter } from './parts-writer.ts'
import { disposeWriter } from './streams.ts'

export interface ObjectWriterOptions extends UploadOptions {
  /** The object's first bytes are only known at the end and given to `close(head)`: part 1 is sent last. Default 0. */
  readonly headBytes?: number | undefined
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
 * Errors: the store's; `too-large` when the store cannot hold so many parts; `not-supported` for a condition that its
 * completions do not take (`completedByHead` makes up for it); `invalid-options` when other many bytes come than `sizeBytes` says.
 */
export function objectWriter(
  target: UploadTarget,
  key: string,
  options: ObjectWriterOptions = {},
): ObjectWriter {
  const upload = new ObjectUpload(target, key, options)
  const { partBytes } = upload.plan
  const { headBytes = 0 } = options
  if (!(headBytes >= 0 && headBytes <= partBytes)) {
    throw invalid(key, `headBytes (${headBytes}) must lie within a part of ${partBytes} bytes`)
  }
  const parts = new PartsWriter(upload, headBytes)
  let closing: Promise<ObjectWritten> | undefined
  let aborting: Promise<void> | undefined

  async function finish(head: Chunk = EMPTY): Promise<ObjectWritten> {
    throwIfAborted(upload.signal)
    if (head.byteLength === headBytes) return parts.close(head)
    const message = `close() got a head of ${head.byteLength} bytes where ${headBytes} were promised`
    throw invalid(key, message)
  }

  const writer: ObjectWriter = {
    async write(chunk) {
      throwIfAborted(upload.signal)
      if (!closing) return parts.write(chunk)
      throw invalid(key, `write() after close() of "${key}"`)
    },
    close(head) {
      closing ??= finish(head).catch(async (error: unknown) => {
        throw await upload.end(error)
      })
      return closing
    },
    async abort(reason) {
      if (closing && !upload.signal.aborted) {
        // Too late to stop: what close() began is completed or failed by itself.
        await closing.catch(() => {})
        return
      }
      upload.fail(reason)
      aborting ??= upload.discard()
      await aborting
    },
    /** Aborts, unless `close()` or `abort()` was called: their caller hears of what becomes of it. */
    async [Symbol.asyncDispose]() {
      if (closing || aborting) await Promise.allSettled([closing, aborting])
      else await disposeWriter(writer)
    },
  }
  return writer
}

function invalid(key: string, message: string): SluiceError {
  return new SluiceError('invalid-options', message, { key })
}
