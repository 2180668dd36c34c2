import type {
  Appended,
  BegunFiles,
  CommittedFile,
  LanePosition,
  LaneRange,
  LogBatch,
  LogSession,
  LogState,
  Rows,
  Sealed,
  SealedFile,
  StoredFile,
  UploadProgress,
} from '../contracts/index.ts'
import { isSluiceError, type SluiceError } from '../core/errors.ts'

/**
 * A session that may break: a log whose disk has failed takes nothing more before it is opened again. After an `unavailable` the session is
 * asked whether it still owns its log. If it cannot say so, it is broken, and each call, those under way too, hears `unavailable`: what
 * the log says of it later is about its successor, which this sink opens itself.
 */
export class BreakableSession<R> implements LogSession<R> {
  readonly state: LogState
  /** Resolves when the session has broken, to what it said. */
  readonly broken: Promise<SluiceError>
  readonly #inner: LogSession<R>
  #break: (error: SluiceError) => void = () => {}
  #reason: SluiceError | undefined

  constructor(inner: LogSession<R>) {
    this.#inner = inner
    this.state = inner.state
    this.broken = new Promise((resolve) => {
      this.#break = resolve
    })
  }

  throwIfBroken(): void {
    if (this.#reason) throw this.#reason
  }

  append(batch: LogBatch<R>): Promise<Appended> {
    return this.#call(() => this.#inner.append(batch))
  }

  async *read(file: SealedFile): AsyncGenerator<Rows<R>, void, undefined> {
    const rows = this.#inner.read(file)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await this.#call(() => rows.next())
        if (done) return
        yield value
      }
    } finally {
      await rows.return?.()
    }
  }

  seal(file: SealedFile): Promise<Sealed> {
    return this.#call(() => this.#inner.seal(file))
  }

  progress(fileId: string, upload: UploadProgress | undefined): Promise<void> {
    return this.#call(() => this.#inner.progress(fileId, upload))
  }

  store(files: readonly StoredFile[]): Promise<void> {
    return this.#call(() => this.#inner.store(files))
  }

  commit(files: readonly CommittedFile[]): Promise<void> {
    return this.#call(() => this.#inner.commit(files))
  }

  committed(range: LaneRange): Promise<readonly CommittedFile[]> {
    return this.#call(() => this.#inner.committed(range))
  }

  get begun(): BegunFiles<R> | undefined {
    const { begun } = this.#inner
    return (
      begun && {
        read: (range) => begun.read(range),
        keep: (lane, file) => this.#call(() => begun.keep(lane, file)),
        giveUp: (fileId) => this.#call(() => begun.giveUp(fileId)),
      }
    )
  }

  positions(): AsyncIterable<LanePosition> {
    return this.#inner.positions()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #call<T>(run: () => Promise<T>): Promise<T> {
    this.throwIfBroken()
    try {
      return await run()
    } catch (error) {
      this.throwIfBroken()
      if (isSluiceError(error, 'unavailable')) await this.#ask(error)
      throw error
    }
  }

  /** Throws `fenced` when another owner has the log: then it is not this sink's to open. */
  async #ask(reason: SluiceError): Promise<void> {
    try {
      await this.#inner.commit([])
    } catch (error) {
      this.throwIfBroken()
      if (isSluiceError(error, 'fenced')) throw error
      this.#reason = reason
      this.#break(reason)
    }
  }
}
