import type {
  Appended,
  Clock,
  CutReason,
  Format,
  LaneState,
  Log,
  LogBatch,
  LogSession,
  ProducerStep,
  Schema,
  SinkEvent,
  SinkStatus,
  SinkWriteOptions,
  StandardSchemaLike,
  Store,
} from '../contracts/index.ts'
import { isSluiceError, orAborted, type SluiceError, throwIfAborted } from '../core/errors.ts'
import { Turns } from '../core/turn.ts'
import type { Account } from './account.ts'
import { BreakableSession } from './breakable-session.ts'
import { isDeadLetter } from './dead-letters/lane.ts'
import { Appends } from './intake/appends.ts'
import { batchBytes, batchOf, producerStep } from './intake/batch.ts'
import { columnsOf, type Drift } from './intake/columns/columns.ts'
import type { Columns } from './intake/columns/version.ts'
import { type Judge, judge } from './intake/verdicts.ts'
import type { WriteQueue } from './intake/write-queue.ts'
import type { Budget } from './policy/budget.ts'
import { Cutter } from './policy/cutter.ts'
import type { Deadlines } from './policy/deadlines.ts'
import { DueCuts } from './policy/due-cuts.ts'
import { explained, type OpenFile } from './policy/explain.ts'
import type { FileNames } from './policy/file-names.ts'
import { OpenLanes } from './policy/open-lanes.ts'
import type { Partitioner } from './policy/partition.ts'
import { Room } from './policy/room.ts'
import type { Rotation } from './policy/rotation.ts'
import { Rotator } from './policy/rotator.ts'
import { Watermark } from './policy/watermark.ts'
import type { Encodings } from './publish/encodings.ts'
import { openPublisher } from './publish/open-publisher.ts'
import type { Publisher } from './publish/publisher.ts'
import { acceptedOf } from './receipts.ts'
import { statusOf } from './status.ts'

export interface OpenSinkOptions<R> {
  readonly store: Store
  readonly probe: boolean
  readonly manifest: boolean
  readonly run: string | undefined
  readonly format: Format<R>
  readonly encodings: Encodings<R>
  readonly stream: string
  readonly shard: string
  readonly clock: Clock
  readonly budget: Budget
  readonly schema: Schema | StandardSchemaLike | undefined
  readonly drift: Drift
  readonly log: Log<R>
  readonly names: FileNames
  readonly partitioner: Partitioner<R>
  readonly rotation: Rotation
  readonly deadlines: Deadlines
  readonly maxOpenFiles: number
  readonly tell: (event: SinkEvent) => void
  /** Every change of a lane (append, cut) has its turn in it; publishing runs beside it and touches only sealed files. */
  readonly queue: WriteQueue
  readonly account: Account
  /** Another process answers for this sink's records now. */
  readonly onFenced: (error: SluiceError) => void
  readonly throwIfOver: () => void
  /** Fires when the sink is over. */
  readonly over: AbortSignal
}

/** Opens the log, and takes over what an earlier process left in it. */
export async function openSink<R extends object>(
  options: OpenSinkOptions<R>,
): Promise<OpenSink<R>> {
  const { log, format, run, schema, drift, stream, shard, tell } = options
  const columns = await columnsOf({ format: format.extension, run, schema, drift, tell })
  // Records that the format cannot write would be acknowledged, and published by nobody.
  format.checkColumns?.(columns.base.encoding.schema)
  const session = new BreakableSession(await log.open(`${stream}/${shard}`))
  try {
    const sink = new OpenSink(options, session, columns)
    await sink.adopt()
    return sink
  } catch (error) {
    await session.close().catch(() => {})
    throw error
  }
}

/** A sink whose log is open. `append` and `cutAll` are called in a turn of the queue. */
export class OpenSink<R extends object> {
  readonly session: BreakableSession<R>
  readonly publisher: Publisher
  readonly #options: OpenSinkOptions<R>
  readonly #columns: Columns
  readonly #judge: Judge<R>
  readonly #lanes: OpenLanes
  readonly #appends: Appends<R>
  readonly #cutter: Cutter
  readonly #rotator: Rotator
  readonly #due: DueCuts
  readonly #room: Room
  readonly #turns = new Turns()

