interface Platform {
  readonly scheduler?: { yield?: () => Promise<void> }
  readonly setImmediate?: (run: () => void) => unknown
}

/**
 * Lets everything else that waits have its turn: timers, answers, a page's clicks. Awaiting a promise alone does not, however long a
 * loop of such awaits goes on. Takes no clock: it is about the event loop, not about time.
 */
export function nextTurn(): Promise<void> {
  // A page in the background would hold a timeout back for a second, and Node holds each back for a millisecond.
  const { scheduler, setImmediate = (run) => setTimeout(run, 0) }: Platform = globalThis
  return scheduler?.yield?.() ?? new Promise((resolve) => setImmediate(resolve))
}

/** What all of a turn's work may come to before everything else has one: some milliseconds. */
const TURN_BYTES = 64 * 1024
/** What the smallest piece of work counts as. */
const LEAST_BYTES = 256

/** Gives way now and then to everything else, for what is done in many pieces that wait for nothing: a turn for each would cost more than they do. */
export class Turns {
  #bytes = 0

  /** Resolves at once, or after a turn when there has been enough work since the last. */
  async after(bytes: number): Promise<void> {
    this.#bytes += Math.max(bytes, LEAST_BYTES)
    if (this.#bytes < TURN_BYTES) return
    this.#bytes = 0
    await nextTurn()
  }
}
