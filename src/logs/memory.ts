import type {
  Appended,
  BegunFiles,
  CommittedFile,
  Encoding,
  Lane,
  LanePosition,
  LaneRange,
  Log,
  LogBatch,
  LogSession,
  PendingFile,
  Row,
  Rows,
  Sealed,
  SealedFile,
  StoredFile,
  UploadProgress,
} from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { laneId } from '../core/lane.ts'
import { encodingText } from './encodings.ts'
import {
  begunRows,
  heldRows,
  hold,
  isOpen,
  leave,
  type MemoryLane,
  newLane,
  stateOf,
  take,
  withoutBegun,
} from './memory-lane.ts'
import { earlierAnswer, type ProducerWindow, producerRuns, withAnswer } from './producers.ts'
import {
  checkReach,
  laneToCut,
  neverSealed,
  noOpenRows,
  otherEncoding,
  otherFile,
} from './refusals.ts'

interface MemoryState<R> {
  epoch: number
  readonly lanes: Map<string, MemoryLane<R>>
  readonly sealed: Map<string, PendingFile>
  readonly committed: Map<string, CommittedFile[]>
  readonly producers: Map<string, ProducerWindow>
}

/**
 * A log in this process's memory: the sink's state machine without durability. What it holds is gone when the process
 * is. Use it where the records can be had again, or where a crash may lose what is not yet visible.
 *
 * It keeps the position of every lane, every committed file for the receipts that ask for it, and the last answers to every producer,
 * as long as it lives: a sink that lives for years has a log that forgets.
 */
export function memoryLog<R = Row>(): Log<R> {
  const state: MemoryState<R> = {
    epoch: 0,
    lanes: new Map(),
    sealed: new Map(),
    committed: new Map(),
    producers: new Map(),
  }
  return {
    inMemory: true,
    async open() {
      state.epoch++
      return new MemorySession(state)
    },
  }
}

class MemorySession<R> implements LogSession<R> {
  readonly #state: MemoryState<R>
  readonly #epoch: number
  readonly state: LogSession<R>['state']

  constructor(state: MemoryState<R>) {
    this.#state = state
    this.#epoch = state.epoch
    this.state = {
      lanes: [...state.lanes.values()].filter(isOpen).map(stateOf),
      sealed: [...state.sealed.values()],
      runs: [...state.producers].flatMap(([id, window]) => producerRuns(id, window)),
    }
  }

  async append(batch: LogBatch<R>): Promise<Appended> {
    this.#check()
    const { producer } = batch
    const window = producer && this.#state.producers.get(producer.id)
    const answered = producer && earlierAnswer(producer, window)
    if (answered) return answered
    const parts = batch.lanes.filter(({ rows }) => rows.length > 0)
    // Before anything is changed: a batch is kept whole or not at all.
    for (const { lane, encoding } of parts) this.#checkEncoding(lane, encoding)
    const ranges = parts.map(({ lane, rows, bytes, encoding }) => {
      const held = this.#lane(lane) ?? newLane<R>(lane, encoding)
      this.#state.lanes.set(laneId(lane), held)
      const begin = held.end
      hold(held.rows, rows)
      held.end += rows.length
      held.bytes += bytes
      held.encoding = encoding
      held.arrivals.push({ begin, end: held.end, bytes, atMs: batch.atMs })
      return { lane, begin, end: held.end }
    })
    const { rejected } = batch
    if (producer) {
      const text = JSON.stringify({ ranges, rejected })
      const ofRun = ranges[parts.findIndex(({ encoding }) => encoding.run !== undefined)]
      this.#state.producers.set(producer.id, withAnswer(window, producer, text, ofRun))
    }
    return { ranges, rejected, duplicate: false }
  }

  async *read(file: SealedFile): AsyncGenerator<Rows<R>, void, undefined> {
    this.#check()
    const held = this.#lane(file.lane)
    const pending = this.#state.sealed.get(file.id)
    // Rows may outlive their file, in one array with those of the next.
    if (!held || !pending || pending.stored) throw gone(file)
    const begin = file.begin + begunRows(pending)
    // Its upload was given up, and what it had taken is nowhere else.
    if (held.firstRow > begin) throw gone(file)
    yield* this.#rowsOf(held, { begin, end: file.end })
  }

