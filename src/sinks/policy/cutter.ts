import { nanoid } from 'nanoid'
import type {
  Clock,
  CutReason,
  LaneState,
  LogSession,
  SealedFile,
  SinkEvent,
} from '../../contracts/index.ts'
import { isSluiceError, type SluiceError } from '../../core/errors.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { FileNames } from './file-names.ts'
import type { OpenLanes } from './open-lanes.ts'

export interface CutterOptions {
  readonly session: Pick<LogSession<never>, 'seal'>
  readonly publisher: Pick<Publisher, 'enqueue'>
  readonly lanes: OpenLanes
  readonly names: FileNames
  readonly clock: Clock
  readonly tell: (event: SinkEvent) => void
  readonly onFenced: (error: SluiceError) => void
}

/** Decides files. One call at a time, and none while an append to the log is under way. */
export class Cutter {
  readonly #options: CutterOptions

  constructor(options: CutterOptions) {
    this.#options = options
  }

  /** Makes a file of the lane's first open records: from here on its range and key never change. */
  async cut(state: LaneState, records: number, reason: CutReason): Promise<void> {
    const { session, publisher, lanes, names, clock, tell, onFenced } = this.#options
    const { lane, begin, encoding } = state
    const end = begin + records
    const id = nanoid()
    const openedAtMs = state.openedAtMs ?? clock.now()
    const key = names.keyOf({ lane, begin, end, id, openedAtMs, extension: encoding.format })
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
  }

  /** All that the lane has open. */
  cutAll(state: LaneState, reason: CutReason): Promise<void> {
    return this.cut(state, state.end - state.begin, reason)
  }
}
