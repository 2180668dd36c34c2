import type { Ack, CommittedFile, FileInfo, LaneRange, Row } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { laneId } from '../../core/lane.ts'
import { isDeadLetter } from '../../sinks/dead-letters/lane.ts'
import { OpenUploads } from './open-uploads.ts'
import type { Owner, Scheduler } from './scheduler.ts'
import { VisibleFiles } from './visible-files.ts'

/** What no fault of this world gives a reason for. */
const IMPOSSIBLE: ReadonlySet<string> = new Set([
  ...['invalid-key', 'invalid-record', 'not-supported', 'too-large', 'checksum-mismatch'],
  ...['precondition-failed', 'already-exists'],
])

/** What a producer was told of one write. */
export interface Told {
  readonly shard: string
  /** Who told. */
  readonly by: Owner
  readonly rows: readonly Row[]
  readonly ack: Ack
}

/** Sees everything, and says what must never be. The first violation is the one that is told. */
export class Oracle {
  violation: string | undefined
  readonly told: Told[] = []
  readonly files: VisibleFiles
  readonly uploads: OpenUploads
  readonly #scheduler: Scheduler
  /** What was told of records that were in a log which is gone. */
  readonly #lost = new Set<Told>()
  /** By lane: the positions of records that were given up with their upload. */
  readonly #givenUp = new Map<string, Set<number>>()

  constructor(scheduler: Scheduler, manifest: boolean) {
    this.#scheduler = scheduler
    const fail = (what: string): void => this.fail(what)
    this.files = new VisibleFiles(manifest, fail)
    this.uploads = new OpenUploads(fail)
  }

  fail(what: string): void {
    this.violation ??= what
    this.#scheduler.tell(undefined, `VIOLATION ${what}`)
  }

  /** A producer got its answer. */
  acknowledged(shard: string, by: Owner, rows: readonly Row[], ack: Ack): void {
    const rejected = ack.rejected.map(({ index }) => index)
    const bad = rows.flatMap((row, index) => (row.bad ? [index] : []))
    if (String(bad) !== String(rejected) || ack.accepted + bad.length !== rows.length) {
      this.fail(`of ${rows.length} records ${bad} are bad: told of ${ack.accepted} and ${rejected}`)
    }
    this.told.push({ shard, by, rows, ack })
  }

  /** A shard's log in memory is gone, and with it what was not visible. */
  logLost(shard: string, owners: readonly Owner[]): void {
    for (const one of this.told) if (one.shard === shard) this.#lost.add(one)
    this.uploads.lost(owners)
  }

  /** A log has forgotten records that were in an upload only. */
  gaveUp({ lane, begin, end }: LaneRange): void {
    const word = laneId(lane)
    const positions = this.#givenUp.get(word) ?? new Set()
    for (let at = begin; at < end; at++) positions.add(at)
    this.#givenUp.set(word, positions)
  }

  /** Whether all that it tells of must be visible some day. */
  isKept(one: Told): boolean {
    return !this.#lost.has(one) && this.#givenUpOf(one) === 0
  }

  /** How many of its records were given up. */
  #givenUpOf({ ack }: Told): number {
    let count = 0
    for (const { lane, begin, end } of ack.receipt.ranges) {
      const positions = this.#givenUp.get(laneId(lane))
      for (let at = begin; at < end; at++) if (positions?.has(at)) count++
    }
    return count
  }

  /** A call failed: by one of our errors, and of those by one that has a reason here. */
  refusal(error: unknown, what: string): void {
    if (!isSluiceError(error)) {
      this.fail(`${what} failed with ${(error as Error)?.stack ?? error}`)
      return
    }
    this.#scheduler.tell(undefined, `${what} refused: ${error.code}`)
    const isForeign = error.code === 'fenced' && error.key !== undefined
    if (isForeign || IMPOSSIBLE.has(error.code)) {
      this.fail(`${what} failed with ${error.code}: ${error.message}`)
    }
  }

  /** Everything that a producer was told of by then is visible. */
  checkVisible(told: readonly Told[], when: string): void {
    for (const one of told) {
      const hidden = one.rows.filter(({ id }) => !this.files.has(id as string))
      if (this.#lost.has(one) || hidden.length <= this.#givenUpOf(one)) continue
      this.fail(`${hidden[0]?.id} was acknowledged, and is not visible ${when}`)
    }
  }

  checkCommitted({ key, etag, begin, end }: CommittedFile): void {
    if (etag === '' || !this.files.isFile(key, begin, end)) {
      this.fail(`${key} is committed, and there is no such file`)
    }
  }

  /** Each lane's files follow one another, but for what was lost. */
  checkLanes(): void {
    const lost = [...this.#lost].flatMap(({ ack }) => ack.receipt.ranges)
    const words = new Set(lost.map(({ lane }) => laneId(lane)))
    this.files.checkLanes(
      (word, at) => words.has(word) || this.#givenUp.get(word)?.has(at) === true,
    )
  }

  /** The records lie where their receipt says. */
  checkPlaces(one: Told): void {
    const { rows, ack } = one
    const idsOf = (bad: boolean): Set<unknown> =>
      new Set(rows.filter((row) => (row.bad !== undefined) === bad).map(({ id }) => id))
    const [taken, letters] = [idsOf(false), idsOf(true)]
    for (const { lane, begin, end } of ack.receipt.ranges) {
      const expected = isDeadLetter(lane) ? letters : taken
      for (let at = begin; at < end; at++) {
        const id = this.files.idAt(lane, at)
        if (expected.delete(id)) continue
        const isGone = this.#lost.has(one) || this.#givenUp.get(laneId(lane))?.has(at)
        if (id === undefined && isGone) continue
        this.fail(`a receipt has ${id} at ${at} of "${laneId(lane)}", which is not its own`)
      }
    }
    if (!this.#lost.has(one) && taken.size + letters.size > this.#givenUpOf(one))
      this.fail(`a receipt does not name ${[...taken, ...letters]}`)
  }

  /** A receipt names the files that hold its records, and no others. */
  checkFiles(files: readonly FileInfo[], ranges: readonly LaneRange[]): void {
    for (const { key, lane, begin, end } of files) {
      const isAsked = ranges.some(
        (range) => laneId(range.lane) === laneId(lane) && range.begin < end && range.end > begin,
      )
      if (!isAsked || !this.files.isFile(key, begin, end)) this.fail(`a receipt names ${key}`)
    }
  }
}
