import { isOfRun } from './naming.ts'
import type { Queued } from './publish-queue.ts'

/** What somebody waits for, until all of it has been tried. */
export class Settling {
  readonly #left: Set<Queued>
  readonly #failed = new Set<Queued>()
  /** Stored since, and not named: maybe one that has failed is of their group. */
  readonly #stored = new Set<Queued>()

  constructor(items: readonly Queued[]) {
    this.#left = new Set(items.filter((item) => !isOfRun(item)))
  }

  /** Whether there is nothing left to wait for. */
  get isDone(): boolean {
    return this.#left.size === 0
  }

  /** Whether all that is left has failed since, or is stored. */
  get isTried(): boolean {
    return this.#failed.size + this.#stored.size === this.#left.size
  }

  /** The first that has failed, and is not done yet. */
  get failed(): Queued | undefined {
    const [first] = this.#failed
    return first
  }

  /** What waits for the end of its run is waited for no longer. */
  stored(item: Queued): void {
    if (isOfRun(item)) this.done(item)
    else if (this.#left.has(item)) {
      this.#failed.delete(item)
      this.#stored.add(item)
    }
  }

  done(item: Queued): void {
    this.#left.delete(item)
    this.#failed.delete(item)
    this.#stored.delete(item)
  }

  fail(items: readonly Queued[]): void {
    for (const item of items) {
      if (!this.#left.has(item)) continue
      this.#stored.delete(item)
      this.#failed.add(item)
    }
  }
}
