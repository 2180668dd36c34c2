import type { UploadProgress } from '../contracts/index.ts'
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
}
