import {
  DirSink,
  initRecovery,
  logRecovery,
  type Recovery,
  runSink,
  type StatefulSourcePartition,
  StoreSink,
  storeRecovery,
} from '../../../../src/compat/bytewax/index.ts'
import type { Clock, Log, Store } from '../../../../src/contracts/index.ts'
import { isSluiceError } from '../../../../src/core/errors.ts'
import { jsonl } from '../../../../src/formats/jsonl.ts'
import { segmentLog } from '../../../../src/logs/segments/segment-log.ts'
import { ModelDisk } from '../../../../src/testing/simulator/model-disk.ts'
import { ModelStore } from '../../../../src/testing/simulator/model-store.ts'
import { PLAIN, type Plan } from '../../../../src/testing/simulator/plan.ts'
import { Random } from '../../../../src/testing/simulator/random.ts'
import { type Owner, Scheduler } from '../../../../src/testing/simulator/scheduler.ts'
import { seedGlobals } from '../../../../src/testing/simulator/seeded-globals.ts'
import { ModelFiles } from './model-files.ts'

export interface RunsPlan {
  readonly output: 'store' | 'files'
  readonly recovery: 'store' | 'log'
  readonly parts: number
  readonly workers: number
  readonly items: number
  readonly batchItems: number
  readonly epochMs: number
  /** Of a call of the store. */
  readonly faultRate: number
  /** Of a step. */
  readonly killRate: number
  /** Of a step: a successor is started beside one that lives. */
  readonly zombieRate: number
  readonly capabilities: Plan['capabilities']
}

export interface RunsOptions {
  readonly plan?: Partial<RunsPlan> | undefined
  /** Before this step the process dies. */
  readonly killAtStep?: number | undefined
}

export interface Outcome {
  readonly steps: number
  readonly executions: number
  readonly violation: string | undefined
  readonly lines: readonly string[]
}

const MAX_STEPS = 20_000
/** Where everything fails often enough, nothing ever ends. */
const CALM_AFTER_STEPS = 600
/** What no fault of the model stands behind. */
const NEVER = [
  'already-exists',
  'precondition-failed',
  'not-found',
  'invalid-options',
  'invalid-record',
]

function planOf(random: Random): RunsPlan {
  const output = random.pick(['store', 'store', 'files'] as const)
  const often = (rate: number): number => (random.chance(0.7) ? random.fraction() * rate : 0)
  const conditionalComplete = random.chance(0.5)
  return {
    output,
    recovery: random.pick(['store', 'log']),
    parts: random.between(1, 3),
    workers: random.between(1, 2),
    items: random.between(1, 25),
    batchItems: random.between(1, 6),
    epochMs: random.pick([0, 0, 50, 500]),
    faultRate: often(0.15),
    killRate: often(0.04),
    zombieRate: output === 'store' ? often(0.03) : 0,
    capabilities: {
      ...PLAIN.capabilities,
      conditionalComplete,
      listUploads: random.chance(0.6),
      multipart: { minPartBytes: 16, maxPartBytes: random.pick([16, 64]), equalParts: true },
    },
  }
}

/**
 * Lives of a run that a seed decides, as `simulate` does those of a sink: processes are killed at any step, machines stop, successors begin
 * beside processes that live, requests fail before or after their effect. At every moment the output must be what the items' beginning
 * gives, and at the end all of it, once.
 */
export async function simulateRuns(seed: number, options: RunsOptions = {}): Promise<Outcome> {
  const random = new Random(`bytewax ${seed}`)
  const plan = { ...planOf(random.fork('plan')), ...options.plan }
  const scheduler = new Scheduler(random.fork('scheduler'))
  const restore = seedGlobals(random, scheduler)
  const world = new World(plan, random, scheduler, options.killAtStep)
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
    scheduler.end()
    restore()
  }
  const { steps, lines } = scheduler
  return { steps, lines, executions: world.executions, violation: world.violation }
}

type Item = readonly [string, { readonly n: number; readonly pad?: string }]

interface Process extends Owner {
  alive: boolean
  /** Another one has lived at the same time. */
  hasRivals: boolean
  readonly ended: Promise<'done' | 'failed'>
  die: () => void
}

