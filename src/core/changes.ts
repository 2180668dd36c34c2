import { orAborted } from './errors.ts'

/**
 * Lets many wait until something about shared state has changed, without a queue or an event's payload: each looks at the
 * state itself, and waits again if it was not what it hoped for.
 */
export class Changes {
  #wake: () => void = () => {}
  #next: Promise<void> = this.#renew()

  notify(): void {
    const wake = this.#wake
    this.#next = this.#renew()
    wake()
  }

  /** Resolves at the next `notify()`. Take it before looking at the state if there is an await between. */
  async wait(signal?: AbortSignal): Promise<void> {
    await orAborted(this.#next, signal)
  }

  #renew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
