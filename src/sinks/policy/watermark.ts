/**
 * How far a stream has come in the time of its events: the greatest one seen, less what stragglers are allowed. It never goes
 * back. A time that lies in the future counts as now: one wrong clock must not close what all others still write to.
 */
export class Watermark {
  readonly #allowedLateMs: number
  readonly #nowMs: number
  #ms: number

  /** For the records of one moment. Without `allowedLateMs` it stays where no time is before it. */
  constructor(
    allowedLateMs: number | undefined,
    nowMs: number,
    ms: number = Number.NEGATIVE_INFINITY,
  ) {
    this.#allowedLateMs = allowedLateMs ?? Number.POSITIVE_INFINITY
    this.#nowMs = nowMs
    this.#ms = ms
  }

  /** Everything that ends up to here is over. */
  get ms(): number {
    return this.#ms
  }

  saw(eventMs: number): void {
    const ms = Math.min(eventMs, this.#nowMs) - this.#allowedLateMs
    if (ms > this.#ms) this.#ms = ms
  }
}
