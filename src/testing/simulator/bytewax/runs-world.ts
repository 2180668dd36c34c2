import {
  DirSink,
  initRecovery,
  logRecovery,
  type Recovery,
  runSink,
  type StatefulSourcePartition,
  StoreSink,
  storeRecovery,
} from '../../../compat/bytewax/index.ts'
import type { Clock, Log, Store } from '../../../contracts/index.ts'
import { isSluiceError } from '../../../core/errors.ts'
import { jsonl } from '../../../formats/jsonl.ts'
import { segmentLog } from '../../../logs/segments/segment-log.ts'
import { ModelDisk } from '../model-disk.ts'
import { ModelStore } from '../model-store.ts'
import { PLAIN } from '../plan.ts'
import type { Random } from '../random.ts'
import type { Owner, Scheduler } from '../scheduler.ts'
import { ModelFiles } from './model-files.ts'
import type { RunsPlan } from './runs-plan.ts'
import { type Item, WrittenParts } from './written-parts.ts'

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

interface Process extends Owner {
  alive: boolean
  /** Another one has lived at the same time. */
  hasRivals: boolean
  readonly ended: Promise<'done' | 'failed'>
  die: () => void
}

/** One bucket, one disk, and the processes that write the same output, mostly one after another. */
export class RunsWorld {
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
  readonly #written: WrittenParts
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
      visible: () => this.#written.checkStore(this.#store.inner, false),
      ...{ deleted() {}, created() {}, told() {}, sends() {}, holds() {}, aborts() {} },
    }
    const model = { ...PLAIN, capabilities: plan.capabilities, faultRate: plan.faultRate }
    this.#store = new ModelStore(model, random.fork('store'), scheduler, watch)
    this.#disk = new ModelDisk(random.fork('disk'), scheduler, () => 0)
    this.#files = new ModelFiles(random.fork('files'), scheduler)
    this.#items = Array.from({ length: plan.items }, (_, n) => [String(n * 7), { n }] as const)
    this.#written = new WrittenParts(this.#items, plan.parts, (what) => this.fail(what))
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
    if (this.#plan.output === 'store') await this.#written.checkStore(this.#store.inner, true)
    else this.#written.checkFiles(this.#files)
  }
}
