import { nanoid } from 'nanoid'
import type {
  Ack,
  CallOptions,
  Clock,
  Committed,
  CommittedFile,
  CutReason,
  FileInfo,
  Format,
  Lane,
  LaneRange,
  Log,
  LogBatch,
  LogSession,
  PendingFile,
  Progress,
  Receipt,
  Schema,
  SealedFile,
  SinkResult,
  SinkWriteOptions,
  StandardSchemaLike,
  Store,
} from '../contracts/index.ts'
import {
  isSluiceError,
  SluiceError,
  type SluiceErrorOptions,
  throwIfAborted,
} from '../core/errors.ts'
import { fingerprint } from '../core/infer.ts'
import { type Limiter, limiter } from '../core/limiter.ts'
import { rangesOf, receiptId } from '../core/receipt-id.ts'
import { approximateBytes } from '../core/sizes.ts'
import { disposeWriter } from '../core/streams.ts'
import { batchOf, producerStep } from './batch.ts'
import type { FileSink } from './create-sink.ts'
import { deadLetterFormat } from './dead-letter.ts'
import { DEFAULT_NAME, type NameValues, nameTemplate } from './name.ts'
import { type OpenLane, OpenLanes } from './open-lanes.ts'
import { Publisher } from './publisher.ts'
import { fileInfo, filesWithin, progressOf } from './receipts.ts'
import type { Rotation } from './rotation.ts'
import { type Judge, judge } from './verdicts.ts'

export interface SinkMachineOptions<R> {
  readonly store: Store
  readonly format: Format<R>
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

/**
 * The state machine behind `createSink`. Every change of a lane (append, cut) goes through one queue; publishing runs
 * beside it and touches only sealed files.
 */
export class SinkMachine<R extends object> implements FileSink<R> {
  readonly #options: SinkMachineOptions<R>
  readonly #serial: Limiter = limiter(1)
  readonly #lanes: OpenLanes
  readonly #judge: Judge<R>
  /** Partitions whose keys are known to be valid. */
  readonly #checkedPartitions = new Set<string>()
  /** Writes that are at work or wait, and what the rows of those weigh that wait. */
  #writes = 0
  #waitingBytes = 0
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
    const { format, schema, maxRecordBytes, clock, rotation } = options
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
    return this.#queued(all, options.signal, async () =>
      this.#append(await this.#opened(), all, options),
    )
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

