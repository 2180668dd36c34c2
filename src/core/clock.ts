import type { Clock } from '../contracts/index.ts'
import { orAborted, throwIfAborted } from './errors.ts'

/** The longest delay `setTimeout` takes; a larger one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The platform's own time and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    throwIfAborted(signal)
    let timer: ReturnType<typeof setTimeout> | undefined
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(ms, MAX_DELAY_MS))
    })
    await orAborted(passed, signal).finally(() => clearTimeout(timer))
  },
  schedule(atMs, run) {
    let timer: ReturnType<typeof setTimeout> | undefined
    const arm = (): void => {
      const delayMs = atMs - Date.now()
      timer = setTimeout(
        () => (delayMs > MAX_DELAY_MS ? arm() : void run()),
        Math.min(Math.max(delayMs, 0), MAX_DELAY_MS),
      )
      // Node, Deno and Bun keep the process alive for a timer; a rotation that is due in an hour must not.
      ;(timer as { unref?: () => void }).unref?.()
    }
    arm()
    return () => clearTimeout(timer)
  },
}

/** What the work comes to; `undefined` when it takes longer than `ms`. It goes on then, and nobody hears how it ends. */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  clock: Clock = systemClock,
): Promise<T | undefined> {
  const enough = new AbortController()
  try {
    return await Promise.race([work, clock.sleep(ms, enough.signal).then(() => undefined)])
  } finally {
    enough.abort()
  }
}
