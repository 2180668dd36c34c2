import type {
  BegunFile,
  BegunFiles as BegunRows,
  BegunUpload,
  Clock,
  Lane,
  LaneRange,
  LaneState,
  LogSession,
  PendingFile,
  Row,
  Rows,
  SinkEvent,
  Store,
} from '../../contracts/index.ts'
import { isSluiceError, type SluiceError } from '../../core/errors.ts'
import { laneId } from '../../core/lane.ts'
import { retry } from '../../core/retry.ts'
import { checkRow } from '../../core/schemas/check-row.ts'
import { nextTurn } from '../../core/turn.ts'
import { slowDown } from '../intake/write-queue.ts'
import type { Budget } from '../policy/budget.ts'
import type { FileNames } from '../policy/file-names.ts'
import type { OpenLanes } from '../policy/open-lanes.ts'
import type { WrittenAs } from './encodings.ts'
import { growFile } from './grow-file.ts'
import type { Publisher } from './publisher.ts'

export interface BegunFilesOptions {
  readonly store: Store
  readonly session: LogSession<never>
  readonly names: FileNames
  readonly clock: Clock
  readonly budget: Pick<Budget, 'upload'>
  /** Whose turn it is not while a file grows. */
  readonly publisher: Pick<Publisher, 'spare'>
  /** How a file of the lane is written. */
  readonly encodingOf: (state: Pick<PendingFile, 'lane' | 'encoding'>) => WrittenAs
  /** Lanes with open records. */
  readonly lanes: Pick<OpenLanes, 'open' | 'grown'>
  readonly tell: (event: SinkEvent) => void
  /** Another process answers for the log's records now. */
  readonly onFenced: (error: SluiceError) => void
}

/** Nothing of ours tries again: the next write does. */
const RETRY_AFTER_MS = 1000

/** As many parts are left for the end of a file. */
const SPARE_PARTS = 100

/**
 * Files of a log in memory that are begun when it is full, so that they need not be cut for that: their records leave it as they are sent. One at a
 * time, whose last part's beginning stays in memory beside what publishing has.
 *
 * Only where a key does not say where its file ends, which nobody knows by then; and where format and store can go on with what was begun.
 */
export class BegunFiles {
  readonly #options: BegunFilesOptions
  /** Fires when no file may grow any more. */
  readonly #signal: AbortSignal
  /** Extensions of formats that have turned out not to be gone on with. */
  readonly #cannot = new Set<string>()

