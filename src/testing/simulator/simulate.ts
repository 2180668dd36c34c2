import { isSluiceError } from '../../core/errors.ts'
import { checkAudit } from './check-audit.ts'
import { Compactor } from './compactor.ts'
import { ModelStore } from './model-store.ts'
import { Nemesis } from './nemesis.ts'
import { Oracle } from './oracle.ts'
import { PLAIN, planOf } from './plan.ts'
import { isGone, Producer } from './producer.ts'
import { Random } from './random.ts'
import { type Owner, Scheduler } from './scheduler.ts'
import { seedGlobals } from './seeded-globals.ts'
import { openUploads, type Process, Shard, type World } from './shard.ts'
import { watchStore } from './watch-store.ts'

export interface SimulateOptions {
  /** Called with each line of the trace. */
  readonly onLine?: ((line: string) => void) | undefined
  /**
   * Instead of what the seed would do: one producer, one sink, nothing fails, and its process is killed before this step; never, when
   * there are not so many.
   */
  readonly killAtStep?: number | undefined
}

export interface Simulation {
  readonly seed: number
  readonly steps: number
  /** Of the whole trace: equal for equal runs. */
  readonly digest: number
  /** The first thing that happened and must not; `undefined` when nothing did. */
  readonly violation: string | undefined
  /** The last lines of the trace. */
  readonly lines: readonly string[]
}

const MAX_STEPS = 50_000
/** The longest wait of a sink between two attempts, and as much again. */
const RETRY_MS = 600_000
/** Each of them gives up what is gone, if it is not killed. */
const MAX_DRAINS = 10

/**
 * One life of a few sinks over one bucket, decided by the seed down to the order of all answers: producers write and ask again, processes
 * are killed and fenced and started anew, the bucket and the clock do what buckets and clocks do. At the end all is well for a
 * while, and everything that was acknowledged must be in one visible file.
 *
 * Replaces the platform's time and randomness while it runs: one at a time, and nothing beside it.
 */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Simulation> {
  const { killAtStep, onLine } = options
  const random = new Random(`sluice ${seed}`)
  const scheduler = new Scheduler(random.fork('scheduler'), onLine)
  const plan = killAtStep === undefined ? planOf(random.fork('plan')) : PLAIN
  const oracle = new Oracle(scheduler, plan.manifest)
  let named = (_by: Owner): void => {}
  const watch = watchStore(
    oracle,
    plan,
    () => store.inner,
    (by) => named(by),
  )
  const store: ModelStore = new ModelStore(plan, random.fork('store'), scheduler, watch)
  const world: World = { plan, random, scheduler, store, oracle, healthy: false }
  const restore = seedGlobals(random, scheduler)
  try {
    const shards = ['a', 'b', 'c'].slice(0, plan.shards).map((name) => new Shard(name, world))
    const compactor = plan.compactRate > 0 ? new Compactor(world, shards) : undefined
    named = (by) => compactor?.named(by)
    const nemesis = new Nemesis(world, shards, compactor, killAtStep)
    let over = false
    const life = live(world, shards, compactor).catch((error: unknown) => {
      oracle.fail(`the simulation itself failed: ${(error as Error).stack}`)
    })
    void life.then(() => {
      over = true
    })
    const ended = await scheduler.run(
      () => over || oracle.violation !== undefined || scheduler.steps > MAX_STEPS,
      () => nemesis.strike(),
    )
    if (!ended) oracle.fail('nothing can happen any more, and not all is done')
    if (scheduler.steps > MAX_STEPS) oracle.fail(`it has no end within ${MAX_STEPS} steps`)
  } finally {
    restore()
  }
  const { steps, digest, lines } = scheduler
  return { seed, steps, digest: digest >>> 0, violation: oracle.violation, lines }
}

async function live(
  world: World,
  shards: readonly Shard[],
  compactor: Compactor | undefined,
): Promise<void> {
  const { plan } = world
  const producers = shards.flatMap((shard) =>
    Array.from(
      { length: plan.producers },
      (_, i) => new Producer(`${shard.name}${i}`, shard, world),
    ),
  )
  await Promise.all(producers.map((producer) => producer.run()))
  world.healthy = true
  world.store.heal()
  await Promise.all(shards.map((shard) => drain(world, shard)))
  await compactor?.finish()
  await checkEnd(world)
  await checkAudit(world, shards)
}

/** A last process makes everything visible, as a user would have it, or by itself. One that is killed at it has a successor. */
async function drain(world: World, shard: Shard): Promise<void> {
  const { random, oracle, plan } = world
  for (const process of [...shard.processes]) if (!random.chance(0.3)) process.kill()
  const told = oracle.told.filter((one) => one.shard === shard.name)
  for (let drained = false, attempt = 1; !drained; attempt++) {
    if (attempt > MAX_DRAINS) {
      oracle.fail(`what ${shard.name} holds cannot be made visible, nor given up`)
      return
    }
    const process = shard.start()
    const done = drainBy(process, told, world).then(
      () => true,
      (error: unknown) => {
        // A zombie was about to open the log.
        oracle.refusal(error, 'drain')
        if (plan.memory && isGone(error)) return shard.giveUp(process).then(() => false)
        if (!isSluiceError(error, 'fenced')) throw error
        for (const other of [...shard.processes]) other.kill()
        return false
      },
    )
    drained = await Promise.race([done, process.died.then(() => false)])
  }
}

async function drainBy(process: Process, told: Oracle['told'], world: World): Promise<void> {
  const { plan, scheduler, oracle } = world
  const { sink } = process
  await sink.open()
  // What is gone is found out by a flush.
  if (plan.drain === 'idle' && !(plan.memory && world.store.ended.size > 0)) {
    // A clock that was set back lets what was open wait so much longer.
    const waitMs = plan.ageMs + RETRY_MS + scheduler.mostJumpMs - scheduler.leastJumpMs
    await scheduler.wait(process, 'the end of the idle time', waitMs)
    oracle.checkVisible(told, `in ${process.name}, after ${plan.ageMs} ms without a write`)
  } else if (plan.run) {
    await sink.close()
    oracle.checkVisible(told, 'after the run')
    return
  } else {
    await sink.flush()
    oracle.checkVisible(told, 'after the last flush')
  }
  await checkReceipts(process, told, oracle)
  if (plan.drain === 'close') await sink.close()
}

async function checkReceipts(
  { sink }: Process,
  told: Oracle['told'],
  oracle: Oracle,
): Promise<void> {
  for (const { ack, rows } of told.filter((one) => oracle.isKept(one)).slice(-2)) {
    const { state, records, files } = await sink.receipt(ack.receipt.id).progress()
    if (state !== 'committed' || records !== rows.length) {
      oracle.fail(`the receipt of ${rows[0]?.id} tells of ${records} records, ${state}`)
    }
    oracle.checkFiles(files, ack.receipt.ranges)
  }
}

async function checkEnd({ oracle, store }: World): Promise<void> {
  for (const one of oracle.told) oracle.checkPlaces(one)
  oracle.checkLanes()
  oracle.uploads.check(await openUploads(store.inner))
  const bucket = store.view({ name: 'janitor', alive: true })
  if (!bucket.listMultipart) return
  for await (const upload of bucket.listMultipart(''))
    await bucket.resumeMultipart?.(upload).abort()
  const left = await openUploads(store.inner)
  if (left.size > 0) oracle.fail(`the janitor has left ${left.size} uploads open`)
}
