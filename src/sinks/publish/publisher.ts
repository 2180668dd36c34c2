import type { CommittedFile, LaneRange, PendingFile } from '../../contracts/index.ts'
import type { Changes } from '../../core/changes.ts'
import { asSluiceError, isSluiceError } from '../../core/errors.ts'
import { laneId } from '../../core/lane.ts'
import type { Answered } from '../account.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { fileInfo } from '../receipts.ts'
import { isOfRun, nameable } from './nameable.ts'
import type { Prepared } from './prepare.ts'
import type { Publication } from './publication.ts'
import { endUpload, publish, storedFile } from './publish.ts'
import { PublishQueue, type Queued, type Stall } from './publish-queue.ts'
import type { PublisherOptions } from './publisher-options.ts'

/**
 * Takes sealed files to the store, one after the other so that one encoder's memory is all there is, and commits them to the log: each
 * by itself, or, on a stream with a manifest, all that there are by then in one entry. A failure never gives a file up, and holds up
 * no other, see `PublishQueue`. Only `fenced` is final: somebody else owns the files now.
 */
export class Publisher {
  readonly changes: Changes
  readonly #options: PublisherOptions
  readonly #controller = new AbortController()
  readonly #queue: PublishQueue
  #preparing: Promise<Prepared> | undefined
  #prepared: Prepared | undefined
  #running: Promise<void> | undefined
  #again = false
  #cancelRetry = (): void => {}
  #groups = 0
  /** The group that is being gathered. */
  #gathering: number | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
    this.changes = options.changes
    this.#queue = new PublishQueue(options.clock)
    const { sealed } = options.session.state
    const recovered = this.#groups++
    for (const file of sealed) {
      // Whose flush they were of is not known any more: at most they wait for one another once.
      const upload = file.upload ?? options.uploads.get(file.id)
      const group = /^(flush|close)$/.test(file.reason) ? recovered : undefined
      this.#queue.add({ ...file, upload }, group)
    }
  }

  /** What the queued files weigh in the log. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes
  }

  get queued(): PublishQueue['state'] {
    return this.#queue.state
  }

  /** Why nothing is being tried; `undefined` while something is, or there is nothing to try. */
  get stall(): Stall | undefined {
    if (this.#running) return undefined
    const first = this.#first()
    return !first || this.#queue.isDue(first) ? undefined : this.#queue.stall(first)
  }

  enqueue(file: PendingFile): void {
    this.#queue.add(file, this.#gathering)
  }

  /** What is queued until the answer is called becomes visible together, where there is a manifest. */
  gather(): () => void {
    this.#gathering = this.#groups++
    return () => {
      this.#gathering = undefined
    }
  }

  /** Works until no file is due, and sets a timer for the next one. Never rejects. Cuts no wait short. */
  run(): Promise<void> {
    this.#again = true
    this.#running ??= this.#work()
    return this.#running
  }

  /**
   * Resolves when everything queued by now is visible, or waits for `finish`. Waits for no time to pass: tries all of it now, and
   * rejects with the first failure when the rest of it has been tried as well, or the store is held to be at fault.
   */
  async settled(signal?: AbortSignal): Promise<void> {
    const waiting = new Map(this.#queue.items().map((item) => [item, item.failures]))
    this.#queue.hurry()
    void this.run()
    for (;;) {
      const left = [...waiting.keys()].filter((item) => this.#queue.has(item) && !isOfRun(item))
      if (left.length === 0) return
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason
      const failed = left.filter((item) => item.failures > (waiting.get(item) ?? 0))
      if (failed.length > 0 && (failed.length === left.length || !this.#running)) {
        throw failed[0]?.error
      }
      await this.changes.wait(signal)
    }
  }

  /** Whether one of the queued files holds records of the range. */
  holds({ lane, begin, end }: LaneRange): boolean {
    const word = laneId(lane)
    return this.#queue
      .items()
      .some(({ file }) => file.begin < end && file.end > begin && laneId(file.lane) === word)
  }

  /**
   * Names the run's files, and no earlier ones of it, but where some of the answers were of those. A run without records is one that was
   * given none, and not one whose sink was only opened, or that was given what was written, and named, before.
   */
  async finish(answered: Answered): Promise<void> {
    const { run, session } = this.#options
    const items = this.#queue.items().filter(isOfRun)
    if (run === undefined || (answered !== 'new' && items.length === 0)) return
    try {
      const { manifest } = await this.#prepare()
      const files = items.map(({ file }) => storedFile(file))
      await manifest?.commit({ files, run: answered === 'visible' ? undefined : run })
      await session.commit(files)
    } catch (error) {
      this.#endIfFenced(error)
      throw error
    }
    for (const item of items) this.#succeeded(item, storedFile(item.file))
    this.changes.notify()
  }

  /** Stops what is under way, and everything to come. */
  async stop(reason: unknown): Promise<void> {
    this.#cancelRetry()
    this.#controller.abort(reason)
    await this.#running
    if (this.#options.volatile) await this.#endUploads()
    this.changes.notify()
  }

  async #work(): Promise<void> {
    this.#cancelRetry()
    try {
      await this.#prepare()
      // What was queued while the last pass ended is not left to a timer.
      while (this.#again) {
        this.#again = false
        await this.#pass()
      }
    } catch (error) {
      const first = this.#endIfFenced(error) ? undefined : this.#first()
      if (first) this.#failed([first], error)
    }
    this.#running = undefined
    const first = this.#first()
    if (first && !this.#controller.signal.aborted) {
      this.#cancelRetry = this.#options.clock.schedule(this.#queue.dueAtMs(first), () => this.run())
    }
    this.changes.notify()
  }

  async #prepare(): Promise<Prepared> {
    this.#preparing ??= this.#options.prepare(this.#controller.signal)
    try {
      this.#prepared = await this.#preparing
    } catch (error) {
      this.#preparing = undefined
      throw error
    }
    return this.#prepared
  }

  async #pass(): Promise<void> {
    for (;;) {
      const item = this.#first()
      if (!item || this.#controller.signal.aborted || !this.#queue.isDue(item)) return
      // All that can be written is, before any of it is named.
      const batch = this.#isToWrite(item) ? undefined : this.#nameable()
      try {
        await (batch ? this.#name(batch) : this.#write(item))
      } catch (error) {
        this.#failed(batch ?? [item], error)
      }
      this.changes.notify()
    }
  }

  async #write(item: Queued): Promise<void> {
    const { session, uploads, encodingOf } = this.#options
    const { createOnly, manifest } = this.#prepared as Prepared
    const { file } = item
    const stored = file.stored
      ? storedFile(file)
      : await publish(file, { ...this.#publication(item), createOnly, ...encodingOf(file) })
    if (manifest && !isDeadLetter(file.lane)) {
      await session.store([stored])
      uploads.delete(file.id)
      this.#queue.stored(item, stored)
    } else {
      await session.commit([stored])
      uploads.delete(file.id)
      this.#succeeded(item, stored)
    }
  }

  /** One entry for all of them. */
  async #name(items: readonly Queued[]): Promise<void> {
    const files = items.map(({ file }) => storedFile(file))
    await this.#prepared?.manifest?.commit({ files })
    await this.#options.session.commit(files)
    for (const item of items) this.#succeeded(item, storedFile(item.file))
  }

  #publication(item: Queued): Omit<Publication, 'createOnly' | 'format' | 'schema'> {
    const { store, session, clock, upload, uploads, tell } = this.#options
    return {
      store,
      session,
      clock,
      upload,
      signal: this.#controller.signal,
      onUpload: (progress) => {
        item.file = { ...item.file, upload: progress }
        if (progress) uploads.set(item.file.id, progress)
        else uploads.delete(item.file.id)
      },
      onUploadLeft: ({ key, uploadId }) => tell({ type: 'upload-left', key, uploadId }),
    }
  }

  #succeeded(item: Queued, committed: CommittedFile): void {
    const { clock, files, onCommitted, tell } = this.#options
    const { file } = item
    const { reason, rowBytes, openedAtMs } = file
    this.#queue.done(item)
    const info = fileInfo(committed)
    files.add(info)
    onCommitted(committed, file)
    const lagMs = Math.max(0, clock.now() - openedAtMs)
    tell({ type: 'committed', file: info, reason, rowBytes, lagMs })
  }

  #failed(items: readonly [Queued, ...Queued[]], error: unknown): void {
    if (this.#controller.signal.aborted || this.#endIfFenced(error)) return
    this.#queue.failed(items, error)
    const [first] = items
    const { key } = first.file
    this.#options.tell({
      type: 'failed',
      key,
      error: asSluiceError(error, 'protocol', `Publishing "${key}" failed`, { key }),
      attempts: first.failures,
      retryAtMs: this.#queue.dueAtMs(first),
    })
  }

  #endIfFenced(error: unknown): boolean {
    if (!isSluiceError(error, 'fenced')) return false
    this.#controller.abort(error)
    this.#options.onFenced(error)
    return true
  }

  /** Nobody will go on with them: the log is gone when its owner is. */
  async #endUploads(): Promise<void> {
    // The sink's own has fired.
    const { signal } = new AbortController()
    for (const item of this.#queue.items()) {
      const { file } = item
      // Refused where the log's next owner, in this process too, has taken it over.
      if (file.upload) {
        await endUpload(file, file.upload, { ...this.#publication(item), signal }).catch(() => {})
      }
    }
  }

  /** The one to be tried first: what can be written is, before any of it is named. */
  #first(): Queued | undefined {
    const write = this.#queue.first((item) => this.#isToWrite(item))
    const [named] = this.#nameable() ?? []
    if (!write || !named || this.#queue.isDue(write)) return write ?? named
    return this.#queue.dueAtMs(write) < this.#queue.dueAtMs(named) ? write : named
  }

  #isToWrite({ file }: Queued): boolean {
    return !file.stored || (this.#prepared !== undefined && !this.#prepared.manifest)
  }

  /** What the next entry names. */
  #nameable(): [Queued, ...Queued[]] | undefined {
    if (this.#prepared && !this.#prepared.manifest) return undefined
    return nameable(this.#queue.items(), this.#gathering)
  }
}
