import type { Awaitable } from './bytes.ts'

/**
 * Time, as far as Sluice needs it. Tests and the simulator bring a virtual one; a Durable Object brings one whose
 * timers are alarms and so survive its eviction.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May jump backwards: nothing may rely on it for order or identity. */
  now(): number
  /** Resolves after `ms`. Rejects with `aborted` (or `timeout`) as soon as `signal` fires, its reason as the cause. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Calls `run` once, at `atMs` or soon after; at once when `atMs` has passed. A platform counts the time from this call on, so when the
   * clock is set back meanwhile, `now()` is before `atMs` then, by as much. The timer keeps no process alive.
   * `run` handles its own errors. Returns a function that takes the timer back.
   */
  schedule(atMs: number, run: () => Awaitable<void>): () => void
}
