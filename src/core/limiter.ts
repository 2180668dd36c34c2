import { abortError, throwIfAborted } from './errors.ts'

/**
 * Runs at most `concurrency` of the given jobs at once, in the order they came. A job whose signal fires before its turn is
 * not run, and rejects with `aborted`; once it runs, the signal is its own business.
 */
export type Limiter = <T>(run: () => Promise<T>, signal?: AbortSignal) => Promise<T>

export function limiter(concurrency: number): Limiter {
  let running = 0
  const waiting = new Set<() => void>()

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal?.removeEventListener('abort', onAbort)
        waiting.delete(onTurn)
        resolve()
      }
      const onAbort = (): void => {
        waiting.delete(onTurn)
        reject(abortError(signal as AbortSignal))
      }
      waiting.add(onTurn)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  return async (run, signal) => {
    throwIfAborted(signal)
    if (running >= concurrency) await turn(signal)
    else running++
    try {
      return await run()
    } finally {
      // A waiter takes this place over, so `running` stays as it is.
      const [next] = waiting
      if (next) next()
      else running--
    }
  }
}