  async seal(file: SealedFile): Promise<Sealed> {
    this.#check()
    const lane = laneToCut(file, this.#lane(file.lane))
    const { begun, bytes, encoding } = lane
    if (begun && (file.id !== begun.id || file.end < file.begin + begun.upload.begun.until)) {
      throw otherFile(file, begun)
    }
    leave(lane, file.end)
    const taken = begun && { upload: begun.upload, takenBytes: begun.rowBytes }
    const pending = { ...file, rowBytes: bytes - lane.bytes, encoding, ...taken }
    this.#state.sealed.set(file.id, pending)
    return { file: pending, rest: stateOf(lane) }
  }

  async progress(fileId: string, upload: UploadProgress | undefined): Promise<void> {
    this.#check()
    const file = this.#state.sealed.get(fileId)
    if (!file) throw neverSealed(fileId)
    this.#state.sealed.set(fileId, { ...file, upload })
  }

  async store(files: readonly StoredFile[]): Promise<void> {
    this.#check()
    for (const { id, lane, etag, bytes } of this.#notCommitted(files)) {
      const file = this.#state.sealed.get(id) as PendingFile
      this.#state.sealed.set(id, { ...file, upload: undefined, stored: { etag, bytes } })
      this.#forget(lane)
    }
  }

  async commit(files: readonly CommittedFile[]): Promise<void> {
    this.#check()
    for (const file of this.#notCommitted(files)) {
      this.#state.sealed.delete(file.id)
      const id = laneId(file.lane)
      const all = [...(this.#state.committed.get(id) ?? []), file]
      this.#state.committed.set(
        id,
        all.sort((a, b) => a.begin - b.begin),
      )
      this.#forget(file.lane)
    }
  }

  async committed(range: LaneRange): Promise<readonly CommittedFile[]> {
    this.#check()
    checkReach(range, this.#lane(range.lane)?.end)
    const files = this.#state.committed.get(laneId(range.lane)) ?? []
    return files.filter((file) => file.begin < range.end && file.end > range.begin)
  }

  async *positions(): AsyncGenerator<LanePosition, void, undefined> {
    this.#check()
    for (const { lane, begin, end } of this.#state.lanes.values()) {
      let committed = begin
      for (const file of this.#state.sealed.values()) {
        if (laneId(file.lane) === laneId(lane)) committed = Math.min(committed, file.begin)
      }
      yield { lane, committed, end }
    }
  }

  readonly begun: BegunFiles<R> = {
    read: (range) => this.#readOpen(range),
    keep: async (lane, file) => {
      this.#check()
      const held = this.#lane(lane)
      const { rows, until } = (file ?? held?.begun)?.upload.begun ?? { rows: 0, until: 0 }
      if (!held || until > held.end - held.begin) throw noOpenRows(lane)
      if (file) take(held, held.begin + rows, file)
      else leave(held, held.begin + rows)
      this.#forget(lane)
      return stateOf(held)
    },
    giveUp: async (fileId) => {
      this.#check()
      const file = this.#state.sealed.get(fileId)
      if (!file) throw neverSealed(fileId)
      const left = withoutBegun(file)
      if (left.begin < left.end) this.#state.sealed.set(fileId, left)
      else this.#state.sealed.delete(fileId)
      this.#forget(file.lane)
    },
  }

  async *#readOpen(range: LaneRange): AsyncGenerator<Rows<R>, void, undefined> {
    this.#check()
    const held = this.#lane(range.lane)
    const first = (held?.begin ?? 0) + (held?.begun?.upload.begun.rows ?? 0)
    if (!held || range.begin < first || range.end > held.end) throw noOpenRows(range.lane)
    yield* this.#rowsOf(held, range)
  }

  /** What is held of them. */
  *#rowsOf(held: MemoryLane<R>, range: Pick<LaneRange, 'begin' | 'end'>): Generator<Rows<R>> {
    for (const rows of heldRows(held, range)) {
      this.#check()
      yield rows
    }
  }

  async close(): Promise<void> {
    if (this.#state.epoch === this.#epoch) this.#state.epoch++
  }

  /** Throws before anything is changed when one of them was never sealed. */
  #notCommitted<F extends StoredFile>(files: readonly F[]): readonly F[] {
    return files.filter(({ id, lane }) => {
      if (this.#state.sealed.has(id)) return true
      const all = this.#state.committed.get(laneId(lane)) ?? []
      if (!all.some((other) => other.id === id)) throw neverSealed(id)
      return false
    })
  }

  /** Drops batches of rows that lie wholly before the first record not yet committed. */
  #forget(lane: Lane): void {
    const held = this.#lane(lane)
    if (!held) return
    let kept = held.begin + (held.begun?.upload.begun.rows ?? 0)
    for (const file of this.#state.sealed.values()) {
      if (file.stored || laneId(file.lane) !== laneId(lane)) continue
      kept = Math.min(kept, file.begin + begunRows(file))
    }
    let gone = 0
    for (const rows of held.rows) {
      if (held.firstRow + rows.length > kept) break
      held.firstRow += rows.length
      gone++
    }
    for (const rows of held.rows.splice(0, gone)) rows.free?.()
  }

  #lane(lane: Lane): MemoryLane<R> | undefined {
    return this.#state.lanes.get(laneId(lane))
  }

  #checkEncoding(lane: Lane, encoding: Encoding): void {
    const held = this.#lane(lane)
    if (!held || !isOpen(held) || held.encoding === encoding) return
    if (encodingText(held.encoding) !== encodingText(encoding)) throw otherEncoding(lane)
  }

  #check(): void {
    if (this.#state.epoch !== this.#epoch) {
      throw new SluiceError('fenced', 'This log was closed, or another owner has opened it')
    }
  }
}

function gone({ key }: SealedFile): SluiceError {
  return new SluiceError('not-found', `The log does not hold the records of "${key}"`, { key })
}
