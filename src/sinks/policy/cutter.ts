import type { CutReason, LaneState, SealedFile } from '../../contracts/index.ts'
import { isSluiceError, throwIfAborted } from '../../core/errors.ts'
import { BegunFiles, type BegunFilesOptions } from '../publish/begun-files.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { OpenLanes } from './open-lanes.ts'

export interface CutterOptions extends BegunFilesOptions {
  readonly publisher: Pick<Publisher, 'enqueue' | 'isWriting' | 'stall' | 'spare'>
  readonly lanes: OpenLanes
}

/** Decides files. One call at a time, and none while an append to the log is under way. */
export class Cutter {
  readonly #options: CutterOptions
  readonly #begun: BegunFiles
  readonly #controller = new AbortController()
  #working: Promise<unknown> = Promise.resolve()

  constructor(options: CutterOptions) {
    this.#options = options
    this.#begun = new BegunFiles(options, this.#controller.signal)
  }

  /** Makes a file of the lane's first open records: from here on its range and key never change. */
  cut(state: LaneState, records: number, reason: CutReason): Promise<void> {
    return this.#work(this.#cut(state, records, reason))
  }

  /** All that the lane has open. */
  cutAll(state: LaneState, reason: CutReason): Promise<void> {
    return this.cut(state, state.end - state.begin, reason)
  }

  /**
   * Makes room in the log: by a file that goes on, and takes the lane's records with it, else by a cut. Answers whether there is more room by now; while something is
   * being published, which needs the memory, nothing is done for a lane whose file may go on.
   */
  makeRoom(state: LaneState): Promise<boolean> {
    return this.#work(this.#makeRoom(state))
  }

  /** Does nothing more, waits for what is under way, and gives up what was begun and is not sealed. */
  async stop(reason: unknown): Promise<void> {
    this.#controller.abort(reason)
    await this.#working
    await this.#begun.end()
  }

  #work<T>(work: Promise<T>): Promise<T> {
    this.#working = work.catch(() => {})
    return work
  }

  async #cut(state: LaneState, records: number, reason: CutReason): Promise<void> {
    // What was sent, or is on its way, cannot be taken out again.
    const atLeast = Math.max(records, state.begun?.upload.begun.until ?? 0)
    const fitting = await this.#begun.fitting(state, atLeast)
    const rest = await this.#seal(state, fitting, fitting < atLeast ? 'memory' : reason)
    if (fitting < atLeast) await this.#seal(rest, atLeast - fitting, reason)
  }

  async #makeRoom(state: LaneState): Promise<boolean> {
    const { publisher } = this.#options
    if (this.#begun.canGrow(state)) {
      const isBusy = publisher.isWriting
      if (isBusy && !publisher.stall) return false
      const records = state.end - state.begin
      const fitting = await this.#begun.fitting(state, records)
      if (fitting < records) {
        await this.#cut(state, fitting, 'memory')
        return false
      }
      if (!isBusy && (await this.#begun.grow(state))) return true
    }
    await this.#cut(state, state.end - state.begin, 'memory')
    return false
  }

  /** Answers with what stays open of the lane, which may be one that `lanes` does not have. */
  async #seal(state: LaneState, records: number, reason: CutReason): Promise<LaneState> {
    const { session, publisher, lanes, names, clock, tell, onFenced } = this.#options
    // Its owner may have stopped since, and give up what was begun.
    throwIfAborted(this.#controller.signal)
    const { lane, begin, encoding, begun } = state
    const end = begin + records
    const id = begun?.id ?? names.newId()
    const openedAtMs = state.openedAtMs ?? clock.now()
    const extension = encoding.format
    const key = begun?.key ?? names.keyOf({ lane, begin, end, id, openedAtMs, extension })
    const ofRun = encoding.run !== undefined && { run: encoding.run }
    const times = { openedAtMs, sealedAtMs: clock.now() }
    const file: SealedFile = { id, lane, begin, end, key, reason, ...times, ...ofRun }
    const sealed = await session.seal(file).catch((error: unknown) => {
      if (isSluiceError(error, 'fenced')) onFenced(error)
      throw error
    })
    lanes.cut(sealed.rest)
    publisher.enqueue(sealed.file)
    tell({ type: 'sealed', lane, key, reason, records, rowBytes: sealed.file.rowBytes })
    return sealed.rest
  }
}
