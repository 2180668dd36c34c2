import type { SinkEvent } from '../contracts/index.ts'

/** Tells an observer, who can neither stop what happens nor be waited for. */
export function teller(
  onEvent: ((event: SinkEvent) => void) | undefined,
): (event: SinkEvent) => void {
  if (!onEvent) return () => {}
  return (event) => {
    try {
      // An `async` function passes for one that gives nothing, and its failure is its own as well.
      Promise.resolve(onEvent(event) as unknown).catch(() => {})
    } catch {}
  }
}
