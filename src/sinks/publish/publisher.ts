import type {
  Clock,
  CommittedFile,
  FileInfo,
  Format,
  LogSession,
  PendingFile,
  Schema,
  Store,
} from '../../contracts/index.ts'
import { Changes } from '../../core/changes.ts'
import { isSluiceError, type SluiceError } from '../../core/errors.ts'
import { fileInfo } from '../receipts.ts'
import { publish } from './publish.ts'

/** The wait after a first failure; it doubles up to the longest. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 300_000

export interface PublisherOptions {
  readonly store: Store
  readonly session: LogSession<never>
  readonly clock: Clock
  /** How a file's parts are sent: what memory they may take. */
  readonly upload: { readonly partBytes: number; readonly concurrency: number }
  /** How this file is written. */
  readonly encodingOf: (file: PendingFile) => { format: Format<never>; schema: Schema | undefined }
  readonly onCommitted: (file: CommittedFile, was: PendingFile) => void
  /** Called once, when publishing has ended for good. */
  readonly onFenced: (error: SluiceError) => void
}

/** A file that waits for its turn. */
interface Queued {
  file: PendingFile
  failures: number
  /** Not before. */
  retryAtMs: number
  error: unknown
}

/** Nothing can be tried now. */
export interface Stall {
  readonly error: unknown
  readonly retryAtMs: number
  /** Not one file is refused but the store fails, so another file would fare no better. */
  readonly outage: boolean
}

/**
 * Takes sealed files to the store, one after the other so that one encoder's memory is all there is, and commits them to
 * the log. A failure never gives a file up: it is tried again after a wait that grows with its failures, and the others go on
 * meanwhile. When another file fails right after it, the store is held to be at fault, and nothing is tried until that wait is
 * over. Only `fenced` is final: somebody else owns the files now.
 */
export class Publisher {
  readonly changes: Changes = new Changes()
  readonly files: FileInfo[] = []
  readonly #options: PublisherOptions
  readonly #controller = new AbortController()
  readonly #queue = new Set<Queued>()
  #pendingBytes = 0
  #running: Promise<void> | undefined
  #again = false
  /** Since the last success: the file that failed last, how often another one did after it, and until when that stops all. */
  #lastFailed: Queued | undefined
  #outages = 0
  #outageUntilMs = 0
  #cancelRetry = (): void => {}

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** What the queued files weigh. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Why nothing is being tried; `undefined` while something is, or there is nothing to try. */
  get stall(): Stall | undefined {
    if (this.#running) return undefined
    const first = this.#first()
    const nowMs = this.#options.clock.now()
    if (!first || this.#dueAtMs(first) <= nowMs) return undefined
    const outage = this.#outageUntilMs > nowMs
    const error = outage ? this.#lastFailed?.error : first.error
    return { error, retryAtMs: this.#dueAtMs(first), outage }
  }

  enqueue(file: PendingFile): void {
    this.#queue.add({ file, failures: 0, retryAtMs: 0, error: undefined })
    this.#pendingBytes += file.rowBytes
  }

  /** Works until no file is due, and sets a timer for the next one. Never rejects. Cuts no wait short. */
  run(): Promise<void> {
    this.#again = true
    this.#running ??= this.#work()
    return this.#running
  }

  /**
   * Resolves when everything queued by now is visible. Waits for no time to pass: tries all of it now, and rejects with the
   * first failure when the rest of it has been tried as well, or the store is held to be at fault.
   */
  async settled(signal?: AbortSignal): Promise<void> {
    const waiting = new Map([...this.#queue].map((item) => [item, item.failures]))
    for (const item of waiting.keys()) item.retryAtMs = 0
    this.#outageUntilMs = 0
    void this.run()
    for (;;) {
      const left = [...waiting.keys()].filter((item) => this.#queue.has(item))
      if (left.length === 0) return
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason
      const failed = left.filter((item) => item.failures > (waiting.get(item) ?? 0))
      if (failed.length > 0 && (failed.length === left.length || !this.#running)) {
        throw failed[0]?.error
      }
      await this.changes.wait(signal)
    }
  }

  /** Stops what is under way, and everything to come. */
  async stop(reason: unknown): Promise<void> {
    this.#cancelRetry()
    this.#controller.abort(reason)
    await this.#running
    this.changes.notify()
  }

  async #work(): Promise<void> {
    this.#cancelRetry()
    // What was queued while the last pass ended is not left to a timer.
    while (this.#again) {
      this.#again = false
      await this.#pass()
    }
    this.#running = undefined
    const first = this.#first()
    if (first && !this.#controller.signal.aborted) {
      this.#cancelRetry = this.#options.clock.schedule(this.#dueAtMs(first), () => this.run())
    }
    this.changes.notify()
  }

  async #pass(): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      const item = this.#first()
      if (!item || this.#controller.signal.aborted || this.#dueAtMs(item) > clock.now()) return
      try {
        this.#succeeded(item, await this.#publishOne(item))
      } catch (error) {
        this.#failed(item, error)
      }
      this.changes.notify()
    }
  }

  async #publishOne(item: Queued): Promise<CommittedFile> {
    const { store, session, clock, upload, encodingOf } = this.#options
    const { signal } = this.#controller
    const committed = await publish(item.file, {
      store,
      session,
      clock,
      signal,
      ...upload,
      onUpload: (open) => {
        item.file = { ...item.file, upload: open }
      },
      ...encodingOf(item.file),
    })
    await session.commit([committed])
    return committed
  }

  #succeeded(item: Queued, committed: CommittedFile): void {
    this.#queue.delete(item)
    this.#pendingBytes -= item.file.rowBytes
    if (this.#outages > 0) for (const other of this.#queue) other.retryAtMs = 0
    this.#lastFailed = undefined
    this.#outages = 0
    this.#outageUntilMs = 0
    this.files.push(fileInfo(committed))
    this.#options.onCommitted(committed, item.file)
  }

  #failed(item: Queued, error: unknown): void {
    const { clock, onFenced } = this.#options
    item.error = error
    item.failures++
    item.retryAtMs = clock.now() + waitMs(item.failures)
    if (this.#controller.signal.aborted) return
    if (isSluiceError(error, 'fenced')) {
      this.#controller.abort(error)
      onFenced(error)
      return
    }
    if (this.#lastFailed && (this.#lastFailed !== item || this.#outages > 0)) {
      this.#outages++
      this.#outageUntilMs = clock.now() + waitMs(this.#outages)
    }
    this.#lastFailed = item
  }

  /** The one to be tried first; of equals, the one that was queued first. */
  #first(): Queued | undefined {
    let first: Queued | undefined
    for (const item of this.#queue) {
      if (item.retryAtMs === 0) return item
      if (!first || item.retryAtMs < first.retryAtMs) first = item
    }
    return first
  }

  #dueAtMs(item: Queued): number {
    return Math.max(item.retryAtMs, this.#outageUntilMs)
  }
}

function waitMs(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1))
}
