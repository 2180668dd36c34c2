import { constants } from 'node:os'
import { type LocalWorker, SIGNALS } from './local-worker.ts'

/** A Worker that dies more often than this has a fault that starting it again does not mend. */
const RESTARTS = 5

/** Starts the Worker again when its process dies, and knows when all is to end. */
export class Supervisor {
  readonly #say: (line: string) => void
  /** Resolves to the exit status once somebody wants the end, or the Worker cannot be kept up. */
  readonly stopped: Promise<number>
  #resolve: (status: number) => void = () => {}
  #worker: LocalWorker | undefined
  #restarts = 0
  #isStopping = false
  #isWorkDone = false

  constructor(say: (line: string) => void) {
    this.#say = say
    this.stopped = new Promise((resolve) => (this.#resolve = resolve))
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        this.#isStopping = true
        // To end what is only kept up is no failure.
        this.#resolve(this.#isWorkDone ? 0 : 128 + constants.signals[signal])
      })
    }
  }

  watch(worker: LocalWorker): void {
    this.#worker = worker
  }

  workIsDone(): void {
    this.#isWorkDone = true
  }

  stop(): void {
    this.#isStopping = true
  }

  exited(signal: string | undefined): void {
    // A terminal gives Ctrl-C to workerd as well, and its end may be heard of before ours is asked for.
    if (this.#isStopping || signal === 'SIGINT' || signal === 'SIGHUP') return
    void this.#restart(signal).catch((error: unknown) => {
      this.#say(`The Worker does not start again: ${(error as Error).message}`)
      this.#resolve(1)
    })
  }

  async #restart(signal: string | undefined): Promise<void> {
    if (!this.#worker) throw new Error('it died while it started')
    if (++this.#restarts > RESTARTS) throw new Error(`it died ${this.#restarts} times`)
    this.#say(`workerd has ended (${signal ?? 'by itself'}); starting it again on the same state.`)
    await this.#worker.restart()
    this.#say(`The Worker is back (workerd, process ${this.#worker.pid}).`)
  }
}
