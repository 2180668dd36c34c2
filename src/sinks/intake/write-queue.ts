import { SluiceError, type SluiceErrorOptions } from '../../core/errors.ts'
import { type Limiter, limiter } from '../../core/limiter.ts'
import { approximateBytes } from '../../core/sizes.ts'

/** A guess at when some of them will have had their turn. */
const RETRY_AFTER_MS = 1000

/**
 * One change of the lanes at a time, in the order they came. Rows that wait here are counted nowhere else: as many may wait as
 * `maxWaitingBytes` allows, or one write that is larger, and the next write is refused at once.
 */
export class WriteQueue {
  readonly #turn: Limiter = limiter(1)
  readonly #maxWaitingBytes: number
  /** Writes that are at work or wait, and what the rows of those weigh that wait. */
  #writes = 0
  #waitingBytes = 0

  constructor(maxWaitingBytes: number) {
    this.#maxWaitingBytes = maxWaitingBytes
  }

  /** Errors: `slow-down` when too much waits; `aborted` when the signal fires before the turn has come. */
  async write<T>(
    rows: readonly object[],
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const bytes = this.#writes > 0 ? approximateBytes(rows) : 0
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#maxWaitingBytes) {
      throw slowDown('More writes wait than the sink may hold', { retryAfterMs: RETRY_AFTER_MS })
    }
    this.#writes++
    this.#waitingBytes += bytes
    try {
      return await this.#turn(run, signal)
    } finally {
      this.#writes--
      this.#waitingBytes -= bytes
    }
  }

  /** A change that brings no rows. */
  run<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turn(run, signal)
  }
}

/** A refusal of a write before anything of it was kept. */
export function slowDown(why: string, options: SluiceErrorOptions = {}): SluiceError {
  return new SluiceError(
    'slow-down',
    `${why}; nothing of this was kept, send it again later`,
    options,
  )
}
