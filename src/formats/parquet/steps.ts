import type { Awaitable } from '../../contracts/index.ts'

/** Work that may have to wait: it yields what it waits for. */
export type Steps<T> = Generator<Awaitable<unknown>, T, unknown>

/** Waits within steps. */
export function* waitFor<T>(value: Awaitable<T>): Steps<T> {
  return (yield value) as T
}

/** Does the work, at once for as long as nothing is a promise: most of it is not, and need not pay for being so. */
export function runSteps<T>(steps: Steps<T>): Awaitable<T> {
  let next = steps.next()
  while (!next.done) {
    const { value } = next
    if (value instanceof Promise) return continueSteps(steps, value)
    next = steps.next(value)
  }
  return next.value
}

async function continueSteps<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let next = steps.next(await first)
  while (!next.done) next = steps.next(await next.value)
  return next.value
}
