/**
 * Lets everything else that waits have its turn: timers, answers, a page's clicks. Awaiting a promise alone does not, however long a
 * loop of such awaits goes on. Takes no clock: it is about the event loop, not about time.
 */
export function nextTurn(): Promise<void> {
  // A page in the background would hold a timeout back for a second.
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } }
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0))
}
