import type { Appended, LogBatch, LogSession } from '../../contracts/index.ts'
import { batchBytes } from './batch.ts'

/**
 * Appends that the log was given and has not answered yet. Many may be under way, so that a log can make them durable at once;
 * what they come to is applied in the order in which they were made.
 */
export class Appends<R> {
  readonly #session: LogSession<R>
  #last: Promise<void> = Promise.resolve()
  #bytes = 0

  constructor(session: LogSession<R>) {
    this.#session = session
  }

  /** What the batches weigh that are under way. */
  get bytes(): number {
    return this.#bytes
  }

  /** Rejects with the log's error; `apply` is not called then. */
  start<T>(batch: LogBatch<R>, apply: (appended: Appended) => T): Promise<T> {
    const bytes = batchBytes(batch)
    this.#bytes += bytes
    const applied = inOrder(this.#last, this.#session.append(batch)).then(apply)
    const done = applied.then(
      () => {},
      () => {},
    )
    this.#last = done.then(() => {
      this.#bytes -= bytes
    })
    return applied
  }

  /** Resolves when all that was started by now has been applied. */
  settled(): Promise<void> {
    return this.#last
  }
}

async function inOrder<T>(before: Promise<void>, answer: Promise<T>): Promise<T> {
  await Promise.allSettled([before, answer])
  return answer
}
