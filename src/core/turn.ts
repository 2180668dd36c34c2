interface Turns {
  readonly scheduler?: { yield?: () => Promise<void> }
  readonly setImmediate?: (run: () => void) => unknown
}

/**
 * Lets everything else that waits have its turn: timers, answers, a page's clicks. Awaiting a promise alone does not, however long a
 * loop of such awaits goes on. Takes no clock: it is about the event loop, not about time.
 */
export function nextTurn(): Promise<void> {
  // A page in the background would hold a timeout back for a second, and Node holds each back for a millisecond.
  const { scheduler, setImmediate = (run) => setTimeout(run, 0) }: Turns = globalThis
  return scheduler?.yield?.() ?? new Promise((resolve) => setImmediate(resolve))
}
