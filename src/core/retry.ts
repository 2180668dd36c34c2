import type { Clock } from '../contracts/index.ts'
import { systemClock } from './clock.ts'
import { isSluiceError, throwIfAborted } from './errors.ts'

export interface RetryOptions {
  /** How often at most, the first one included. Default 4. */
  readonly attempts?: number | undefined
  /** The longest wait before the second attempt; it doubles from there. Default 100 ms. */
  readonly baseMs?: number | undefined
  /** The longest wait at all. Default 20 s. A server's `retryAfterMs` may pass it, the budget may not. */
  readonly capMs?: number | undefined
  /** No attempt begins when more than this has passed since the first one began. Default 3 min. */
  readonly budgetMs?: number | undefined
  readonly clock?: Clock | undefined
  /** In `[0, 1)`. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Ends the waiting; `attempt` gets it from its caller. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls `attempt` until it resolves, rejects with an error that is not `retryable`, or the attempts or the time
 * budget are used up; then rejects with the last error. Waits a random time between nothing and a ceiling that
 * doubles ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and never less
 * than the server asked for.
 */
export async function retry<T>(
  attempt: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { attempts = 4, baseMs = 100, capMs = 20_000, budgetMs = 180_000 } = options
  const { clock = systemClock, random = Math.random, signal } = options
  const beganMs = clock.now()
  for (let n = 1; ; n++) {
    throwIfAborted(signal)
    try {
      return await attempt(n)
    } catch (error) {
      if (!isSluiceError(error) || !error.retryable || n >= attempts) throw error
      const ceilingMs = Math.min(capMs, baseMs * 2 ** (n - 1))
      const waitMs = Math.max(error.retryAfterMs ?? 0, random() * ceilingMs)
      if (clock.now() + waitMs - beganMs > budgetMs) throw error
      await clock.sleep(waitMs, signal)
    }
  }
}
