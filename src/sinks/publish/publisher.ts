import type { Awaitable, CommittedFile, PendingFile } from '../../contracts/index.ts'
import { Changes } from '../../core/changes.ts'
import { asSluiceError, isSluiceError } from '../../core/errors.ts'
import type { SpareBuffers } from '../../core/part-buffers.ts'
import type { Answered } from '../account.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { fileInfo } from '../receipts.ts'
import { ENTRY, InFlight, type Share } from './in-flight.ts'
import { endUploads, meansOf } from './means.ts'
import { isOfRun, Naming } from './naming.ts'
import type { Prepared } from './prepare.ts'
import { publish, storedFile } from './publish.ts'
import { PublishQueue, type Queued, type Stall } from './publish-queue.ts'
import type { PublisherOptions } from './publisher-options.ts'
import { Settling } from './settling.ts'

/**
 * Takes sealed files to the store, in the order in which they were sealed and as many at once as the memory has room for, and commits them
 * to the log: each by itself, or, on a stream with a manifest, all that there are by then in one entry. A failure never gives a file up,
 * and holds up no other, see `PublishQueue`. Only `fenced` is final: somebody else owns the files now.
 */
export class Publisher {
  readonly changes: Changes
  readonly #options: PublisherOptions
  readonly #controller = new AbortController()
  readonly #queue: PublishQueue
  readonly #naming = new Naming()
  readonly #inFlight: InFlight
  readonly #settlings = new Set<Settling>()
  /** Notified when more may be begun. */
  readonly #woken = new Changes()
  #preparing: Promise<Prepared> | undefined
  #prepared: Prepared | undefined
  #running: Promise<void> | undefined
  #again = false
  #cancelRetry = (): void => {}

  constructor(options: PublisherOptions) {
    this.#options = options
    this.changes = options.changes
    this.#queue = new PublishQueue(options.clock)
    this.#inFlight = new InFlight(options.budget)
    const { sealed } = options.session.state
    const recovered = this.#naming.newGroup()
    for (const file of sealed) {
      // Whose flush they were of is not known any more: at most they wait for one another once.
      const upload = file.upload ?? options.uploads.get(file.id)
      const group = /^(flush|close)$/.test(file.reason) ? recovered : undefined
      this.#add({ ...file, upload }, group)
    }
  }

  /** What the queued files weigh in the log. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes
  }

  /** Whether files are, or are to be, brought to the store, for which the memory is. */
  get isWriting(): boolean {
    return this.#queue.isWriting
  }

  /** What the parts of one file leave to the next. */
  get spare(): SpareBuffers {
    return this.#inFlight.spare
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
    this.#add(file, this.#naming.gathering)
  }

  /** What is queued until the answer is called becomes visible together, where there is a manifest. */
  gather(): () => void {
    return this.#naming.gather()
  }

  /** Works until no file is due, and sets a timer for the next one. Never rejects. Cuts no wait short. */
  run(): Promise<void> {
    this.#again = true
    this.#woken.notify()
    this.#running ??= this.#work()
    return this.#running
  }

