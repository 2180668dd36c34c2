import { abortError, anySignal, orAborted, SluiceError } from '../../core/errors.ts'
import type { UploadTarget } from '../../core/object-upload.ts'
import {
  type ObjectWriter,
  type ObjectWriterOptions,
  objectWriter,
} from '../../core/object-writer.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { ObjectWritten } from '../../core/parts-writer.ts'
import { disposeWriter } from '../../core/streams.ts'
import { FILE_TYPES } from '../../formats/file-types.ts'
import { MSGLC_OPTIONS, type MsglcOptions, packingOptions } from '../../formats/msglc/options.ts'
import { Packing } from '../../formats/msglc/packing.ts'
import { listOf, mapOf } from '../../formats/msglc/sources.ts'
import { Unread } from '../../formats/msglc/unread.ts'

/** The size is known at the end, and the head is the format's. */
type UploadOptions = Omit<ObjectWriterOptions, 'headBytes' | 'sizeBytes' | 'clock'>

export interface LazyWriterOptions extends MsglcOptions, UploadOptions {}

const OPTIONS: OptionNames<LazyWriterOptions> = {
  ...MSGLC_OPTIONS,
  contentType: true,
  cacheControl: true,
  contentDisposition: true,
  contentEncoding: true,
  metadata: true,
  ifNoneMatch: true,
  ifMatch: true,
  partBytes: true,
  concurrency: true,
  onUpload: true,
  signal: true,
}

export interface LazyWriter extends AsyncDisposable {
  /** Takes the one value that a file has: `invalid-options` for a second one. Resolves when it is encoded, and most of it sent. */
  write(value: unknown): Promise<void>
  /** The object is there when this has resolved. `invalid-options` when nothing was written. */
  close(): Promise<ObjectWritten>
  /**
   * Before `close()` nothing becomes visible, and sources that are being read are let go. Once that has begun, the object may be there all the
   * same: what became of it is what `close()` says.
   */
  abort(reason?: unknown): Promise<void>
}

/**
 * Writes a value as a msglc file, without a file of its own on the way: the header says how long the payload is, and lies in the
 * first part, which is sent last.
 *
 * Values are what JSON has, and `bigint`s, bytes, `Map`s, `Set`s (as sorted lists), typed arrays (as lists) and dates (as text). An iterable,
 * an async iterable or a stream is a list that is written as it comes, if it is the outermost value or `listOf` gives its length, as `mapOf`
 * that of a map; else it is held, encoded, until it has been counted. What a `lazyReader` opened or visited is written again as what it is, a
 * window at a time; it must be the outermost value.
 *
 * Guaranteed: whole or absent. What fails, here or in a source, leaves the key as it was, and the object that is there is never read. At
 * most `(concurrency + 1) * partBytes` are held, and `maxTocBytes` of the table of contents and what is being counted, apart from the value's own
 * texts and bytes.
 *
 * ```ts
 * await using writer = lazyWriter(store, 'example')
 * await writer.write({ hello: 'world' })
 * await writer.close()
 * ```
 *
 * Errors: `invalid-record`, with the place as a JSON Pointer, for what has no form in the encoding and for other many items than were
 * announced; `too-large` beyond `maxTocBytes`, and for more parts than the store takes; `invalid-options`; what a source throws; the store's.
 */
export function lazyWriter(
  store: UploadTarget,
  key: string,
  options: LazyWriterOptions = {},
): LazyWriter {
  checkOptionNames('lazyWriter', options, OPTIONS)
  const { codec, smallBytes, trivialBytes, maxTocBytes, magic, ...upload } = options
  const packed = packingOptions({ codec, smallBytes, trivialBytes, maxTocBytes, magic })
  const stop = new AbortController()
  const signal = anySignal(stop.signal, upload.signal)
  let begun: { packing: Packing; writer: ObjectWriter } | undefined
  let writing: Promise<void> | undefined
  let closing: Promise<ObjectWritten> | undefined
  let failure: { readonly reason: unknown } | undefined

  async function run(value: unknown): Promise<void> {
    try {
      const open = value instanceof Unread ? await orAborted(readAgain(value), signal) : value
      const packing = new Packing(packed, { value: open })
      const object = {
        headBytes: packing.headBytes,
        contentType: FILE_TYPES.msglc.contentType,
        ...upload,
        signal,
      }
      const writer = objectWriter(store, key, object)
      begun = { packing, writer }
      for (;;) {
        const state = packing.advance()
        if (state === 'done') break
        if (state === 'full') await writer.write(packing.take())
        else await orAborted(state as Promise<void>, signal)
      }
      await writer.write(packing.take())
    } catch (reason) {
      await fail(reason)
      throw reason
    }
  }

  /** The first failure counts. The source is let go without waiting for it: it may be the one that hangs. */
  async function fail(reason: unknown): Promise<void> {
    failure ??= { reason }
    void begun?.packing.cancel(reason)
    await begun?.writer.abort(reason)
  }

  async function finish(): Promise<ObjectWritten> {
    await writing
    if (failure) throw failure.reason
    if (!begun) throw invalid(key, 'was closed, and nothing was written to it')
    const { toc, head } = begun.packing.finish()
    for (const chunk of toc) await begun.writer.write(chunk)
    return begun.writer.close(head)
  }

  const lazy: LazyWriter = {
    async write(value) {
      if (failure) throw failure.reason
      if (writing || closing) throw invalid(key, 'takes one value, and has it')
      writing = run(value)
      await writing
    },
    close() {
      closing ??= finish()
      return closing
    },
    async abort(reason) {
      if (!closing) {
        stop.abort(reason ?? new SluiceError('aborted', `Writing "${key}" was ended`, { key }))
        await fail(abortError(stop.signal))
        await writing?.catch(() => {})
        return
      }
      await begun?.writer.abort(reason)
    },
    async [Symbol.asyncDispose]() {
      if (closing || failure) await Promise.allSettled([closing, writing])
      else await disposeWriter(lazy)
    },
  }
  return lazy
}

/** As what it is, and counted: a file says how many there are before the first one. */
async function readAgain(unread: Unread): Promise<unknown> {
  const open = await unread.opened()
  const kind = await open.kind()
  if (kind === 'value') return open.toObject()
  const count = await open.length()
  if (kind === 'list') return listOf(open, count)
  return mapOf(open as AsyncIterable<[unknown, unknown]>, count)
}

function invalid(key: string, why: string): SluiceError {
  return new SluiceError('invalid-options', `"${key}" ${why}`, { key })
}
