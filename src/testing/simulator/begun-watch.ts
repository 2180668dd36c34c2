import type {
  BegunUpload,
  Lane,
  LaneRange,
  LaneState,
  PendingFile,
  Sealed,
} from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import type { Oracle } from './oracle.ts'
import type { Owner } from './scheduler.ts'

/** What files of one log have taken before they were sealed, whoever has it open. Told at the moment: who asked may die before the answer. */
export class BegunWatch {
  readonly #oracle: Oracle
  readonly #lanes = new Map<string, LaneState>()
  readonly #files = new Map<string, PendingFile>()
  readonly #takenBytes = new Map<string, number>()

  constructor(oracle: Oracle) {
    this.#oracle = oracle
  }

  /** What of the file was in the log no more when it was sealed. */
  takenBytes(fileId: string): number {
    return this.#takenBytes.get(fileId) ?? 0
  }

  kept(lane: Lane, state: LaneState, by: Owner): void {
    const before = this.#lanes.get(laneId(lane))
    this.#lanes.set(laneId(lane), state)
    if (before?.begun && !state.begun) {
      this.#gaveUp({ ...before, end: state.begin }, before.begun.upload, by)
    }
  }

  sealed({ file, rest }: Sealed): void {
    const word = laneId(file.lane)
    this.#takenBytes.set(file.id, this.#lanes.get(word)?.begun?.rowBytes ?? 0)
    this.#lanes.set(word, rest)
    this.#files.set(file.id, file)
  }

  gaveUp(fileId: string, by: Owner): void {
    const file = this.#files.get(fileId)
    const upload = file?.upload as BegunUpload | undefined
    if (!file || !upload?.begun) return
    this.#gaveUp({ ...file, end: file.begin + upload.begun.rows }, upload, by)
  }

  #gaveUp(range: LaneRange, { token }: BegunUpload, by: Owner): void {
    this.#oracle.gaveUp(range)
    this.#oracle.uploads.givenUp(token.uploadId, by)
  }
}