  /**
   * Resolves when everything queued by now is visible, or waits for `finish`. Waits for no time to pass: tries all of it now, and
   * rejects with the first failure when the rest of it has been tried as well, or the store is held to be at fault.
   */
  async settled(signal?: AbortSignal): Promise<void> {
    const settling = new Settling(this.#queue.items())
    this.#settlings.add(settling)
    try {
      this.#queue.hurry()
      void this.run()
      while (!settling.isDone) {
        if (this.#controller.signal.aborted) throw this.#controller.signal.reason
        const { failed } = settling
        if (failed && (settling.isTried || !this.#running)) throw failed.error
        await this.changes.wait(signal)
      }
    } finally {
      this.#settlings.delete(settling)
    }
  }

  /**
   * Names the run's files, and no earlier ones of it, but where some of its records are of producers' epochs that have visible ones. A
   * run without records is one that was given none, and not one whose sink was only opened, or that was given what was written, and named, before.
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
    if (this.#options.volatile) await endUploads(this.#queue.items(), this.#options)
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
      const first = this.#endIfFenced(error) ? undefined : this.#queue.take()
      if (first) this.#failed([first], error)
    }
    this.#running = undefined
    this.#wakeFor(this.#first(), () => this.run())
    this.changes.notify()
  }

  /** Sets the timer for when it is due. */
  #wakeFor(item: Queued | undefined, wake: () => Awaitable<void>): void {
    this.#cancelRetry()
    if (!item || this.#controller.signal.aborted) return
    this.#cancelRetry = this.#options.clock.schedule(this.#queue.dueAtMs(item), wake)
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
      const woken = this.#woken.wait()
      this.#nameDue()
      this.#beginDue()
      if (this.#inFlight.isEmpty) return
      // What is due waits for room, and is looked at when there may be some.
      const first = this.#first()
      this.#wakeFor(this.#due(first) ? undefined : first, () => this.#woken.notify())
      await woken
    }
  }

  /** Begins what is due as far as there is room, and nothing before its turn: small files would keep a large one waiting for ever. */
  #beginDue(): void {
    const { capabilities } = this.#options.store
    for (let item = this.#due(this.#queue.first); item; item = this.#due(this.#queue.first)) {
      const share = this.#inFlight.shareOf(item.file, capabilities)
      if (!this.#hasRoom(share)) return
      this.#queue.take()
      void this.#begin([item], share, () => this.#write(item, share))
    }
  }

  /** Names what is stored, when all that it waits for has been tried. */
  #nameDue(): void {
    const first = this.#due(this.#naming.first)
    if (!first || !this.#hasRoom(ENTRY)) return
    const next = this.#due(this.#queue.first)
    // What is being named is among these: one entry at a time.
    const before = next ? [...this.#inFlight.items, next] : this.#inFlight.items
    if (before.some((item) => this.#naming.waitsFor(item))) return
    const items = [first, ...this.#naming.all.slice(1)] as const
    void this.#begin(items, ENTRY, () => this.#name(items))
  }

  async #begin(
    items: readonly [Queued, ...Queued[]],
    share: Share,
    run: () => Promise<void>,
  ): Promise<void> {
    const [first] = items
    this.#inFlight.begin(first, share)
    try {
      await run()
    } catch (error) {
      this.#failed(items, error)
    }
    this.#inFlight.end(first)
    this.changes.notify()
    this.#woken.notify()
  }

  /** While the store is held to be at fault, one is enough to see whether it still is. */
  #hasRoom(share: Share): boolean {
    return this.#inFlight.fits(share) && (this.#inFlight.isEmpty || !this.#queue.isStoreAtFault)
  }

  #due(item: Queued | undefined): Queued | undefined {
    return item && !this.#controller.signal.aborted && this.#queue.isDue(item) ? item : undefined
  }

  async #write(item: Queued, { concurrency }: Share): Promise<void> {
    const { session, uploads, encodingOf, budget } = this.#options
    const { createOnly, manifest } = this.#prepared as Prepared
    const { file } = item
    const means = meansOf(item, this.#options, this.#controller.signal)
    // One that is put whole grows with what comes: a spare part would be more than it needs, and is not given back.
    const spare = concurrency > 1 ? this.spare : undefined
    const upload = { ...budget.upload, concurrency, spare }
    const to = { ...means, createOnly, upload, ...encodingOf(file) }
    const stored = file.stored ? storedFile(file) : await publish(file, to)
    const isNamed = manifest && !isDeadLetter(file.lane)
    if (!isNamed) await session.commit([stored])
    else if (!file.stored) await session.store([stored])
    uploads.delete(file.id)
    if (isNamed) {
      this.#queue.stored(item, stored)
      this.#naming.stored(item)
      for (const settling of this.#settlings) settling.stored(item)
    } else this.#succeeded(item, stored)
  }

  /** One entry for all of them. */
  async #name(items: readonly Queued[]): Promise<void> {
    const files = items.map(({ file }) => storedFile(file))
    await this.#prepared?.manifest?.commit({ files })
    await this.#options.session.commit(files)
    for (const item of items) this.#succeeded(item, storedFile(item.file))
  }

  #succeeded(item: Queued, committed: CommittedFile): void {
    const { clock, files, onCommitted, tell } = this.#options
    const { file } = item
    const { reason, rowBytes, openedAtMs } = file
    this.#naming.done(item)
    this.#queue.done(item)
    for (const settling of this.#settlings) settling.done(item)
    const info = fileInfo(committed)
    files.add(info, item.order)
    onCommitted(committed, file)
    const lagMs = Math.max(0, clock.now() - openedAtMs)
    tell({ type: 'committed', file: info, reason, rowBytes, lagMs })
  }

  #failed(items: readonly [Queued, ...Queued[]], error: unknown): void {
    if (this.#controller.signal.aborted || this.#endIfFenced(error)) return
    this.#queue.failed(items, error)
    for (const settling of this.#settlings) settling.fail(items)
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

  /** The one to be tried first. */
  #first(): Queued | undefined {
    const [write, named] = [this.#queue.first, this.#naming.first]
    if (!write || !named) return write ?? named
    return this.#queue.dueAtMs(write) <= this.#queue.dueAtMs(named) ? write : named
  }

  #add(file: PendingFile, group: number | undefined): void {
    this.#naming.added(this.#queue.add(file, group, this.#options.files.nextPlace()))
  }
}
