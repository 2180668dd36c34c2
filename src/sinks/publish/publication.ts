import type {
  Clock,
  Format,
  LogSession,
  MultipartToken,
  Schema,
  Store,
  UploadProgress,
} from '../../contracts/index.ts'
import type { SpareBuffers } from '../../core/part-buffers.ts'

/** What it takes to bring one file to the store. */
export interface Publication {
  readonly store: Store
  readonly session: LogSession<never>
  readonly format: Format<never>
  /** Fixes the columns; else they are inferred from every record of the file. */
  readonly schema: Schema | undefined
  /** What columns to expect where they are inferred. */
  readonly guide: Schema | undefined
  /** Whether an object is only created, and never replaced. */
  readonly createOnly: boolean
  readonly signal: AbortSignal
  readonly clock: Clock
  /** How its parts are sent: what memory they may take, and what there is of it. */
  readonly upload: {
    readonly partBytes: number
    readonly concurrency: number
    readonly spare: SpareBuffers | undefined
  }
  /** Told of how far the upload for this file has come, and when there is none any more. */
  readonly onUpload: (upload: UploadProgress | undefined) => void
  /** Told of one that stays open in the store because it could not be aborted. */
  readonly onUploadLeft: (token: Pick<MultipartToken, 'key' | 'uploadId'>) => void
}
