import type { Bytes, Format, Row } from '../../contracts/index.ts'
import { fromUtf8 } from '../../core/bytes.ts'
import { isSluiceError } from '../../core/errors.ts'
import { jsonl } from '../../formats/jsonl.ts'
import { compact } from '../../sinks/compact/compact.ts'
import { deleteRemoved } from '../../sinks/manifest/delete-removed.ts'
import type { Random } from './random.ts'
import type { Owner } from './scheduler.ts'
import { columnsOf, type Shard, type World } from './shard.ts'
import { STREAM } from './visible-files.ts'

const TARGET_BYTES = [400, 2000, undefined]
/** What a reader is given. */
const MOST_GRACE_MS = 60_000
/** Of the entries that name files. */
const CUT_OFF = 0.6
const MOST_CUT_OFF = 5
const MOST_ATTEMPTS = 5

/**
 * Processes beside those that write, also several at once: each makes few files of many, or deletes the objects of files that were removed, and
 * ends.
 */
export class Compactor {
  readonly #world: World
  readonly #shards: readonly Shard[]
  readonly #random: Random
  readonly #living: (Owner & { alive: boolean })[] = []
  #started = 0
  #cutOff = 0

  constructor(world: World, shards: readonly Shard[]) {
    this.#world = world
    this.#shards = shards
    this.#random = world.random.fork('compactor')
  }

  /** One begins, or dies. */
  strike(): void {
    const random = this.#random
    const [first] = this.#living
    if (first && random.chance(0.5)) this.#end(first, 'dies')
    else if (random.chance(0.3)) void this.#run('delete', this.#deletion(random.fraction()))
    else void this.#run('compact', this.#compaction(random.pick(TARGET_BYTES)))
  }

  /** The manifest names a process's files. It may die before its log knows, and they be gone when its successor asks. */
  named(by: Owner): void {
    if (this.#cutOff === MOST_CUT_OFF || !this.#random.chance(CUT_OFF)) return
    if (this.#world.oracle.files.several.length === 0) return
    const process = this.#shards.flatMap(({ processes }) => processes).find((one) => one === by)
    if (!process) return
    this.#cutOff++
    process.kill()
    void this.#runAll()
  }

  /** What is left to do when nothing else goes on any more: each lane's records become one file, and every other object goes. */
  async finish(): Promise<void> {
    const { oracle, plan } = this.#world
    for (const one of [...this.#living]) this.#end(one, 'dies')
    // What the dead had sent may arrive now, and fence the next.
    for (let attempt = 1; !(await this.#runAll()); attempt++) {
      if (attempt < MOST_ATTEMPTS) continue
      oracle.fail('the files could not be made fewer, although all is well')
      return
    }
    // Files of two runs stay two, and those of columns that nobody has declared.
    const left = plan.run ? [] : oracle.files.several.filter((lane) => lane.endsWith(' auto'))
    if (left.length > 0) oracle.fail(`lane "${left[0]}" was compacted, and has several files`)
  }

  #runAll(): Promise<boolean> {
    return this.#run('compact and delete', async (by) => {
      await this.#compaction(undefined)(by)
      await this.#deletion(0)(by)
    })
  }

  /** Whether it came to its end. Of one that dies, nobody is told. */
  async #run(what: string, work: (by: Owner) => Promise<unknown>): Promise<boolean> {
    const { scheduler, oracle } = this.#world
    const by = { name: `k${++this.#started}`, alive: true }
    this.#living.push(by)
    scheduler.tell(by, `begins to ${what}`)
    try {
      await work(by)
      return true
    } catch (error) {
      // Nothing was published so far, or its files were deleted meanwhile.
      if (isSluiceError(error, 'not-found')) return true
      oracle.refusal(error, what)
      return false
    } finally {
      this.#end(by, 'ends')
    }
  }

  #compaction(targetBytes: number | undefined): (by: Owner) => Promise<unknown> {
    const { store, scheduler } = this.#world
    return (by) =>
      compact({
        store: store.view(by),
        stream: STREAM,
        format: jsonl() as Format,
        read: linesOf,
        closed: () => true,
        targetBytes,
        schemas: [columnsOf(false), columnsOf(true)],
        clock: scheduler.clockOf(by),
      })
  }

  #deletion(grace: number): (by: Owner) => Promise<unknown> {
    const { store, scheduler } = this.#world
    const graceMs = grace * MOST_GRACE_MS
    return (by) =>
      deleteRemoved({
        ...{ store: store.view(by), stream: STREAM, graceMs, clock: scheduler.clockOf(by) },
      })
  }

  #end(one: Owner & { alive: boolean }, how: string): void {
    const { scheduler } = this.#world
    if (!one.alive) return
    one.alive = false
    this.#living.splice(this.#living.indexOf(one), 1)
    scheduler.tell(one, how)
    scheduler.bury(one)
  }
}

function linesOf(bytes: Bytes): Row[] {
  return fromUtf8(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
