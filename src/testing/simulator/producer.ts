import type { Ack, Row } from '../../contracts/index.ts'
import { isSluiceError, type SluiceError } from '../../core/errors.ts'
import type { Told } from './oracle.ts'
import { MANY_RECORDS, MAX_BATCH_RECORDS, MAX_RECORD_BYTES } from './plan.ts'
import type { Random } from './random.ts'
import type { Process, Shard, World } from './shard.ts'

const LONGEST_WAIT_MS = 60_000
const PARTITIONS = ['a', 'b', 'c']
/** After these, by the contract, nobody knows whether something was kept. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...['network', 'timeout', 'aborted', 'unavailable', 'protocol'],
])
const LOST = Symbol('nobody answers')

/** Of a producer that does not wait for the answer to one before it sends the next. */
const MOST_AT_ONCE = 3

interface Request {
  readonly seq: number
  readonly rows: readonly Row[]
}

/**
 * Writes to one shard from outside its processes, several requests at once, and does not give up before it has an answer for each of
 * them: those without one are sent again, in their order.
 */
export class Producer {
  readonly #name: string
  readonly #shard: Shard
  readonly #world: World
  readonly #random: Random
  /** Whether it numbers its writes, and so may send one again that was not answered. */
  readonly #numbered: boolean
  /** The highest number that was acknowledged: it and all before it are kept. */
  #kept = -1
  /** The log that knows its numbers, and its first request to that one. */
  #log = 0
  #first = 0

  constructor(name: string, shard: Shard, world: World) {
    this.#name = name
    this.#shard = shard
    this.#world = world
    this.#random = world.random.fork(`producer ${name}`)
    this.#numbered = this.#random.chance(0.75) || world.plan.isRunAgain
  }

  async run(): Promise<void> {
    const { plan } = this.#world
    for (let next = 0; next < plan.writes; ) {
      await this.#pause('thinks', plan.thinkMs ?? plan.ageMs)
      const count = this.#random.between(1, Math.min(MOST_AT_ONCE, plan.writes - next))
      const requests = Array.from({ length: count }, (_, i) => this.#request(next + i))
      next += count
      this.#follow(requests)
      let open = await this.#send(requests)
      for (let attempt = 1; open.length > 0; attempt++) {
        await this.#pause('waits', Math.min(LONGEST_WAIT_MS, 100 * 2 ** attempt))
        // Nobody knows what became of those that a lost log may have had.
        open = this.#log === this.#shard.lost ? await this.#send(open) : []
      }
      if (this.#random.chance(plan.flushRate)) await this.#flush()
      if (this.#random.chance(plan.flushRate)) await this.#ask()
    }
  }

  /** A new log knows nobody. */
  #follow([first]: readonly Request[]): void {
    if (this.#log === this.#shard.lost) return
    this.#log = this.#shard.lost
    this.#first = first?.seq ?? 0
    this.#kept = -1
  }

  #pause(what: string, mostMs: number): Promise<void> {
    const ms = this.#random.fraction() * mostMs
    return this.#world.scheduler.wait(undefined, `${this.#name} ${what}`, ms)
  }

  #request(seq: number): Request {
    const random = this.#random
    const { manyRecords, columns, csv, groupRows } = this.#world.plan
    // What is small fits where others have to wait for room.
    const few = groupRows !== undefined && random.chance(0.6)
    const [least, most] = manyRecords ? MANY_RECORDS : [1, few ? 1 : MAX_BATCH_RECORDS]
    const hasMore = csv && random.chance(0.4)
    const hasPad = !csv || random.chance(0.7)
    const rows = Array.from({ length: random.between(least, most) }, (_, i) => ({
      id: `${this.#name}.${seq}.${i}`,
      p: random.pick(PARTITIONS),
      ...(hasPad && { pad: 'x'.repeat(random.between(0, 120)) }),
      ...(((columns !== 'reject' && random.chance(manyRecords ? 0.01 : 0.1)) || hasMore) && {
        more: i,
      }),
      ...(random.chance(manyRecords ? 0.01 : 0.05) && { bad: 'x'.repeat(MAX_RECORD_BYTES) }),
    }))
    return { seq, rows }
  }

  /** All at once; answers with those that are to be sent again. */
  async #send(requests: readonly Request[]): Promise<readonly Request[]> {
    const process = this.#shard.any()
    const isDone = await Promise.all(requests.map((request) => this.#write(process, request)))
    return requests.filter((_, i) => !isDone[i])
  }

  /** Whether it is done with this one. */
  async #write(process: Process, request: Request): Promise<boolean> {
    const { oracle, plan } = this.#world
    const { rows } = request
    const seq = request.seq - this.#first
    const producer = this.#numbered ? { id: this.#name, epoch: 0, seq } : undefined
    try {
      const answer = process.sink.write(rows, { producer })
      const ack = await Promise.race([answer, process.died.then(() => LOST)])
      // Nobody knows what became of it.
      if (typeof ack === 'symbol') return !this.#numbered
      oracle.acknowledged(this.#shard.name, process, rows, ack as Ack)
      this.#kept = Math.max(this.#kept, seq)
      return true
    } catch (error) {
      oracle.refusal(error, 'write')
      if (isSluiceError(error, 'conflict') && !this.#isGap(error, seq)) {
        oracle.fail(`${this.#name} was told ${error.message}`)
      }
      // Who is fenced is ended some time, and the next write starts a successor. With a disk that failed, it goes on by itself.
      const isOver = isSluiceError(error, 'fenced') && this.#random.chance(0.15)
      if (process.alive && isOver) process.kill()
      if (plan.memory && isGone(error)) await this.#shard.giveUp(process)
      if (!this.#numbered && !isUnknown(error)) {
        for (const { id } of rows) oracle.files.refuse(id as string)
      }
      return !this.#numbered
    }
  }

  /** Whether one before it, which was sent at the same time, was not kept. */
  #isGap({ expectedSeq }: SluiceError, seq: number): boolean {
    return expectedSeq !== undefined && expectedSeq < seq && expectedSeq > this.#kept
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
    // Only its end makes a run visible.
    const closes = this.#random.chance(0.3) || this.#world.plan.run
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

/** Whether a begun file cannot be gone on with any more. */
export function isGone(error: unknown): boolean {
  if (!isSluiceError(error)) return false
  return error.code === 'not-found' || (error.code === 'slow-down' && isGone(error.cause))
}