class World {
  violation: string | undefined
  executions = 0
  readonly #plan: RunsPlan
  readonly #random: Random
  readonly #scheduler: Scheduler
  readonly #killAtStep: number | undefined
  readonly #store: ModelStore
  readonly #disk: ModelDisk
  readonly #files: ModelFiles
  readonly #items: readonly Item[]
  readonly #processes: Process[] = []
  #calm = false

  constructor(
    plan: RunsPlan,
    random: Random,
    scheduler: Scheduler,
    killAtStep: number | undefined,
  ) {
    this.#plan = plan
    this.#random = random
    this.#scheduler = scheduler
    this.#killAtStep = killAtStep
    const watch = {
      visible: async () => this.checkStore(false),
      ...{ created() {}, told() {}, holds() {}, aborts() {} },
    }
    const model = { ...PLAIN, capabilities: plan.capabilities, faultRate: plan.faultRate }
    this.#store = new ModelStore(model, random.fork('store'), scheduler, watch)
    this.#disk = new ModelDisk(random.fork('disk'), scheduler, () => 0)
    this.#files = new ModelFiles(random.fork('files'), scheduler)
    this.#items = Array.from({ length: plan.items }, (_, n) => [String(n * 7), { n }] as const)
  }

  fail(what: string): void {
    this.violation ??= what
  }

