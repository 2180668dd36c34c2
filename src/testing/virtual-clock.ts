import type { Awaitable, Clock } from '../contracts/index.ts'
import { abortError } from '../core/errors.ts'

/** A clock that stands still until it is moved. */
export interface VirtualClock extends Clock {
  /** How many sleeps and timers are waiting. */
  readonly pending: number
  /**
   * Moves time on by `ms`, stopping at every sleep and timer that falls due on the way, in order (those of one
   * moment as they were set), also at those set meanwhile. What a timer runs is awaited, unless it began a sleep
   * that ends later than this move. What a woken sleeper does is given a turn of the event loop: a test that waits
   * for more awaits that itself.
   */
  advance(ms: number): Promise<void>
  /** `advance` to a moment. One that has passed moves nothing and still runs what is due. */
  advanceTo(atMs: number): Promise<void>
  /**
   * The wall clock jumps, forwards or backwards, as clocks do. Sleeps and timers keep their length, as the platform's do; but a timer
   * that is overdue now runs with the next `advance`, be it `advance(0)`.
   */
  setNow(ms: number): void
}

interface Waiting {
  readonly order: number
  /** Milliseconds until it is due. */
  remaining(): number
  fire(): void
}

/**
 * Time for tests and the simulator. Nothing happens by itself: `sleep(0)` resolves at once, and everything else
 * waits for `advance`, also a timer set for a moment that has passed.
 *
 * @param startMs What `now()` says first; 2026-01-01T00:00:00Z by default.
 */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let nowMs = startMs
  // Apart from `nowMs`, so that a jump of the wall clock shortens no sleep.
  let elapsedMs = 0
  let counter = 0
  const sleeps = new Set<Waiting>()
  const timers = new Set<Waiting>()
  const running = new Map<Promise<void>, number>()
  const failures: unknown[] = []
  let onSleep: () => void = () => {}

  function next(limitMs: number): Waiting | undefined {
    let first: Waiting | undefined
    for (const waiting of [...sleeps, ...timers]) {
      if (waiting.remaining() > limitMs) continue
      const ahead = first === undefined ? -1 : waiting.remaining() - first.remaining()
      if (first === undefined || ahead < 0 || (ahead === 0 && waiting.order < first.order)) {
        first = waiting
      }
    }
    return first
  }

  /** Waits for every running timer that no sleep of its own holds up. */
  async function settle(): Promise<void> {
    await turn()
    for (;;) {
      const newestSleep = Math.max(-1, ...[...sleeps].map((sleep) => sleep.order))
      const free = [...running].filter(([, order]) => order > newestSleep).map(([run]) => run)
      if (free.length === 0) return
      const slept = new Promise<void>((resolve) => {
        onSleep = resolve
      })
      await Promise.race([slept, Promise.all(free)])
      await turn()
    }
  }

  async function start(run: () => Awaitable<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      failures.push(error)
    }
  }

  async function advance(ms: number): Promise<void> {
    let leftMs = Math.max(0, ms)
    await settle()
    for (let due = next(leftMs); due !== undefined; due = next(leftMs)) {
      const stepMs = Math.max(0, due.remaining())
      nowMs += stepMs
      elapsedMs += stepMs
      leftMs -= stepMs
      due.fire()
      await settle()
    }
    nowMs += leftMs
    elapsedMs += leftMs
    // The contract leaves errors to the timer's function. One that escapes it is a bug that a test must see.
    if (failures.length > 0) throw failures.shift()
  }

  return {
    get pending() {
      return sleeps.size + timers.size
    },
    now: () => nowMs,
    setNow(ms) {
      nowMs = ms
    },
    advance,
    advanceTo: (atMs) => advance(atMs - nowMs),
    sleep(ms, signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(abortError(signal))
        if (ms <= 0) return resolve()
        const dueMs = elapsedMs + ms
        const onAbort = (): void => {
          sleeps.delete(waiting)
          if (signal) reject(abortError(signal))
        }
        const waiting: Waiting = {
          order: counter++,
          remaining: () => dueMs - elapsedMs,
          fire() {
            sleeps.delete(waiting)
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        sleeps.add(waiting)
        onSleep()
      })
    },
    schedule(atMs, run) {
      const dueMs = elapsedMs + Math.max(0, atMs - nowMs)
      const waiting: Waiting = {
        order: counter++,
        remaining: () => Math.min(atMs - nowMs, dueMs - elapsedMs),
        fire() {
          timers.delete(waiting)
          const order = counter++
          const result = start(run).finally(() => running.delete(result))
          running.set(result, order)
        },
      }
      timers.add(waiting)
      return () => {
        timers.delete(waiting)
      }
    },
  }
}

/** A real turn of the event loop, in which promises that wait for nothing settle. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}
