/** More often would only make the page draw what nobody can read. */
const PAUSE_MS = 100

/** Calls `run` when the last call was long enough ago. */
export function throttle(run: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - lastAt < PAUSE_MS) return
    lastAt = now
    run()
  }
}