  async live(): Promise<void> {
    if (this.#plan.recovery === 'store') await initRecovery(this.#store.inner, 'recovery')
    await this.#finish()
    this.#calm = true
    this.#store.heal()
    await this.#check()
    // Whoever lives on, and whoever comes next, changes nothing.
    for (const process of [...this.#processes]) await process.ended
    await this.#finish()
    await this.#check()
  }

  async #finish(): Promise<void> {
    for (let done = false; !done; ) {
      const process = this.#processes.at(-1) ?? this.#start()
      done = (await process.ended) === 'done'
    }
  }

  /** Called before each step. Whether anything happened. */
  strike(): boolean {
    const { killRate, zombieRate } = this.#plan
    const { steps } = this.#scheduler
    if (steps === CALM_AFTER_STEPS) {
      this.#calm = true
      this.#store.heal()
    }
    if (steps === this.#killAtStep) return this.#kill()
    if (this.#calm) return false
    if (this.#random.chance(killRate)) return this.#kill()
    if (this.#processes.length > 0 && this.#random.chance(zombieRate)) {
      this.#start()
      return true
    }
    return false
  }

  #kill(): boolean {
    if (this.#processes.length === 0) return false
    this.#random.pick(this.#processes).die()
    if (!this.#random.chance(0.5)) return true
    for (const process of [...this.#processes]) process.die()
    this.#disk.crash()
    this.#files.crash()
    return true
  }

  #start(): Process {
    this.executions++
    let end: (how: 'done' | 'failed') => void = () => {}
    const ended = new Promise<'done' | 'failed'>((resolve) => {
      end = resolve
    })
    const remove = (): void => {
      const at = this.#processes.indexOf(process)
      if (at >= 0) this.#processes.splice(at, 1)
    }
    const process: Process = {
      name: `run ${this.executions}`,
      alive: true,
      hasRivals: false,
      ended,
      die: () => {
        process.alive = false
        remove()
        this.#scheduler.tell(process, 'dies')
        this.#scheduler.bury(process)
        this.#disk.died(process)
        this.#files.died(process)
        end('failed')
      },
    }
    this.#processes.push(process)
    if (this.#processes.length > 1) for (const one of this.#processes) one.hasRivals = true
    this.#scheduler.tell(process, 'starts')
    this.#run(process).then(
      () => {
        remove()
        this.#scheduler.tell(process, 'is done')
        end('done')
      },
      (error: unknown) => {
        this.#scheduler.tell(process, `fails: ${(error as Error).message}`)
        this.#judge(error, process.hasRivals)
        // Nothing of it is under way: a failed run has waited for all that it began.
        if (process.alive) process.die()
      },
    )
    return process
  }

  #judge(error: unknown, hasRivals: boolean): void {
    const isFault = isSluiceError(error) && !NEVER.includes(error.code)
    // Another one has ended its upload. One that was of a complete epoch is missed at the end.
    if (hasRivals && isSluiceError(error, 'not-found')) return
    if (!isFault || (error.code === 'fenced' && error.key !== undefined)) {
      this.fail(`a run has failed with ${(error as Error).stack}`)
    }
  }

  async #run(process: Process): Promise<void> {
    const { parts, workers, epochMs, output } = this.#plan
    const clock = this.#scheduler.clockOf(process)
    const store = this.#store.view(process)
    const recovery = this.#recovery(process, store, clock)
    const options = { workers, epochMs, recovery, clock }
    if (output === 'store') {
      const sink = new StoreSink(store, 'out', parts, { format: jsonl(), partBytes: 16, clock })
      await runSink(
        this.#source(process, (item) => item),
        sink,
        options,
      )
    } else {
      const sink = new DirSink('.', parts, { fs: this.#files.view(process) })
      const lines = this.#source(process, ([key, row]) => [key, JSON.stringify(row)] as const)
      await runSink(lines, sink, options)
    }
  }

  #recovery(process: Process, store: Store, clock: Clock): Recovery {
    if (this.#plan.recovery === 'store') return storeRecovery(store, 'recovery', { clock })
    const log: Log = segmentLog(this.#disk.view(process), { segmentBytes: 2000 })
    return logRecovery(log, { clock })
  }

  /** Batches of this execution are its own, and so are the lengths of its rows: what another one wrote is not written again by accident. */
  #source<V>(process: Process, make: (item: Item) => readonly [string, V]) {
    const random = this.#random.fork(`source of ${process.name}`)
    return (position = 0): StatefulSourcePartition<readonly [string, V], number> => {
      let at = position
      return {
        nextBatch: async () => {
          await this.#scheduler.wait(process, 'source', random.fraction() * 100)
          if (at >= this.#items.length) return undefined
          const batch = this.#items.slice(at, at + random.between(1, this.#plan.batchItems))
          at += batch.length
          return batch.map(([key, row]) =>
            make([key, { ...row, pad: 'x'.repeat(random.between(0, 9)) }]),
          )
        },
        snapshot: () => at,
      }
    }
  }

  async #check(): Promise<void> {
    if (this.#plan.output === 'store') return this.checkStore(true)
    for (const [name, rows] of this.#expected()) {
      const seen = this.#numbers(name, this.#files.text(`./${name}`))
      if (seen.join() !== rows.join()) this.fail(`${name} is ${seen}, and should be ${rows}`)
    }
  }

  /** Each partition is the beginning of what it is to be, or, at the end, all of it; each file is where its name says. */
  async checkStore(atEnd: boolean): Promise<void> {
    for (const [name, rows] of this.#expected()) {
      const seen: number[] = []
      for await (const entry of this.#store.inner.list({ prefix: `out/${name}/` })) {
        if (entry.kind !== 'object') continue
        const begin = Number(/(\d{19})\.jsonl$/.exec(entry.key)?.[1])
        if (begin !== seen.length) this.fail(`${entry.key} follows ${seen.length} records`)
        const text = await (await this.#store.inner.get(entry.key))?.text()
        seen.push(...this.#numbers(entry.key, text ?? ''))
      }
      const wanted = atEnd ? rows : rows.slice(0, seen.length)
      if (seen.join() !== wanted.join()) this.fail(`${name} is ${seen}, and should be ${wanted}`)
    }
  }

  #numbers(name: string, text: string): number[] {
    try {
      const lines = text.split('\n')
      if (lines.pop() !== '') throw new Error('It ends within a line')
      return lines.map((line) => JSON.parse(line).n)
    } catch (error) {
      this.fail(`${name} cannot be read: ${(error as Error).message}`)
      return []
    }
  }

  #expected(): ReadonlyMap<string, readonly number[]> {
    return expectedParts(this.#items, this.#plan.parts)
  }
}

/** By another road than the sink's: the routing's own definition. */
function expectedParts(items: readonly Item[], count: number): ReadonlyMap<string, number[]> {
  const parts = new Map(Array.from({ length: count }, (_, i) => [`part_${i}`, [] as number[]]))
  for (const [key, row] of items) {
    let low = 1
    let high = 0
    for (const byte of new TextEncoder().encode(key)) {
      low = (low + byte) % 65_521
      high = (high + low) % 65_521
    }
    parts.get(`part_${(high * 65_536 + low) % count}`)?.push(row.n)
  }
  return parts
}
