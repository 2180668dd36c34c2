import type { LogState, UploadProgress } from '../contracts/index.ts'
import { Changes } from '../core/changes.ts'
import { PublishedFiles } from './publish/published-files.ts'

/** The writes of a sink: none, only new ones, some that were kept before, some even of records that are visible. */
export type Answered = 'nothing' | 'new' | 'again' | 'visible'

/** What a sink has done so far, in however many sessions of its log. */
export class Account {
  accepted = 0
  rejected = 0
  answered: Answered = 'nothing'
  /** What it has made visible. */
  readonly files: PublishedFiles = new PublishedFiles()
  /** By file: how far those have come that are under way, for the next session where the log could not be told. */
  readonly uploads: Map<string, UploadProgress> = new Map()
  /** Told of whatever becomes visible, fails, or is over. */
  readonly changes: Changes = new Changes()
  /** Whether the log held records of the run when it was opened first: of one that was cut off. */
  #goesOn: boolean | undefined

  /** What the log held. */
  opened({ lanes, sealed }: LogState): void {
    const runs = [...sealed.map(({ run }) => run), ...lanes.map(({ encoding }) => encoding.run)]
    this.#goesOn ??= runs.some((run) => run !== undefined)
  }

  /** A write was new. */
  took(accepted: number, rejected: number): void {
    if (this.answered === 'nothing') this.answered = 'new'
    this.accepted += accepted
    this.rejected += rejected
  }

  /** A write's records had been kept before, and may be visible. */
  again(isVisible: boolean): void {
    if (this.answered !== 'visible') this.answered = isVisible ? 'visible' : 'again'
  }

  /**
   * A write's records had been kept, and nobody knows where: in the run that goes on, where there is one. Else they are visible, and
   * may not make room for what is new.
   */
  keptBefore(): void {
    this.again(this.#goesOn !== true)
  }
}
