import type { LogState, ProducerStep, UploadProgress } from '../contracts/index.ts'
import { Changes } from '../core/changes.ts'
import { PublishedFiles } from './publish/published-files.ts'
import { VisibleEpochs } from './visible-epochs.ts'

/** The writes of a sink: none, only new ones, some that were kept before, or some of a producer's epoch that has visible files of a run. */
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
  #visible: VisibleEpochs | undefined

  /** What the log held. */
  opened(state: LogState): void {
    this.#visible = new VisibleEpochs(state)
    // Whatever comes, if anything: what an earlier process wrote for the run stands beside these.
    if (this.#visible.isWaiting) this.answered = 'visible'
  }

  /** A write was new. */
  took(accepted: number, rejected: number, producer: ProducerStep | undefined): void {
    if (this.answered === 'nothing') this.answered = 'new'
    this.#answeredTo(producer)
    this.accepted += accepted
    this.rejected += rejected
  }

  /** A write's records had been kept before. */
  again(producer: ProducerStep | undefined): void {
    if (this.answered !== 'visible') this.answered = 'again'
    this.#answeredTo(producer)
  }

  #answeredTo(producer: ProducerStep | undefined): void {
    if (producer && this.#visible?.has(producer)) this.answered = 'visible'
  }
}
