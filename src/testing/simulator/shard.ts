import type { Format, LanePosition, Log, Schema, Source, Store } from '../../contracts/index.ts'
import { csv } from '../../formats/csv.ts'
import { jsonl } from '../../formats/jsonl.ts'
import { memoryLog } from '../../logs/memory.ts'
import { readPositions } from '../../logs/segments/read-positions.ts'
import { segmentLog } from '../../logs/segments/segment-log.ts'
import { createSink, type FileSink } from '../../sinks/create-sink.ts'
import type { Rotate } from '../../sinks/policy/rotation.ts'
import { BegunWatch } from './begun-watch.ts'
import { gathered } from './gathered.ts'
import { ModelDisk } from './model-disk.ts'
import { modelLog } from './model-log.ts'
import type { ModelStore } from './model-store.ts'
import type { Oracle } from './oracle.ts'
import { MAX_RECORD_BYTES, type Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { Owner, Scheduler } from './scheduler.ts'
import { STREAM } from './visible-files.ts'
import { type LogWatch, watchedLog } from './watched-log.ts'

/** What the shards of one run have in common. */
export interface World {
  readonly plan: Plan
  readonly random: Random
  readonly scheduler: Scheduler
  readonly store: ModelStore
  readonly oracle: Oracle
  /** Nothing goes wrong any more. */
  healthy: boolean
}

/** One process with one sink, until it is killed or has closed it. */
export interface Process extends Owner {
  readonly sink: FileSink
  /** How much the oracle had seen told when it started. */
  readonly toldBefore: number
  /** Resolves at its death. */
  readonly died: Promise<void>
  kill(): void
}

/** A stream's shard: its log, which outlives its processes, and those. */
export class Shard {
  readonly name: string
  /** Those that live, the newest last. All but that one are zombies: they have lost the log, and need not know it. */
  readonly processes: Process[] = []
  readonly #world: World
  readonly #random: Random
  readonly #disk: ModelDisk
  /** A log of whose calls each is an atom, where the shard has no disk. */
  #log: Log = memoryLog()
  #watch: LogWatch
  readonly #failureRate: () => number
  #started = 0
  /** All of its processes that have had this log. */
  #owners: Owner[] = []
  /** How many logs it has lost. */
  lost = 0

  constructor(name: string, world: World) {
    const { oracle, plan } = world
    this.name = name
    this.#world = world
    this.#random = world.random.fork(`shard ${name}`)
    const failureRate = (): number => (world.healthy ? 0 : plan.logFailureRate)
    this.#disk = new ModelDisk(this.#random.fork('disk'), world.scheduler, failureRate)
    this.#failureRate = failureRate
    this.#watch = newWatch(oracle, plan)
  }

  get newest(): Process | undefined {
    return this.processes.at(-1)
  }

  /** A new process, beside those that live. */
  start(): Process {
    const { scheduler, store, plan, oracle } = this.#world
    let die = (): void => {}
    const died = new Promise<void>((resolve) => {
      die = resolve
    })
    const owner = { name: `${this.name}${++this.#started}`, alive: true }
    const log = plan.disk
      ? segmentLog(this.#disk.view(owner), { segmentBytes: plan.segmentBytes })
      : modelLog(this.#log, owner, this.#failureRate, this.#random, scheduler, this.#watch.begun)
    this.#owners.push(owner)
    const sink = createSink({
      store: store.view(owner),
      format: formatOf(plan),
      stream: STREAM,
      // The next log numbers its records from 0 again.
      shard: this.lost > 0 ? `${this.name}-${this.lost}` : this.name,
      name: plan.name,
      manifest: plan.manifest,
      run: plan.run ? `run-${this.name}` : undefined,
      partition: plan.partition ? ['p'] : undefined,
      rotate: rotateOf(plan),
      maxOpenFiles: plan.maxOpenFiles,
      schema: plan.columns && columnsOf(this.#started % 2 === 0),
      drift: plan.columns,
      log: watchedLog(log, owner, this.#watch),
      maxPendingBytes: plan.maxPendingBytes,
      maxRecordBytes: MAX_RECORD_BYTES,
      clock: scheduler.clockOf(owner),
      onEvent: (event) => {
        if (event.type === 'upload-left') oracle.uploads.left(event.uploadId)
      },
    })
    const process: Process = Object.assign(owner, {
      sink,
      toldBefore: oracle.told.length,
      died,
      kill: () => {
        owner.alive = false
        this.processes.splice(this.processes.indexOf(process), 1)
        scheduler.tell(owner, 'dies')
        scheduler.bury(owner)
        this.#disk.died(owner)
        die()
      },
    })
    this.processes.push(process)
    scheduler.tell(owner, 'starts')
    // What it does not open now, its first write does.
    sink.open().catch((error: unknown) => oracle.refusal(error, 'open'))
    return process
  }

  /** It is told to end, and takes its time. */
  async stop(process: Process): Promise<void> {
    const { oracle, store } = this.#world
    const ended = process.sink
      .abort('its process is to end')
      .then(async () => oracle.uploads.checkGivenUp(process, await openUploads(store.inner)))
      .catch((error: unknown) => oracle.refusal(error, 'abort'))
    await Promise.race([ended, process.died])
    if (process.alive) process.kill()
  }

  /** What the process had begun is in the store no more: all that helps is to give it up. */
  async giveUp(process: Process): Promise<void> {
    const { oracle, store } = this.#world
    if (oracle.uploads.isOneOf(store.ended, process)) await this.stop(process)
  }

  /** The machine stops: all that was not synced is in doubt. */
  crash(): void {
    for (const process of [...this.processes]) process.kill()
    const { scheduler, oracle, plan } = this.#world
    scheduler.tell(undefined, `the machine of ${this.name} stops`)
    this.#disk.crash()
    if (!plan.memory) return
    oracle.logLost(this.name, this.#owners)
    this.lost++
    this.#owners = []
    this.#log = memoryLog()
    this.#watch = newWatch(oracle, plan)
  }

  /** How far its log has come, when nobody writes to it any more. */
  async positions(): Promise<Source<LanePosition>> {
    if (this.#world.plan.disk) return readPositions(this.#disk.view(undefined))
    return (await this.#log.open('an audit')).positions()
  }

  /** Some process, mostly the newest; a new one when there is none. */
  any(): Process {
    if (this.#random.chance(0.2) && this.processes.length > 0)
      return this.#random.pick(this.processes)
    return this.newest ?? this.start()
  }
}

function newWatch(oracle: Oracle, { maxPendingBytes, memory }: Plan): LogWatch {
  const begun = memory ? new BegunWatch(oracle) : undefined
  return { oracle, maxPendingBytes, count: 0, lastBegan: 0, begun }
}

function formatOf({ csv: isCsv, groupRows }: Plan): Format {
  const format = isCsv ? csv() : jsonl()
  return groupRows ? gathered(format, groupRows) : format
}

function rotateOf({ records, bytes, ageMs, idleMs, everyMs }: Plan): Rotate {
  return { records, bytes, ageMs, idleMs, ...(everyMs && { schedule: { everyMs } }) }
}

/** All of which take every record that is not bad, unless it has more than it should. */
export function columnsOf(wider: boolean): Schema {
  const names = ['id', 'p', 'pad', ...(wider ? ['later'] : [])]
  return {
    fields: names.map((name) => ({ name, type: 'string', nullable: name === 'later' })),
  }
}

/** The ids of the uploads that are open. */
export async function openUploads(store: Store): Promise<ReadonlySet<string>> {
  const open = new Set<string>()
  for await (const { uploadId } of store.listMultipart?.('') ?? []) open.add(uploadId)
  return open
}
