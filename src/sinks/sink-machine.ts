import type {
  Ack,
  CallOptions,
  FileInfo,
  LaneRange,
  Progress,
  Receipt,
  SinkResult,
  SinkStatus,
  SinkWriteOptions,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { rangesOf } from '../core/receipt-id.ts'
import { disposeWriter } from '../core/streams.ts'
import { Account } from './account.ts'
import type { FileSink } from './create-sink.ts'
import { checkWriteOptions } from './intake/check-write.ts'
import { WriteQueue } from './intake/write-queue.ts'
import { type OpenSink, type OpenSinkOptions, openSink } from './open-sink.ts'
import type { OpenFile } from './policy/explain.ts'
import { waitMs } from './publish/publish-queue.ts'
import {
  acceptedOf,
  fileInfo,
  filesWithin,
  progressOf,
  receiptOf,
  type Visibility,
} from './receipts.ts'
import { NOTHING_HELD } from './status.ts'

export type SinkMachineOptions<R> = Omit<
  OpenSinkOptions<R>,
  'queue' | 'account' | 'onFenced' | 'throwIfOver' | 'over'
>

/**
 * The life of a sink: it is opened by whoever needs its log first, opened again when the log has broken (a disk that was full), and over
 * when it was closed, aborted or fenced.
 */
export class SinkMachine<R extends object> implements FileSink<R> {
  readonly #options: SinkMachineOptions<R>
  readonly #queue: WriteQueue
  readonly #visibility: Visibility
  readonly #account = new Account()
  #opening: Promise<OpenSink<R>> | undefined
  /** The last one that was opened, broken or not. */
  #opened: OpenSink<R> | undefined
  /** Resolves when what has broken is given back. */
  #released: Promise<void> | undefined
  #failures = 0
  #cancelReopening = (): void => {}
  #closing: Promise<SinkResult> | undefined
  #aborting: Promise<void> | undefined
  #closed = false
  /** Set once the sink is closed, aborted or fenced. */
  #over: SluiceError | undefined
  readonly #ended = new AbortController()

  constructor(options: SinkMachineOptions<R>) {
    this.#options = options
    this.#queue = new WriteQueue(options.budget.waitingBytes)
    this.#visibility = {
      progress: (ranges) => this.#progress(ranges),
      changes: this.#account.changes,
      throwIfOver: () => this.#throwIfOver(),
    }
  }

  async open(): Promise<void> {
    this.#throwIfOver()
    await this.#open()
  }

  async write(rows: Iterable<R>, options: SinkWriteOptions = {}): Promise<Ack> {
    this.#throwIfOver()
    // What came after close() began would be acknowledged and never cut.
    if (this.#closing) throw new SluiceError('invalid-options', 'The sink is being closed')
    if (typeof rows?.[Symbol.iterator] !== 'function') {
      throw new SluiceError('invalid-options', 'write() takes a list of records, or any iterable')
    }
    checkWriteOptions(options)
    try {
      const { ranges, rejected, duplicate } = await this.#append([...rows], options)
      const receipt = receiptOf(ranges, this.#visibility)
      return { accepted: acceptedOf(ranges), rejected, duplicate, receipt }
    } catch (error) {
      if (isSluiceError(error, 'slow-down')) {
        this.#options.tell({ type: 'slow-down', retryAfterMs: error.retryAfterMs })
      }
      // After abort() the log says "fenced", and it was this sink itself.
      throw this.#over ?? error
    }
  }

  async flush(options: CallOptions = {}): Promise<readonly FileInfo[]> {
    this.#throwIfOver()
    throwIfAborted(options.signal)
    return this.#flush('flush', options.signal)
  }

  async explain(): Promise<readonly OpenFile[]> {
    this.#throwIfOver()
    return (await this.#open()).explain()
  }

  status(): SinkStatus {
    return this.#opened?.status() ?? NOTHING_HELD
  }

  close(): Promise<SinkResult> {
    this.#closing ??= this.#close().catch((error: unknown) => {
      // The records are still in the log and the sink still works: a later close() tries again.
      if (!this.#over) this.#closing = undefined
      throw error
    })
    return this.#closing
  }

  abort(reason?: unknown): Promise<void> {
    this.#aborting ??= this.#abort(reason)
    return this.#aborting
  }

  async #abort(reason: unknown): Promise<void> {
    if (this.#over) return
    const over = new SluiceError('aborted', 'The sink was aborted', { cause: reason })
    this.#end(over)
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.release(over)
    await this.#released
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disposeWriter(this)
  }

  receipt(id: string): Receipt {
    if (typeof id !== 'string') {
      throw new SluiceError('invalid-options', 'receipt() takes the id of a receipt, a text')
    }
    return receiptOf(rangesOf(id, this.#options.stream), this.#visibility)
  }

  #open(): Promise<OpenSink<R>> {
    // A log that is opened after abort() would be nobody's to give back.
    if (this.#over && !this.#opening) return Promise.reject(this.#over)
    this.#opening ??= this.#openLog().catch((error: unknown) => {
      this.#opening = undefined
      // One that was never open is its caller's to open.
      if (this.#opened) this.#reopenLater()
      throw error
    })
    return this.#opening
  }

  async #openLog(): Promise<OpenSink<R>> {
    this.#cancelReopening()
    await this.#released
    const opened = await openSink({
      ...this.#options,
      queue: this.#queue,
      account: this.#account,
      onFenced: (error) => this.#fenced(error),
      throwIfOver: () => this.#throwIfOver(),
      over: this.#ended.signal,
    })
    this.#opened = opened
    this.#failures = 0
    void opened.session.broken.then((error) => this.#broke(opened, error))
    return opened
  }

  /** Lets go of a session that takes nothing more, and opens the log again: with what it holds, as a new process would. */
  #broke(opened: OpenSink<R>, error: SluiceError): void {
    if (this.#over) return
    this.#opening = undefined
    this.#released = opened.release(error).catch(() => {})
    this.#open().catch(() => {})
  }

  /** Where no write comes, what the log holds is published all the same. */
  #reopenLater(): void {
    if (this.#over) return
    const { clock } = this.#options
    this.#failures++
    this.#cancelReopening = clock.schedule(clock.now() + waitMs(this.#failures), async () => {
      await this.#open().catch(() => {})
    })
  }

  async #append(rows: readonly R[], options: SinkWriteOptions) {
    const { answered } = await this.#queue.write(rows, options.signal, async () => {
      const opened = await this.#open()
      return opened.append(rows, options)
    })
    return answered
  }

  async #flush(reason: 'flush' | 'close', signal?: AbortSignal): Promise<readonly FileInfo[]> {
    // Its turn is asked for before anything is awaited: what is written after this is not waited for.
    const { published } = await this.#queue.run(async () => {
      const opened = await this.#open()
      const cut = opened.cutAll(reason)
      const published = this.#account.files.during(async () => {
        await cut
        await opened.publisher.settled(signal)
      })
      // Nobody may be left to wait for it when the cut has failed.
      published.catch(() => {})
      await cut
      return { published }
    }, signal)
    return published
  }

  async #close(): Promise<SinkResult> {
    this.#throwIfOver()
    await this.#flush('close')
    const opened = await this.#open()
    const { accepted, rejected, answered, files } = this.#account
    await opened.publisher.finish(answered)
    this.#closed = true
    const over = new SluiceError('invalid-options', 'The sink is closed')
    this.#end(over)
    await opened.release(over)
    return { accepted, rejected, files: files.last, fileCount: files.count }
  }

  async #progress(ranges: readonly LaneRange[]): Promise<Progress> {
    if (!this.#closed) {
      // A sink that was aborted or fenced has no log to ask.
      this.#throwIfOver()
      const { session } = await this.#open()
      return progressOf(ranges, async (range) => (await session.committed(range)).map(fileInfo))
    }
    // A closed sink has given its log back, and knows the last files that it has published itself, but not what became of the rest.
    const { last: files, count } = this.#account.files
    const progress = await progressOf(ranges, async (range) => filesWithin(files, range))
    if (progress.state === 'pending' && count > files.length) throw forgotten(files.length)
    if (progress.state === 'pending') this.#throwIfOver()
    return progress
  }

  #fenced(error: SluiceError): void {
    if (this.#over) return
    this.#end(error)
    // What waits for a file of ours hears of it by this.
    this.#opened?.release(error).catch(() => {})
  }

  #end(over: SluiceError): void {
    this.#over = over
    this.#ended.abort(over)
    this.#cancelReopening()
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over
  }
}

function forgotten(kept: number): SluiceError {
  return new SluiceError(
    'not-found',
    `The sink is closed and knows its last ${kept} files only, which do not hold all of the receipt's records; ask a sink that has its log`,
  )
}
