/** Runs at most `concurrency` of the given jobs at once, in the order they came. */
export type Limiter = <T>(run: () => Promise<T>) => Promise<T>

export function limiter(concurrency: number): Limiter {
  let running = 0
  const waiting: (() => void)[] = []
  return async (run) => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await run()
    } finally {
      // A waiter takes this place over, so `running` stays as it is.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