  /**
   * A turn in the queue. Rows that wait there are counted only here: besides those of the write at work, as many may wait as
   * the log may hold.
   */
  async #queued<T>(
    rows: readonly R[],
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const bytes = this.#writes > 0 ? approximateBytes(rows) : 0
    if (this.#waitingBytes + bytes > this.#options.maxPendingBytes) {
      throw slowDown('More writes wait than the sink may hold')
    }
    this.#writes++
    this.#waitingBytes += bytes
    try {
      return await this.#serial(run, signal)
    } catch (error) {
      // After abort() the log says "fenced", and it was this sink itself.
      throw this.#over ?? error
    } finally {
      this.#writes--
      this.#waitingBytes -= bytes
    }
  }

  #opened(): Promise<Opened<R>> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<Opened<R>> {
    const { log, store, clock, schema, stream, shard, rotation } = this.#options
    if (schema && 'fields' in schema) this.#schemaWord = await fingerprint(schema)
    const session = await log.open(`${stream}/${shard}`)
    const publisher = new Publisher({
      store,
      session: session as unknown as LogSession<never>,
      clock,
      encodingOf: (file) => this.#encodingOf(file),
      onCommitted: (file: CommittedFile, rowBytes) => rotation.learn(rowBytes, file.bytes),
      onFenced: (error) => this.#fenced(error),
    })
    for (const file of session.state.sealed) publisher.enqueue(file, 0)
    for (const lane of session.state.lanes) this.#lanes.restore(lane)
    void publisher.run()
    return { session, publisher }
  }

  async #append(opened: Opened<R>, rows: R[], options: SinkWriteOptions): Promise<Ack> {
    this.#throwIfOver()
    const { clock, stream, shard } = this.#options
    const before = options.refused ?? []
    const verdicts = await judge(rows, before, this.#judge)
    const producer = options.producer && (await producerStep(options.producer, rows, before))
    const lane = { stream, shard, schema: this.#schemaWord }
    const batch = batchOf(verdicts, lane, producer, clock.now())
    await this.#makeRoom(opened, batch, options.signal)
    throwIfAborted(options.signal)
    const appended = await opened.session.append(batch)
    if (!appended.duplicate) {
      for (const [i, range] of appended.ranges.entries()) {
        this.#lanes.appended(range, batch.lanes[i]?.bytes ?? 0, batch.atMs)
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
      const open = [...this.#lanes.open()]
      const pending = open.reduce((sum, { bytes }) => sum + bytes, publisher.pendingBytes)
      if (pending === 0 || pending + incoming <= maxPendingBytes) return
      const { stall } = publisher
      if (stall && (stall.outage || open.length === 0)) {
        throw slowDown('The store fails and the log is full', {
          cause: stall.error,
          retryAfterMs: Math.max(0, stall.retryAtMs - clock.now()),
        })
      }
      const changed = publisher.changes.wait(signal)
      // Nobody may be left to wait for it when the cut below throws.
      changed.catch(() => {})
      const largest = open.sort((a, b) => b.bytes - a.bytes)[0]
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
  async #cut(opened: Opened<R>, lane: OpenLane, records: number, reason: CutReason): Promise<void> {
    const { clock } = this.#options
    const { begin } = lane
    const end = begin + records
    const id = nanoid()
    const openedAtMs = lane.openedAtMs ?? clock.now()
    const key = this.#keyOf({ lane: lane.lane, begin, end, id, openedAtMs, extension: '' })
    const file: SealedFile = {
      id,
      lane: lane.lane,
      begin,
      end,
      key,
      reason,
      sealedAtMs: clock.now(),
    }
    try {
      await opened.session.seal(file)
    } catch (error) {
      if (isSluiceError(error, 'fenced')) this.#fenced(error)
      throw error
    }
    opened.publisher.enqueue(file, this.#lanes.cut(lane.lane, end))
  }

  async #flush(
    publisher: Publisher,
    reason: CutReason,
    signal?: AbortSignal,
  ): Promise<readonly FileInfo[]> {
    const before = publisher.files.length
    await this.#serial(async () => {
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

  async #cutAged(lane: OpenLane): Promise<void> {
    try {
      const opened = await this.#opened()
      await this.#serial(async () => {
        if (this.#over || lane.end === lane.begin) return
        await this.#cut(opened, lane, lane.end - lane.begin, 'age')
      })
      await opened.publisher.run()
    } catch {
      // The log refused (it is full or gone): the records stay open, and the next write or flush hears of it.
      this.#lanes.rearm(lane.lane)
    }
  }

  #encodingOf(file: PendingFile): { format: Format<never>; schema: Schema | undefined } {
    const { format, schema } = this.#options
    if (isDeadLetter(file.lane))
      return { format: deadLetterFormat as Format<never>, schema: { fields: [] } }
    const declared = schema && 'fields' in schema ? schema : undefined
    return { format: format as unknown as Format<never>, schema: declared }
  }

  #keyOf(values: NameValues): string {
    const dead = isDeadLetter(values.lane)
    const { extension } = dead ? deadLetterFormat : this.#options.format
    return (dead ? deadLetterName : this.#options.name)({ ...values, extension })
  }

  /** The partition of a row, refused here if no file of it could be named. */
  #partitionOf(row: R): string {
    const { partition: partitionOf, stream, shard } = this.#options
    const partition = partitionOf(row)
    if (!this.#checkedPartitions.has(partition)) {
      const lane = { stream, partition, shard, schema: this.#schemaWord }
      const end = Number.MAX_SAFE_INTEGER
      this.#keyOf({ lane, begin: end, end, id: nanoid(), openedAtMs: 0, extension: '' })
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
    // A sink that was aborted or fenced has no log to ask; one that is closed needs none.
    if (!this.#closed) this.#throwIfOver()
    const { session, publisher } = await this.#opened()
    return progressOf(ranges, async (range) =>
      // A closed sink has given its log back, and knows all that it has published itself.
      this.#closed
        ? filesWithin(publisher.files, range)
        : (await session.committed(range)).map(fileInfo),
    )
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

/** A refusal before anything was kept. */
function slowDown(why: string, options: SluiceErrorOptions = {}): SluiceError {
  return new SluiceError(
    'slow-down',
    `${why}; nothing of this was kept, send it again later`,
    options,
  )
}

function isDeadLetter(lane: Lane): boolean {
  return lane.schema === 'rejected'
}

function countOf(ranges: readonly LaneRange[]): number {
  return ranges.reduce((sum, { begin, end }) => sum + end - begin, 0)
}
