import { Random } from '../random.ts'
import { Scheduler } from '../scheduler.ts'
import { seedGlobals } from '../seeded-globals.ts'
import type { SimulateOptions, Simulation } from '../simulate.ts'
import { type RunsPlan, runsPlanOf } from './runs-plan.ts'
import { RunsWorld } from './runs-world.ts'

export interface SimulateRunsOptions extends SimulateOptions {
  /** Instead of what the seed would choose. */
  readonly plan?: Partial<RunsPlan> | undefined
}

export interface RunsSimulation extends Simulation {
  /** How many processes have run. */
  readonly executions: number
}

const MAX_STEPS = 20_000

/**
 * Lives of one run of `sluice/bytewax` that a seed decides, as `simulate` does those of a sink: processes are killed at any step, machines stop, successors
 * begin beside processes that live, requests fail before or after their effect. At every moment a store's output must be what the items' beginning
 * gives, and at the end every output all of it, once.
 *
 * Replaces the platform's time and randomness while it runs, as `simulate` does.
 */
export async function simulateRuns(
  seed: number,
  options: SimulateRunsOptions = {},
): Promise<RunsSimulation> {
  const random = new Random(`bytewax ${seed}`)
  const plan = { ...runsPlanOf(random.fork('plan')), ...options.plan }
  const scheduler = new Scheduler(random.fork('scheduler'), options.onLine)
  const restore = seedGlobals(random, scheduler)
  const world = new RunsWorld(plan, random, scheduler, options.killAtStep)
  try {
    let over = false
    void world.live().then(
      () => {
        over = true
      },
      (error: unknown) => world.fail(`the simulation itself failed: ${(error as Error).stack}`),
    )
    const ended = await scheduler.run(
      () => over || world.violation !== undefined || scheduler.steps > MAX_STEPS,
      () => world.strike(),
    )
    if (!ended) world.fail('nothing can happen any more, and not all is done')
    if (scheduler.steps > MAX_STEPS) world.fail(`it has no end within ${MAX_STEPS} steps`)
  } finally {
    restore()
  }
  const { steps, lines, digest } = scheduler
  const { executions, violation } = world
  return { seed, steps, digest: digest >>> 0, violation, lines, executions }
}