  constructor(options: BegunFilesOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** Whether the lane's open records may go into a file that goes on. */
  canGrow({ lane, begun, encoding }: LaneState): boolean {
    const { session, store, names, lanes } = this.#options
    if (!session.begun || !canGoInParts(store) || names.saysEnd(lane)) return false
    if (this.#cannot.has(encoding.format)) return false
    if (begun) {
      const { maxParts } = store.capabilities.multipart || { maxParts: 0 }
      return begun.upload.parts.length + SPARE_PARTS < maxParts
    }
    return lanes.open().every((other) => !other.begun || laneId(other.lane) === laneId(lane))
  }

  /**
   * Takes open records of a lane that `canGrow`, and which are `fitting`, into its file: those that the last call was to take, where it has failed, else all. Answers
   * whether it has; not, where the format cannot be gone on with.
   * Errors: `slow-down` where it cannot be sent, and no record is gone; `not-found` where there is no bucket, or the store has dropped what was begun; `fenced`.
   */
  async grow(state: LaneState): Promise<boolean> {
    try {
      await this.#grow(await this.#decided(state))
      return true
    } catch (error) {
      if (isSluiceError(error, 'not-supported')) {
        if (!state.begun) this.#cannot.add(state.encoding.format)
        return false
      }
      if (isSluiceError(error, 'fenced')) {
        this.#options.onFenced(error)
        throw error
      }
      // There is no bucket, or no upload any more with what it has taken: whoever came again would be told so for ever.
      if (isSluiceError(error, 'not-found')) throw error
      const details = { cause: error, retryAfterMs: RETRY_AFTER_MS }
      throw slowDown('The log is full, and the store does not take what it holds', details)
    }
  }

  /** How many of the lane's first `records` open records go into its file: those before the first that its columns have no place for. */
  async fitting({ lane, begin, begun, encoding }: LaneState, records: number): Promise<number> {
    const { schema, rows: taken = 0 } = begun?.upload.begun ?? {}
    // What fits declared columns was found out before it was acknowledged.
    if (!schema || encoding.schema) return records
    let fitting = taken
    for await (const rows of this.#read({ lane, begin: begin + taken, end: begin + records })) {
      for (const row of rows as Rows<Row>) {
        if (checkRow(schema, row)) return fitting
        fitting++
      }
      await nextTurn()
    }
    return fitting
  }

  /** Gives up what was begun, and the records in it. */
  async end(): Promise<void> {
    const { session, store, lanes, clock, tell } = this.#options
    for (const { lane, begun } of lanes.open()) {
      if (!begun) continue
      const { key, token } = { ...begun, ...begun.upload }
      try {
        await session.begun?.keep(lane, undefined)
      } catch {
        // The log's next owner goes on with it.
        continue
      }
      try {
        await retry(async () => store.resumeMultipart?.(token).abort(), { clock })
      } catch {
        tell({ type: 'upload-left', key, uploadId: token.uploadId })
      }
    }
  }

  /** Up to where it grows is in the log before it does. */
  async #decided(state: LaneState): Promise<LaneState> {
    const { lane, begin, end, begun } = state
    if (!begun || isDecided(begun.upload)) return state
    const { id, key, upload } = begun
    const taken = { ...upload.begun, until: end - begin }
    return this.#keep(lane, { id, key, upload: { ...upload, begun: taken } })
  }

  async #keep(lane: Lane, file: BegunFile): Promise<LaneState> {
    const { session, lanes } = this.#options
    const state = await (session.begun as BegunRows<never>).keep(lane, file)
    lanes.grown(state)
    return state
  }

  async #grow(state: LaneState): Promise<void> {
    const { store, names, clock, budget, publisher, encodingOf, tell } = this.#options
    const { lane, begin, end, begun, encoding, openedAtMs = clock.now() } = state
    const { id = names.newId() } = begun ?? {}
    const extension = encoding.format
    const key = begun?.key ?? names.keyOf({ lane, begin, end, id, openedAtMs, extension })
    const { rows: taken, until } = begun?.upload.begun ?? { rows: 0, until: end - begin }
    const file = await growFile(
      { ...state, end: begin + until },
      { id, key },
      {
        ...{ store, clock, signal: this.#signal },
        upload: { ...budget.upload, spare: publisher.spare },
        ...encodingOf(state),
        rows: () => this.#read({ lane, begin: begin + taken, end: begin + until }),
      },
    ).catch((error: unknown) => {
      const { uploadId } = isSluiceError(error) ? error : {}
      if (!begun && uploadId !== undefined) tell({ type: 'upload-left', key, uploadId })
      throw error
    })
    try {
      await this.#keep(lane, file)
    } catch (error) {
      // Whether the log's next owner has read of it, this one will never know.
      const { uploadId } = file.upload.token
      if (!begun) tell({ type: 'upload-left', key, uploadId })
      throw error
    }
  }

  #read(range: LaneRange): AsyncIterable<Rows<never>> {
    return (this.#options.session.begun as BegunRows<never>).read(range)
  }
}

/** Whether there is a call that has failed, and is to be made again. */
function isDecided({ begun: { rows, until } }: BegunUpload): boolean {
  return until > rows
}

/** Whether an object can be written part by part, in however many calls. */
function canGoInParts({ capabilities, createMultipart, resumeMultipart }: Store): boolean {
  return Boolean(capabilities.multipart && createMultipart && resumeMultipart)
}
