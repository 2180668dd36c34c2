import type {
  Clock,
  CommittedFile,
  LogSession,
  PendingFile,
  SinkEvent,
  Store,
  UploadProgress,
} from '../../contracts/index.ts'
import type { Changes } from '../../core/changes.ts'
import type { SluiceError } from '../../core/errors.ts'
import type { Budget } from '../policy/budget.ts'
import type { WrittenAs } from './encodings.ts'
import type { Prepared } from './prepare.ts'
import type { PublishedFiles } from './published-files.ts'

/** What a publisher is given. */
export interface PublisherOptions {
  readonly store: Store
  readonly session: LogSession<never>
  readonly clock: Clock
  readonly budget: Pick<Budget, 'upload' | 'publishing'>
  /** Whether the log is gone with this sink, and nobody would go on with an upload that is left open. */
  readonly volatile: boolean
  /** The run whose files are named by `finish`, all at once. */
  readonly run: string | undefined
  /** How this file is written. */
  readonly encodingOf: (file: PendingFile) => WrittenAs
  /** Finds out, before the first file, how files become visible. */
  readonly prepare: (signal: AbortSignal) => Promise<Prepared>
  readonly onCommitted: (file: CommittedFile, was: PendingFile) => void
  /** Called once, when publishing has ended for good. */
  readonly onFenced: (error: SluiceError) => void
  readonly tell: (event: SinkEvent) => void
  /** Notified of each file that has become visible or failed, and of the end. */
  readonly changes: Changes
  /** Gets what becomes visible. */
  readonly files: PublishedFiles
  /** By file: what this process knows of the uploads that are under way. */
  readonly uploads: Map<string, UploadProgress>
}
