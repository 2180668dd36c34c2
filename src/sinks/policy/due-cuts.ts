import type { Clock, Lane } from '../../contracts/index.ts'
import type { Appends } from '../intake/appends.ts'
import type { WriteQueue } from '../intake/write-queue.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { Cutter } from './cutter.ts'
import type { OpenLanes } from './open-lanes.ts'
import type { Rotator } from './rotator.ts'

export interface DueCutsOptions {
  readonly queue: WriteQueue
  readonly appends: Pick<Appends<never>, 'settled'>
  readonly lanes: OpenLanes
  readonly cutter: Cutter
  readonly rotator: Rotator
  readonly publisher: Publisher
  readonly clock: Clock
  readonly throwIfOver: () => void
}

/** Cuts what a limit has made due, each time in a turn of its own. */
export class DueCuts {
  readonly #options: DueCutsOptions
  #rotating = false

  constructor(options: DueCutsOptions) {
    this.#options = options
  }

  /**
   * Cuts, in the next turn, what these lanes have made full. Nobody waits for it: the records are kept, whatever becomes of the
   * cut, and the lane's next append or its age brings it about again.
   */
  grown(lanes: readonly Lane[], watermarkMs: number = Number.NEGATIVE_INFINITY): void {
    const { queue, appends, rotator, publisher } = this.#options
    if (!rotator.grown(lanes, watermarkMs) || this.#rotating) return
    this.#rotating = true
    const turn = queue.run(async () => {
      this.#rotating = false
      await appends.settled()
      await rotator.cutDue()
    })
    turn.catch(() => {}).then(() => publisher.run())
  }

  /** The lane's timer rang. */
  async ring(lane: Lane): Promise<void> {
    const { queue, appends, lanes, cutter, publisher, clock, throwIfOver } = this.#options
    try {
      await queue.run(async () => {
        throwIfOver()
        await appends.settled()
        const state = lanes.get(lane)
        const [first] = lanes.deadlines(lane)
        if (state && first && first.atMs <= clock.now()) {
          await cutter.cutAll(state, first.reason)
        } else {
          // Something came meanwhile, or the clock was set back.
          lanes.rearm(lane)
        }
      })
      await publisher.run()
    } catch {
      // The log refused (it is full or gone): the records stay open, and the next write or flush hears of it.
      lanes.rearm(lane)
    }
  }
}
