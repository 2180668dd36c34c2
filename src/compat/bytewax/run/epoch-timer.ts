import type { Clock } from '../../../contracts/index.ts'

const NEVER: Promise<undefined> = new Promise(() => {})

/** Says when an epoch has lasted long enough. */
export class EpochTimer {
  /** Resolves when it has, for whoever waits for something else; never while no epoch has begun. */
  elapsed: Promise<undefined> = NEVER
  readonly #clock: Clock
  readonly #epochMs: number
  #endsAtMs = Number.POSITIVE_INFINITY
  #rang = false
  #cancel: (() => void) | undefined

  constructor(clock: Clock, epochMs: number) {
    this.#clock = clock
    this.#epochMs = epochMs
  }

  /** Asks the clock too: a timer does not ring while a source and a sink are never waited for. */
  get due(): boolean {
    return this.#rang || this.#clock.now() >= this.#endsAtMs
  }

  /** Items have come: an epoch begins, unless it has. */
  begin(): void {
    if (this.#cancel) return
    this.#endsAtMs = this.#clock.now() + this.#epochMs
    this.elapsed = new Promise((resolve) => {
      this.#cancel = this.#clock.schedule(this.#endsAtMs, () => {
        this.#rang = true
        resolve(undefined)
      })
    })
  }

  end(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#rang = false
    this.#endsAtMs = Number.POSITIVE_INFINITY
    this.elapsed = NEVER
  }
}
