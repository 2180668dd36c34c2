import type { Compactor } from './compactor.ts'
import type { Random } from './random.ts'
import type { Shard, World } from './shard.ts'

const HOUR_MS = 3_600_000
/** Where everything fails often enough, nothing ever ends. */
const CALM_AFTER_STEPS = 400
const RESTART_MS = 2000

/** What befalls the processes: deaths, successors that come too early, clocks that jump, outages, uploads that expire. */
export class Nemesis {
  readonly #world: World
  readonly #shards: readonly Shard[]
  readonly #killAtStep: number | undefined
  readonly #random: Random
  /** How often each befalls them, in a step. */
  readonly #strikes: readonly (readonly [number, () => void])[]

  constructor(
    world: World,
    shards: readonly Shard[],
    compactor: Compactor | undefined,
    killAtStep: number | undefined,
  ) {
    this.#world = world
    this.#shards = shards
    this.#killAtStep = killAtStep
    const random = world.random.fork('nemesis')
    this.#random = random
    const { plan, scheduler, store } = world
    this.#strikes = [
      [plan.killRate, () => this.#kill(random.pick(shards))],
      [plan.killRate * plan.zombieRate, () => void random.pick(shards).start()],
      [plan.jumpRate, () => scheduler.jump((random.fraction() - 0.5) * 4 * HOUR_MS)],
      [plan.outageRate, () => store.startOutage()],
      [plan.expiryRate, () => void store.expireOne()],
      ...(compactor ? [[plan.compactRate, () => compactor.strike()] as const] : []),
    ]
  }

  /** Called before each step. Whether anything happened. */
  strike(): boolean {
    const { scheduler, store } = this.#world
    if (scheduler.steps === CALM_AFTER_STEPS) store.heal()
    const healthy = this.#world.healthy || scheduler.steps >= CALM_AFTER_STEPS
    let struck = false
    if (this.#killAtStep === scheduler.steps) {
      struck = true
      for (const shard of this.#shards) this.#kill(shard)
    }
    if (healthy) return struck
    for (const [rate, strike] of this.#strikes) {
      if (!this.#random.chance(rate)) continue
      struck = true
      strike()
    }
    return struck
  }

  #kill(shard: Shard): void {
    const { scheduler } = this.#world
    if (shard.processes.length === 0) return
    const process = this.#random.pick(shard.processes)
    const how = this.#random.fraction()
    if (how < 0.4) shard.crash()
    else if (how < 0.8) process.kill()
    else void shard.stop(process)
    if (this.#random.chance(0.3)) return
    // Without a write to open it, it is the restart that goes on with what was left.
    const delayMs = this.#random.fraction() * RESTART_MS
    scheduler.add(undefined, `restart ${shard.name}`, delayMs, () => {
      if (!this.#world.healthy) shard.start()
    })
  }
}
