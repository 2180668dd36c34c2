import type { Ack, Row } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import type { Told } from './oracle.ts'
import { MAX_BATCH_RECORDS, MAX_RECORD_BYTES } from './plan.ts'
import type { Random } from './random.ts'
import type { Shard, World } from './shard.ts'

const LONGEST_WAIT_MS = 60_000
const PARTITIONS = ['a', 'b', 'c']
/** After these, by the contract, nobody knows whether something was kept. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...['network', 'timeout', 'aborted', 'unavailable', 'protocol'],
])
const LOST = Symbol('nobody answers')

/** Writes to one shard from outside its processes, and does not give up before it has an answer for each of its writes. */
export class Producer {
  readonly #name: string
  readonly #shard: Shard
  readonly #world: World
  readonly #random: Random
  /** Whether it numbers its writes, and so may send one again that was not answered. */
  readonly #numbered: boolean

  constructor(name: string, shard: Shard, world: World) {
    this.#name = name
    this.#shard = shard
    this.#world = world
    this.#random = world.random.fork(`producer ${name}`)
    this.#numbered = this.#random.chance(0.75)
  }

  async run(): Promise<void> {
    const { plan } = this.#world
    for (let seq = 0; seq < plan.writes; seq++) {
      await this.#pause('thinks', plan.ageMs)
      const rows = this.#rows(seq)
      for (let attempt = 1; !(await this.#write(rows, seq)); attempt++) {
        await this.#pause('waits', Math.min(LONGEST_WAIT_MS, 100 * 2 ** attempt))
      }
      if (this.#random.chance(plan.flushRate)) await this.#flush()
      if (this.#random.chance(plan.flushRate)) await this.#ask()
    }
  }

  #pause(what: string, mostMs: number): Promise<void> {
    const ms = this.#random.fraction() * mostMs
    return this.#world.scheduler.wait(undefined, `${this.#name} ${what}`, ms)
  }

  #rows(seq: number): Row[] {
    const random = this.#random
    return Array.from({ length: random.between(1, MAX_BATCH_RECORDS) }, (_, i) => ({
      id: `${this.#name}.${seq}.${i}`,
      p: random.pick(PARTITIONS),
      pad: 'x'.repeat(random.between(0, 120)),
      ...(this.#world.plan.columns !== 'reject' && random.chance(0.1) && { more: i }),
      ...(random.chance(0.05) && { bad: 'x'.repeat(MAX_RECORD_BYTES) }),
    }))
  }

  /** Whether it is done with these. */
  async #write(rows: readonly Row[], seq: number): Promise<boolean> {
    const { oracle } = this.#world
    const process = this.#shard.any()
    const producer = this.#numbered ? { id: this.#name, epoch: 0, seq } : undefined
    try {
      const answer = process.sink.write(rows, { producer })
      const ack = await Promise.race([answer, process.died.then(() => LOST)])
      // Nobody knows what became of it.
      if (typeof ack === 'symbol') return !this.#numbered
      oracle.acknowledged(this.#shard.name, process, rows, ack as Ack)
      return true
    } catch (error) {
      oracle.refusal(error, 'write')
      if (isSluiceError(error, 'conflict')) oracle.fail(`${this.#name} was told ${error.message}`)
      // Who is fenced is ended some time, and the next write starts a successor. With a disk that failed, it goes on by itself.
      const isOver = isSluiceError(error, 'fenced') && this.#random.chance(0.15)
      if (process.alive && isOver) process.kill()
      if (!this.#numbered && !isUnknown(error)) {
        for (const { id } of rows) oracle.files.refuse(id as string)
      }
      return !this.#numbered
    }
  }

  /** Whoever asks changes nothing. */
  async #ask(): Promise<void> {
    const { newest } = this.#shard
    const asked = newest?.sink.explain()
    await Promise.race([asked, newest?.died]).catch((error: unknown) =>
      this.#world.oracle.refusal(error, 'explain'),
    )
  }

  /** What was acknowledged before is visible after. */
  async #flush(): Promise<void> {
    const { oracle } = this.#world
    const process = this.#shard.newest
    if (!process) return
    // A zombie that opened its log late may have taken records that this process knows nothing of.
    const before: readonly Told[] = oracle.told.filter(
      ({ shard, by }, i) =>
        shard === this.#shard.name && (by === process || i < process.toldBefore),
    )
    const closes = this.#random.chance(0.3)
    const what = closes ? 'close' : 'flush'
    try {
      const done = closes ? process.sink.close() : process.sink.flush()
      const lost = await Promise.race([done.then(() => undefined), process.died.then(() => LOST)])
      if (lost) return
      oracle.checkVisible(before, `after ${what} of ${process.name}`)
    } catch (error) {
      oracle.refusal(error, what)
    }
    if (closes && process.alive) process.kill()
  }
}

/** Whether some of it may be kept: of a `fenced`, unless it is about the producer, the next owner knows more. */
function isUnknown(error: unknown): boolean {
  if (!isSluiceError(error)) return true
  return UNKNOWN.has(error.code) || (error.code === 'fenced' && error.producerId === undefined)
}
