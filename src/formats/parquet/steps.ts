import type { Awaitable } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'

/** Work that may have to wait: it yields what it waits for. */
export type Steps<T> = Generator<Awaitable<unknown>, T, unknown>

/** Waits within steps. */
export function* waitFor<T>(value: Awaitable<T>): Steps<T> {
  return (yield value) as T
}

/** Remembers what there is. What it returns goes back there, and answers whether it could. */
export type Mark = () => () => boolean

/**
 * Does the work of one encoder, one piece after the other. One that has failed and cannot be gone back behind fails all others with its
 * error: of what it has encoded nobody has been given anything. Behind the last piece there is none: its file has ended.
 */
export class StepRunner {
  #failure: { readonly error: unknown } | undefined
  #hasEnded = false

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  run<T>(steps: Steps<T>, mark?: Mark): Awaitable<T> {
    if (this.#failure) throw this.#failure.error
    if (this.#hasEnded) {
      const message = 'The encoder is closed, and its file has ended: make another one'
      throw new SluiceError('invalid-options', message)
    }
    return runSteps(this.#watched(steps, mark))
  }

  /** The last piece. */
  end<T>(steps: Steps<T>): Awaitable<T> {
    const ending = this.run(steps)
    this.#hasEnded = true
    return ending
  }

  *#watched<T>(steps: Steps<T>, mark: Mark | undefined): Steps<T> {
    const undone = mark?.()
    try {
      return yield* steps
    } catch (error) {
      if (!undone?.()) this.#failure = { error }
      throw error
    }
  }
}

/** At once for as long as nothing is a promise: most of it is not, and need not pay for being so. */
function runSteps<T>(steps: Steps<T>): Awaitable<T> {
  let next = steps.next()
  while (!next.done) {
    const { value } = next
    if (value instanceof Promise) return continueSteps(steps, value)
    next = steps.next(value)
  }
  return next.value
}

async function continueSteps<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let next = await resumed(steps, first)
  while (!next.done) next = await resumed(steps, next.value)
  return next.value
}

/** A rejection is thrown where it is waited for, so that what goes through rows is told that it will not go on. */
async function resumed<T>(
  steps: Steps<T>,
  awaited: Awaitable<unknown>,
): Promise<IteratorResult<Awaitable<unknown>, T>> {
  let value: unknown
  try {
    value = await awaited
  } catch (error) {
    return steps.throw(error)
  }
  return steps.next(value)
}