  constructor(options: OpenSinkOptions<R>, session: BreakableSession<R>, columns: Columns) {
    const { store, probe, manifest, run, log, clock, format, encodings, budget } = options
    const { names, rotation, deadlines, partitioner, maxOpenFiles, stream, shard } = options
    const { account, onFenced, tell } = options
    const throwIfOver = (): void => this.#throwIfOver()
    this.#options = options
    this.session = session
    this.#columns = columns
    const validator = options.schema && '~standard' in options.schema ? options.schema : undefined
    this.#judge = {
      format,
      validator,
      columns,
      partitioner,
      laneOf: (partition, { word }) => {
        const lane = { stream, partition, shard, schema: word }
        names.check(lane, format.extension)
        return lane
      },
      maxRecordBytes: budget.recordBytes,
    }
    const ofAny = session as unknown as LogSession<never>
    this.publisher = openPublisher({
      store,
      stream,
      shard,
      probe,
      manifest,
      run,
      volatile: log.inMemory,
      session: ofAny,
      clock,
      budget,
      encodingOf: (file) => encodings.of(file),
      onCommitted: ({ lane, bytes }, { rowBytes, encoding }) => {
        const alike = !isDeadLetter(lane) && encoding.format === format.extension
        if (alike) rotation.learn(rowBytes, bytes)
      },
      onFenced,
      tell,
      changes: account.changes,
      files: account.files,
      uploads: account.uploads,
    })
    const { publisher } = this
    const lanes = new OpenLanes({ clock, deadlines, onDue: (lane) => this.#due.ring(lane) })
    const appends = new Appends(session)
    const encodingOf = encodings.of.bind(encodings)
    const means = { store, session: ofAny, budget, encodingOf, clock, tell, onFenced }
    const cutter = new Cutter({ ...means, publisher, lanes, names })
    this.#lanes = lanes
    this.#appends = appends
    this.#cutter = cutter
    const { openBytes } = budget
    const rotator = new Rotator({ lanes, cutter, rotation, partitioner, maxOpenFiles, openBytes })
    this.#rotator = rotator
    const { queue } = options
    this.#due = new DueCuts({
      queue,
      appends,
      lanes,
      cutter,
      rotator,
      publisher,
      clock,
      throwIfOver,
    })
    this.#room = new Room({ budget, lanes, appends, publisher, cutter, clock, throwIfOver })
  }

  /** Goes on with what the log holds. */
  async adopt(): Promise<void> {
    const { account, encodings, names } = this.#options
    const { lanes, sealed } = this.session.state
    account.opened(this.session.state)
    for (const pending of [...sealed, ...lanes]) encodings.check(pending)
    for (const { lane, encoding } of lanes) names.check(lane, encoding.format)
    const outdated = lanes.filter((lane) => this.#isOutdated(lane))
    for (const lane of outdated) await this.#cutter.cutAll(lane, 'options')
    // No timer is set before nothing can fail any more.
    const open = lanes.filter((lane) => !outdated.includes(lane))
    for (const lane of open) this.#lanes.restore(lane)
    this.#due.grown(open.map(({ lane }) => lane))
    void this.publisher.run()
  }

  /** Judges the rows and gives them to the log. The turn ends with this; the log's answer comes later, and in order. */
  async append(
    rows: readonly R[],
    options: SinkWriteOptions,
  ): Promise<{ readonly answered: Promise<Appended> }> {
    const { stream, shard, clock, partitioner, over } = this.#options
    const { refused = [], signal } = options
    this.#throwIfOver()
    const watermark = this.#watermark(partitioner.allowedLateMs)
    const judged = judge(rows, refused, watermark, this.#judge)
    // A validator is somebody else's, and may never answer.
    const verdicts = await (this.#judge.validator
      ? orAborted(orAborted(judged, signal), over)
      : judged)
    const producer = options.producer && (await producerStep(options.producer, rows, refused))
    const batch = batchOf(verdicts, stream, shard, producer, clock.now())
    await this.#room.make(batchBytes(batch), signal)
    throwIfAborted(signal)
    const answered = this.#appends.start(batch, (appended) => {
      this.#appended(appended, batch, watermark)
      return appended
    })
    return { answered: this.#answer(answered, batchBytes(batch), producer) }
  }

  /** A log in memory never waits: whoever awaits one write after the other would leave nobody else a turn, the files that are due among them. */
  async #answer(
    answered: Promise<Appended>,
    bytes: number,
    producer: ProducerStep | undefined,
  ): Promise<Appended> {
    const appended = await answered.catch((error: unknown) => this.#refused(error, producer))
    await this.#turns.after(bytes)
    return appended
  }

  /** Makes files of all that is open. */
  async cutAll(reason: CutReason): Promise<void> {
    await this.#appends.settled()
    const gathered = this.publisher.gather()
    try {
      for (const lane of this.#lanes.open()) await this.#cutter.cutAll(lane, reason)
    } finally {
      gathered()
    }
  }

  explain(): readonly OpenFile[] {
    const { rotation, maxOpenFiles } = this.#options
    return this.#lanes.open().map((state) =>
      explained(state, {
        deadlines: this.#lanes.deadlines(state.lane),
        missing: rotation.missing(state.end - state.begin, state.bytes),
        closesAtMs: this.#rotator.closesAt(state.lane),
        missingFiles: maxOpenFiles - this.#lanes.count + 1,
        roomBytes: this.#room.leftBytes,
      }),
    )
  }

  status(): SinkStatus {
    const { queued } = this.publisher
    return statusOf(this.#lanes.open(), queued, this.#room.heldBytes, this.#options.clock.now())
  }

  /** Stops, and gives the log back. */
  async release(reason: SluiceError): Promise<void> {
    this.#lanes.stop()
    // First: a cut that is under way makes a file whose upload is the publisher's to end.
    await this.#cutter.stop(reason)
    await this.publisher.stop(reason)
    await this.session.close()
  }

  #watermark(allowedLateMs: number | undefined): Watermark {
    return new Watermark(allowedLateMs, this.#options.clock.now(), this.#rotator.watermarkMs)
  }

  #appended({ ranges, rejected, duplicate }: Appended, batch: LogBatch<R>, seen: Watermark): void {
    const { account, tell } = this.#options
    const accepted = acceptedOf(ranges)
    tell({
      type: 'appended',
      accepted,
      rejected: rejected.length,
      duplicate,
      bytes: duplicate ? 0 : batchBytes(batch),
    })
    if (duplicate) {
      account.again(batch.producer)
      return
    }
    account.took(accepted, rejected.length, batch.producer)
    for (const [i, range] of ranges.entries()) {
      const part = batch.lanes[i]
      if (part) this.#lanes.appended(range, part.bytes, batch.atMs, part.encoding)
    }
    this.#due.grown(
      ranges.map(({ lane }) => lane),
      seen.ms,
    )
  }

  #refused(error: unknown, producer: ProducerStep | undefined): never {
    const isProducers = isSluiceError(error) && error.producerId !== undefined
    if (isSluiceError(error, 'fenced') && !isProducers) this.#options.onFenced(error)
    if (isSluiceError(error, 'already-exists') && isProducers) this.#options.account.again(producer)
    throw error
  }

  #throwIfOver(): void {
    this.#options.throwIfOver()
    this.session.throwIfBroken()
  }

  /** Whether what this sink takes could not be in one file with what the lane holds. */
  #isOutdated(state: LaneState): boolean {
    return !isDeadLetter(state.lane) && !this.#columns.takesUp(state)
  }
}
