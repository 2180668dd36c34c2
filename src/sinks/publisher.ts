import type {
  Clock,
  CommittedFile,
  FileInfo,
  Format,
  LogSession,
  PendingFile,
  Schema,
  Store,
} from '../contracts/index.ts'
import { Changes } from '../core/changes.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { publish } from './publish.ts'
import { fileInfo } from './receipts.ts'

/** The wait after a first failure; it doubles up to the longest. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 300_000

export interface PublisherOptions {
  readonly store: Store
  readonly session: LogSession<never>
  readonly clock: Clock
  /** How this file is written. */
  readonly encodingOf: (file: PendingFile) => { format: Format<never>; schema: Schema | undefined }
  readonly onCommitted: (file: CommittedFile, rowBytes: number) => void
  /** Called once, when publishing has ended for good. */
  readonly onFenced: (error: SluiceError) => void
}

/**
 * Takes sealed files to the store, one after the other so that one encoder's memory is all there is, and commits them to
 * the log. A failure never gives a file up: it goes to the end of the queue and all is tried again after a growing wait,
 * or when somebody asks. Only `fenced` is final: somebody else owns the files now.
 */
export class Publisher {
  readonly changes: Changes = new Changes()
  readonly files: FileInfo[] = []
  readonly #options: PublisherOptions
  readonly #controller = new AbortController()
  #queue: { readonly file: PendingFile; readonly rowBytes: number }[] = []
  #pendingBytes = 0
  #running: Promise<void> | undefined
  #failure: { readonly error: unknown; readonly retryAtMs: number } | undefined
  #failures = 0
  #failuresInARow = 0
  #cancelRetry = (): void => {}

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** What the queued files weigh, as far as this process knows. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** The last attempt failed, and nothing is being tried now. */
  get failure(): { readonly error: unknown; readonly retryAtMs: number } | undefined {
    return this.#running ? undefined : this.#failure
  }

  enqueue(file: PendingFile, rowBytes: number): void {
    this.#queue.push({ file, rowBytes })
    this.#pendingBytes += rowBytes
  }

  /** Works until the queue is empty or a file fails. Never rejects: what failed is in `failure` and is tried again. */
  run(): Promise<void> {
    if (this.#controller.signal.aborted) return Promise.resolve()
    this.#cancelRetry()
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined
      this.changes.notify()
    })
    return this.#running
  }

  /** Resolves when everything queued by now is visible; rejects with the first failure after the call. */
  async settled(signal?: AbortSignal): Promise<void> {
    const waiting = new Set(this.#queue.map(({ file }) => file.id))
    const failures = this.#failures
    void this.run()
    for (;;) {
      if (!this.#queue.some(({ file }) => waiting.has(file.id))) return
      if (this.#failures > failures && this.#failure) throw this.#failure.error
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason
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

  async #drain(): Promise<void> {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (this.#controller.signal.aborted) return
      try {
        const committed = await this.#publishOne(next.file)
        this.#queue = this.#queue.filter((item) => item !== next)
        this.#pendingBytes -= next.rowBytes
        this.#failure = undefined
        this.#failuresInARow = 0
        this.files.push(fileInfo(committed))
        this.#options.onCommitted(committed, next.rowBytes)
        this.changes.notify()
      } catch (error) {
        this.#failed(error)
        return
      }
    }
  }

  async #publishOne(file: PendingFile): Promise<CommittedFile> {
    const { store, session, encodingOf } = this.#options
    const { signal } = this.#controller
    const committed = await publish(file, { store, session, signal, ...encodingOf(file) })
    await session.commit([committed])
    return committed
  }

  #failed(error: unknown): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failuresInARow)
    const retryAtMs = this.#options.clock.now() + waitMs
    this.#failure = { error, retryAtMs }
    this.#failures++
    this.#failuresInARow++
    if (this.#controller.signal.aborted) return
    if (isSluiceError(error, 'fenced')) {
      this.#controller.abort(error)
      this.#options.onFenced(error)
      return
    }
    const [first, ...rest] = this.#queue
    if (first) this.#queue = [...rest, first]
    this.#cancelRetry = this.#options.clock.schedule(retryAtMs, () => this.run())
  }
}

/** What a caller hears who would have to wait for a store that fails. */
export function storeFails(publisher: Publisher, clock: Clock): SluiceError | undefined {
  const { failure } = publisher
  return (
    failure &&
    new SluiceError(
      'slow-down',
      'The store fails and the log is full; nothing of this was kept, send it again later',
      {
        cause: failure.error,
        retryAfterMs: Math.max(0, failure.retryAtMs - clock.now()),
      },
    )
  )
}
