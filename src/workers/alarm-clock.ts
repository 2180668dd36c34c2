import type { Awaitable, Clock } from '../contracts/index.ts'
import { systemClock, within } from '../core/clock.ts'

/** The part of a Durable Object's `ctx.storage` that the clock calls. */
export interface AlarmStorageLike {
  setAlarm(atMs: number): Promise<void>
  deleteAlarm(): Promise<void>
}

/** A clock whose timers wake a Durable Object that was evicted meanwhile. */
export interface AlarmClock extends Clock {
  /**
   * What the object's `alarm()` is to do, all of it: `open` first, then every timer that is due. Never rejects.
   *
   * The next alarm is set before anything else and again at the end, because Cloudflare tries a failed `alarm()` six
   * times and then never again (https://developers.cloudflare.com/durable-objects/api/alarms/). It is the next timer's; a
   * minute from now while there is something left to do and no timer for it; and none when there is nothing left.
   */
  fire(work: {
    /** Makes the object ready: what it opens sets the timers that an earlier life of it had. */
    readonly open: () => Promise<void>
    readonly isDone: () => boolean
  }): Promise<void>
}

const WATCHDOG_MS = 60_000

/** A timer that works longer than this works on beside the next alarms: one alarm runs at a time. */
const LONGEST_MS = 30_000

interface Timer {
  readonly atMs: number
  readonly run: () => Awaitable<void>
}

/**
 * A clock whose timers share the one alarm that a Durable Object has. The functions themselves do not outlive the object's
 * memory: its next life sets them again, in `fire`'s `open`.
 *
 * @param clock Time itself, and sleeping, which a living object does as any other process.
 */
export function alarmClock(storage: AlarmStorageLike, clock: Clock = systemClock): AlarmClock {
  const timers = new Set<Timer>()
  /** The alarm that this life of the object has set. */
  let armedMs: number | undefined

  const arm = (atMs: number): void => {
    armedMs = atMs
    // Storage writes are queued in order, and an answer leaves only when they are done. One that fails resets the
    // object, whose next life arms anew.
    storage.setAlarm(atMs).catch(() => {})
  }
  const nextMs = (): number => Math.min(...[...timers].map(({ atMs }) => atMs))

  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    schedule(atMs, run) {
      const timer: Timer = { atMs, run }
      timers.add(timer)
      if (armedMs === undefined || atMs < armedMs) arm(atMs)
      // The alarm stays: one that finds nothing to do costs less than setting another.
      return () => timers.delete(timer)
    },
    async fire({ open, isDone }) {
      arm(clock.now() + WATCHDOG_MS)
      try {
        await open()
        const due = [...timers].filter(({ atMs }) => atMs <= clock.now())
        for (const timer of due) timers.delete(timer)
        await within(LONGEST_MS, Promise.all(due.map(({ run }) => run())), clock)
      } catch {
        // Whoever failed has told of it where it is heard; here it only must not end the alarms.
        return
      }
      if (timers.size > 0) arm(nextMs())
      else if (isDone()) {
        armedMs = undefined
        // Where that fails the alarm stays, and finds nothing to do.
        await storage.deleteAlarm().catch(() => {})
      }
    },
  }
}
