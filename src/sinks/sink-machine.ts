import { nanoid } from 'nanoid'
import type {
  Ack,
  CallOptions,
  Clock,
  Committed,
  CutReason,
  FileInfo,
  Format,
  Lane,
  LaneRange,
  LaneState,
  Log,
  LogBatch,
  LogSession,
  Progress,
  Receipt,
  Schema,
  SealedFile,
  SinkResult,
  SinkWriteOptions,
  StandardSchemaLike,
  Store,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { fingerprint } from '../core/infer.ts'
import { rangesOf, receiptId } from '../core/receipt-id.ts'
import { disposeWriter } from '../core/streams.ts'
import type { FileSink } from './create-sink.ts'
import { isDeadLetter } from './dead-letters/lane.ts'
import { batchOf, producerStep } from './intake/batch.ts'
import { type Judge, judge } from './intake/verdicts.ts'
import { slowDown, WriteQueue } from './intake/write-queue.ts'
import { DEFAULT_NAME, type NameValues, nameTemplate } from './policy/name.ts'
import { OpenLanes } from './policy/open-lanes.ts'
import type { Rotation } from './policy/rotation.ts'
import type { Encodings } from './publish/encodings.ts'
import { Publisher } from './publish/publisher.ts'
import { fileInfo, filesWithin, progressOf } from './receipts.ts'

export interface SinkMachineOptions<R> {
  readonly store: Store
  readonly format: Format<R>
  readonly encodings: Encodings<R>
  readonly stream: string
  readonly shard: string
  readonly clock: Clock
  readonly maxPendingBytes: number
  readonly maxRecordBytes: number
  readonly schema: Schema | StandardSchemaLike | undefined
  readonly log: Log<R>
  readonly name: (values: NameValues) => string
  readonly partition: (row: R) => string
  readonly rotation: Rotation
}

interface Opened<R> {
  readonly session: LogSession<R>
  readonly publisher: Publisher
}

/** Dead letters keep this name whatever the stream's template is: they must be found without knowing it. */
const deadLetterName = nameTemplate(DEFAULT_NAME)

/** Each is a text of a key's length; a set of all that ever were would grow as long as the sink lives. */
const MAX_CHECKED_PARTITIONS = 1000

/**
 * The state machine behind `createSink`. Every change of a lane (append, cut) goes through one queue; publishing runs
 * beside it and touches only sealed files.
 */
export class SinkMachine<R extends object> implements FileSink<R> {
  readonly #options: SinkMachineOptions<R>
  readonly #queue: WriteQueue
  readonly #lanes: OpenLanes
  readonly #judge: Judge<R>
  /** Partitions whose keys are known to be valid. */
  readonly #checkedPartitions = new Set<string>()
  #opening: Promise<Opened<R>> | undefined
  #schemaWord = 'auto'
  #accepted = 0
  #rejected = 0
  #closing: Promise<SinkResult> | undefined
  #closed = false
  /** Set once the sink is closed, aborted or fenced. */
  #over: SluiceError | undefined

  constructor(options: SinkMachineOptions<R>) {
    this.#options = options
    const { format, schema, maxRecordBytes, maxPendingBytes, clock, rotation } = options
    this.#queue = new WriteQueue(maxPendingBytes)
    this.#lanes = new OpenLanes({
      clock,
      ageMs: rotation.ageMs,
      onAged: (lane) => this.#cutAged(lane),
    })
    this.#judge = { format, schema, maxRecordBytes, partition: (row) => this.#partitionOf(row) }
  }

  async open(): Promise<void> {
    this.#throwIfOver()
    await this.#opened()
  }

  async write(rows: Iterable<R>, options: SinkWriteOptions = {}): Promise<Ack> {
    this.#throwIfOver()
    // What came after close() began would be acknowledged and never cut.
    if (this.#closing) throw new SluiceError('invalid-options', 'The sink is being closed')
    if (typeof rows?.[Symbol.iterator] !== 'function') {
      throw new SluiceError('invalid-options', 'write() takes a list of records, or any iterable')
    }
    const all = [...rows]
    try {
      return await this.#queue.write(all, options.signal, async () =>
        this.#append(await this.#opened(), all, options),
      )
    } catch (error) {
      // After abort() the log says "fenced", and it was this sink itself.
      throw this.#over ?? error
    }
  }

  async flush(options: CallOptions = {}): Promise<readonly FileInfo[]> {
    this.#throwIfOver()
    throwIfAborted(options.signal)
    const { publisher } = await this.#opened()
    return this.#flush(publisher, 'flush', options.signal)
  }

  close(): Promise<SinkResult> {
    this.#closing ??= this.#close().catch((error: unknown) => {
      // The records are still in the log and the sink still works: a later close() tries again.
      if (!this.#over) this.#closing = undefined
      throw error
    })
    return this.#closing
  }

  async abort(reason?: unknown): Promise<void> {
    if (this.#over) return
    this.#over = new SluiceError('aborted', 'The sink was aborted', { cause: reason })
    const opened = await this.#opening?.catch(() => undefined)
    if (opened) await this.#release(opened, this.#over)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disposeWriter(this)
  }

  receipt(id: string): Receipt {
    return this.#receipt(rangesOf(id, this.#options.stream))
  }

  #opened(): Promise<Opened<R>> {
    // A log that is opened after abort() would be nobody's to give back.
    if (this.#over && !this.#opening) return Promise.reject(this.#over)
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<Opened<R>> {
    const { log, encodings, stream, shard } = this.#options
    const { schema } = encodings.current
    if (schema) this.#schemaWord = await fingerprint(schema)
    const session = await log.open(`${stream}/${shard}`)
    try {
      return await this.#adopt(session)
    } catch (error) {
      await session.close().catch(() => {})
      throw error
    }
  }

  /** Takes over what an earlier process left in the log. */
  async #adopt(session: LogSession<R>): Promise<Opened<R>> {
    const { store, clock, encodings, rotation } = this.#options
    const { lanes, sealed } = session.state
    for (const pending of [...sealed, ...lanes]) encodings.check(pending)
    for (const { lane, encoding } of lanes) this.#checkName(lane, encoding.format)
    const publisher = new Publisher({
      store,
      session: session as unknown as LogSession<never>,
      clock,
      encodingOf: (file) => encodings.of(file),
      onCommitted: ({ lane, bytes }, { rowBytes, encoding }) => {
        const alike = !isDeadLetter(lane) && encoding.format === encodings.current.format
        if (alike) rotation.learn(rowBytes, bytes)
      },
      onFenced: (error) => this.#fenced(error),
    })
    for (const file of sealed) publisher.enqueue(file)
    const opened = { session, publisher }
    for (const lane of lanes) {
      if (this.#isOutdated(lane)) await this.#cut(opened, lane, lane.end - lane.begin, 'options')
    }
    // No timer is set before nothing can fail any more.
    for (const lane of lanes) if (!this.#isOutdated(lane)) this.#lanes.restore(lane)
    void publisher.run()
    return opened
  }

  /** Whether what this sink takes could not be in one file with what the lane holds. */
  #isOutdated({ lane, encoding }: LaneState): boolean {
    if (isDeadLetter(lane)) return false
    const { format } = this.#options.encodings.current
    return encoding.format !== format || lane.schema !== this.#schemaWord
  }

  async #append(opened: Opened<R>, rows: R[], options: SinkWriteOptions): Promise<Ack> {
    this.#throwIfOver()
    const { clock, stream, shard, encodings } = this.#options
    const before = options.refused ?? []
    const verdicts = await judge(rows, before, this.#judge)
    const producer = options.producer && (await producerStep(options.producer, rows, before))
    const lane = { stream, shard, schema: this.#schemaWord }
    const batch = batchOf(verdicts, lane, encodings.current, producer, clock.now())
    await this.#makeRoom(opened, batch, options.signal)
    throwIfAborted(options.signal)
    const appended = await opened.session.append(batch)
    if (!appended.duplicate) {
      for (const [i, range] of appended.ranges.entries()) {
        const part = batch.lanes[i]
        if (part) this.#lanes.appended(range, part.bytes, batch.atMs, part.encoding)
      }
      this.#accepted += verdicts.accepted.length
      this.#rejected += verdicts.refused.length
      // The records are kept, whatever becomes of this cut: the lane's next append or its age brings it about again.
      await this.#cutFull(opened, appended.ranges).catch(() => {})
    }
    return {
      accepted: countOf(appended.ranges.filter(({ lane }) => !isDeadLetter(lane))),
      rejected: appended.rejected,
      duplicate: appended.duplicate,
      receipt: this.#receipt(appended.ranges),
    }
  }

  /** Waits until the log has room, cutting the largest file to make it. A batch always fits into an empty log. */
  async #makeRoom(
    opened: Opened<R>,
    batch: LogBatch<R>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { maxPendingBytes, clock } = this.#options
    const { publisher } = opened
    const incoming = batch.lanes.reduce((sum, { bytes }) => sum + bytes, 0)
    for (;;) {
      const pending = this.#lanes.bytes + publisher.pendingBytes
      if (pending === 0 || pending + incoming <= maxPendingBytes) return
      const { stall } = publisher
      if (stall && (stall.outage || this.#lanes.bytes === 0)) {
        throw slowDown('The store fails and the log is full', {
          cause: stall.error,
          retryAfterMs: Math.max(0, stall.retryAtMs - clock.now()),
        })
      }
      const changed = publisher.changes.wait(signal)
      // Nobody may be left to wait for it when the cut below throws.
      changed.catch(() => {})
      const [largest] = [...this.#lanes.open()].sort((a, b) => b.bytes - a.bytes)
      if (largest) await this.#cut(opened, largest, largest.end - largest.begin, 'memory')
      void publisher.run()
      await changed
      this.#throwIfOver()
    }
  }

  async #cutFull(opened: Opened<R>, ranges: readonly LaneRange[]): Promise<void> {
    const { rotation } = this.#options
    let cuts = 0
    for (const range of ranges) {
      for (;;) {
        const lane = this.#lanes.get(range.lane)
        if (!lane) break
        const cut = rotation.cut(lane.end - lane.begin, lane.bytes)
        if (!cut) break
        await this.#cut(opened, lane, Math.min(cut.records, lane.end - lane.begin), cut.reason)
        cuts++
      }
    }
    if (cuts > 0) void opened.publisher.run()
  }

  /** Decides a file: from here on its range and key never change. */
  async #cut(
    opened: Opened<R>,
    lane: LaneState,
    records: number,
    reason: CutReason,
  ): Promise<void> {
    const { clock } = this.#options
    const { begin } = lane
    const end = begin + records
    const id = nanoid()
    const openedAtMs = lane.openedAtMs ?? clock.now()
    const extension = lane.encoding.format
    const key = this.#keyOf({ lane: lane.lane, begin, end, id, openedAtMs, extension })
    const file: SealedFile = {
      id,
      lane: lane.lane,
      begin,
      end,
      key,
      reason,
      openedAtMs,
      sealedAtMs: clock.now(),
    }
    const sealed = await opened.session.seal(file).catch((error: unknown) => {
      if (isSluiceError(error, 'fenced')) this.#fenced(error)
      throw error
    })
    this.#lanes.cut(sealed.rest)
    opened.publisher.enqueue(sealed.file)
  }

  async #flush(
    publisher: Publisher,
    reason: CutReason,
    signal?: AbortSignal,
  ): Promise<readonly FileInfo[]> {
    const before = publisher.files.length
    await this.#queue.run(async () => {
      const opened = await this.#opened()
      for (const lane of this.#lanes.open()) {
        await this.#cut(opened, lane, lane.end - lane.begin, reason)
      }
    }, signal)
    await publisher.settled(signal)
    return publisher.files.slice(before)
  }

  async #close(): Promise<SinkResult> {
    this.#throwIfOver()
    const opened = await this.#opened()
    await this.#flush(opened.publisher, 'close')
    this.#closed = true
    this.#over = new SluiceError('invalid-options', 'The sink is closed')
    await this.#release(opened, this.#over)
    return { accepted: this.#accepted, rejected: this.#rejected, files: opened.publisher.files }
  }

  async #release({ session, publisher }: Opened<R>, reason: SluiceError): Promise<void> {
    this.#lanes.cancelTimers()
    await publisher.stop(reason)
    await session.close()
  }

  async #cutAged(lane: LaneState): Promise<void> {
    try {
      const opened = await this.#opened()
      await this.#queue.run(async () => {
        if (this.#over || lane.end === lane.begin) return
        await this.#cut(opened, lane, lane.end - lane.begin, 'age')
      })
      await opened.publisher.run()
    } catch {
      // The log refused (it is full or gone): the records stay open, and the next write or flush hears of it.
      this.#lanes.rearm(lane.lane)
    }
  }

  #keyOf(values: NameValues): string {
    return (isDeadLetter(values.lane) ? deadLetterName : this.#options.name)(values)
  }

  /** Throws `invalid-key` if some file of the lane could not be named. */
  #checkName(lane: Lane, extension: string): void {
    const end = Number.MAX_SAFE_INTEGER
    this.#keyOf({ lane, begin: end, end, id: nanoid(), openedAtMs: 0, extension })
  }

  /** The partition of a row, refused here if no file of it could be named. */
  #partitionOf(row: R): string {
    const { partition: partitionOf, stream, shard, format } = this.#options
    const partition = partitionOf(row)
    if (!this.#checkedPartitions.has(partition)) {
      const lane = { stream, partition, shard, schema: this.#schemaWord }
      this.#checkName(lane, format.extension)
      if (this.#checkedPartitions.size >= MAX_CHECKED_PARTITIONS) this.#checkedPartitions.clear()
      this.#checkedPartitions.add(partition)
    }
    return partition
  }

  #receipt(ranges: readonly LaneRange[]): Receipt {
    return {
      id: receiptId(ranges),
      ranges,
      committed: (options) => this.#committed(ranges, options?.signal),
      progress: () => this.#progress(ranges),
    }
  }

  async #progress(ranges: readonly LaneRange[]): Promise<Progress> {
    if (!this.#closed) {
      // A sink that was aborted or fenced has no log to ask.
      this.#throwIfOver()
      const { session } = await this.#opened()
      return progressOf(ranges, async (range) => (await session.committed(range)).map(fileInfo))
    }
    const { publisher } = await this.#opened()
    // A closed sink has given its log back, and knows what it has published itself, but not what became of the rest.
    const progress = await progressOf(ranges, async (range) => filesWithin(publisher.files, range))
    if (progress.state === 'pending') this.#throwIfOver()
    return progress
  }

  async #committed(
    ranges: readonly LaneRange[],
    signal: AbortSignal | undefined,
  ): Promise<Committed> {
    const { publisher } = await this.#opened()
    for (;;) {
      throwIfAborted(signal)
      const changed = publisher.changes.wait(signal)
      // Nobody may be left to wait for it when the question below throws.
      changed.catch(() => {})
      const { state, records, files } = await this.#progress(ranges)
      if (state === 'committed') return { records, files }
      this.#throwIfOver()
      await changed
    }
  }

  /** Another process answers for this sink's records now. */
  #fenced(error: SluiceError): void {
    this.#over ??= error
    this.#lanes.cancelTimers()
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over
  }
}

function countOf(ranges: readonly LaneRange[]): number {
  return ranges.reduce((sum, { begin, end }) => sum + end - begin, 0)
}
