import type { Clock } from '../../contracts/index.ts'
import type { Appends } from '../intake/appends.ts'
import { slowDown } from '../intake/write-queue.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { Budget } from './budget.ts'
import type { Cutter } from './cutter.ts'
import type { OpenLanes } from './open-lanes.ts'

export interface RoomOptions {
  readonly budget: Budget
  readonly lanes: OpenLanes
  readonly appends: Pick<Appends<never>, 'bytes' | 'settled'>
  readonly publisher: Pick<Publisher, 'pendingBytes' | 'stall' | 'changes' | 'run'>
  readonly cutter: Pick<Cutter, 'makeRoom'>
  readonly clock: Clock
  readonly throwIfOver: () => void
}

/** Keeps the log, and what is on its way there, within the budget. */
export class Room {
  readonly #options: RoomOptions

  constructor(options: RoomOptions) {
    this.#options = options
  }

  /** What is not in the store yet. Of a file that goes on, what it has taken is there. */
  get heldBytes(): number {
    return this.#openBytes + this.#options.publisher.pendingBytes
  }

  /** What fits before the largest file is cut. */
  get leftBytes(): number {
    const { openBytes, logBytes } = this.#options.budget
    return Math.min(openBytes - this.#openBytes, logBytes - this.heldBytes)
  }

  /**
   * Waits until so much fits, cutting the largest file to make it. Into an empty log everything fits: what one write brings is in
   * its caller's memory already.
   *
   * Errors: `slow-down` when it is full because the store fails.
   */
  async make(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { lanes, appends, publisher, cutter, clock, throwIfOver } = this.#options
    if (this.#fits(bytes)) return
    for (;;) {
      await appends.settled()
      if (this.#fits(bytes)) return
      const { stall } = publisher
      if (stall && (stall.outage || lanes.bytes === 0)) {
        throw slowDown('The store fails and the log is full', {
          cause: stall.error,
          retryAfterMs: Math.max(0, stall.retryAtMs - clock.now()),
        })
      }
      const changed = publisher.changes.wait(signal)
      // Nobody may be left to wait for it when the cut below throws.
      changed.catch(() => {})
      const [largest] = lanes.largest(1)
      if (largest && (await cutter.makeRoom(largest))) continue
      void publisher.run()
      await changed
      throwIfOver()
    }
  }

  #fits(bytes: number): boolean {
    const { budget, appends } = this.#options
    const held = this.heldBytes
    if (held > 0 && held + bytes > budget.logBytes) return false
    return appends.bytes === 0 || appends.bytes + bytes <= budget.waitingBytes
  }

  /** Of open files, with what is on its way there. */
  get #openBytes(): number {
    return this.#options.lanes.bytes + this.#options.appends.bytes
  }
}
