import type { Clock, ObjectFacts, PendingFile } from '../../contracts/index.ts'
import { Heap } from '../../core/heap.ts'

/** The wait after a first failure; it doubles up to the longest. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 300_000

/** A file that waits for its turn. */
export interface Queued {
  file: PendingFile
  /** Those of one number become visible together. */
  readonly group: number | undefined
  /** Its place among all that were queued. */
  readonly order: number
  /** Whether its object is there, and it waits for being named. */
  isWritten: boolean
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
 * Sealed files in the order in which they are to be tried. One that fails waits for a time that grows with its failures, and the others
 * go on meanwhile. When another one fails right after it, the store is held to be at fault, and none is due until that wait is over.
 */
export class PublishQueue {
  readonly #clock: Clock
  readonly #items = new Set<Queued>()
  /** What is neither written nor being written. */
  readonly #toWrite = new Heap<Queued>(
    (a, b) => a.retryAtMs < b.retryAtMs || (a.retryAtMs === b.retryAtMs && a.order < b.order),
  )
  #pendingBytes = 0
  #unwritten = 0
  /** Since the last success: the file that failed last, how often another one did after it, and until when that stops all. */
  #lastFailed: Queued | undefined
  #outages = 0
  #outageUntilMs = 0
  /** What time it was when it was looked at last. */
  #seenMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the files' rows weigh that are in the log. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Whether there are files whose objects are not there yet. */
  get isWriting(): boolean {
    return this.#unwritten > 0
  }

  /** How many files wait, and since when the oldest of their records does. */
  get state(): { readonly files: number; readonly openedAtMs: number | undefined } {
    let openedAtMs: number | undefined
    for (const { file } of this.#items) {
      openedAtMs = Math.min(file.openedAtMs, openedAtMs ?? file.openedAtMs)
    }
    return { files: this.#items.size, openedAtMs }
  }

  items(): readonly Queued[] {
    return [...this.#items]
  }

  add(file: PendingFile, group: number | undefined, order: number): Queued {
    const tries = { failures: 0, retryAtMs: 0, error: undefined }
    const item = { file, group, order, isWritten: false, ...tries }
    this.#items.add(item)
    this.#toWrite.add(item)
    if (!file.stored) this.#holds(file, 1)
    return item
  }

  /** The one to be written first; of equals, the one that was queued first. */
  get first(): Queued | undefined {
    return this.#toWrite.first
  }

  /** Takes `first`: it comes back when it has failed. */
  take(): Queued | undefined {
    return this.#toWrite.take()
  }

  /** Its object is there, and its rows have left the log: it waits for being named, with the others. */
  stored(item: Queued, { etag, bytes }: ObjectFacts): void {
    const { file } = item
    item.isWritten = true
    // By an earlier process: no success of the store.
    if (file.stored) return
    this.#holds(file, -1)
    const stored = { ...file, upload: undefined, stored: { etag, bytes } }
    Object.assign(item, { file: stored, failures: 0, retryAtMs: 0, error: undefined })
    this.#succeeded()
  }

  done(item: Queued): void {
    this.#items.delete(item)
    if (!item.file.stored) this.#holds(item.file, -1)
    this.#succeeded()
  }

  /** They failed together, by one error. */
  failed([first, ...others]: readonly [Queued, ...Queued[]], error: unknown): void {
    const nowMs = this.#now()
    for (const item of [first, ...others]) {
      item.error = error
      item.failures++
      item.retryAtMs = nowMs + waitMs(item.failures)
      if (!item.isWritten) this.#toWrite.add(item)
    }
    // What had begun before the store was held to be at fault says nothing new.
    const isNews = this.#outageUntilMs <= nowMs
    if (isNews && this.#lastFailed && (this.#lastFailed !== first || this.#outages > 0)) {
      this.#outages++
      this.#outageUntilMs = nowMs + waitMs(this.#outages)
    }
    this.#lastFailed = first
  }

  /** Lets all of it be tried now. */
  hurry(): void {
    this.#retryAll()
    this.#outageUntilMs = 0
  }

  /** Whether the store is held to be at fault: one file is enough to see whether it still is. */
  get isStoreAtFault(): boolean {
    return this.#outages > 0
  }

  dueAtMs({ retryAtMs }: Queued): number {
    return Math.max(retryAtMs, this.#outageUntilMs)
  }

  isDue(item: Queued): boolean {
    const nowMs = this.#now()
    return this.dueAtMs(item) <= nowMs
  }

  /** Why `first` is not due. */
  stall(first: Queued): Stall {
    const nowMs = this.#now()
    const outage = this.#outageUntilMs > nowMs
    const { error } = (outage && this.#lastFailed) || first
    return { error, retryAtMs: this.dueAtMs(first), outage }
  }

  #succeeded(): void {
    // After an outage that was tried once: two files that are refused, and nothing else, make none of such, and keep their waits.
    if (this.#outages > 1) this.#retryAll()
    this.#lastFailed = undefined
    this.#outages = 0
    this.#outageUntilMs = 0
  }

  #holds({ rowBytes, takenBytes = 0 }: PendingFile, files: 1 | -1): void {
    this.#unwritten += files
    this.#pendingBytes += files * (rowBytes - takenBytes)
  }

  /** Waits are taken back with a clock that is set back: else they would be as much longer. */
  #now(): number {
    const nowMs = this.#clock.now()
    const byMs = this.#seenMs - nowMs
    this.#seenMs = nowMs
    if (byMs > 0) {
      for (const item of this.#items) if (item.retryAtMs > 0) item.retryAtMs -= byMs
      this.#outageUntilMs -= byMs
    }
    return nowMs
  }

  #retryAll(): void {
    for (const item of this.#items) item.retryAtMs = 0
    this.#toWrite.sort()
  }
}

/** How long to wait after so many failures in a row. */
export function waitMs(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1))
}
