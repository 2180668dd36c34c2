import type { CommittedFile, Lane } from '../../contracts/index.ts'
import type { Intervals } from './intervals.ts'

/** A file that a manifest names. Its lane's stream is the manifest's; `run` is the job run that it belongs to, if any. */
export interface ManifestFile extends CommittedFile {}

/** A lane of the stream, and what of it was ever published, also in files that were replaced since. */
export interface ManifestLane {
  readonly lane: Lane
  /** `[begin, end)`: disjoint, ascending, and none touches the next. More than one means that records are missing between them. */
  readonly added: Intervals
}

/** A file that the manifest names no longer, and whose object has not been deleted by `deleteRemoved` yet. */
export interface RemovedFile {
  readonly key: string
  readonly id: string
  /** The version of the manifest that named it no more. */
  readonly version: number
}

/** A stream's files at one moment: every entry up to `version`, and nothing of any other. */
export interface Manifest {
  readonly stream: string
  /** The number of the last entry; 0 when there is none. */
  readonly version: number
  /** What readers are to read, ascending by key. */
  readonly files: readonly ManifestFile[]
  readonly lanes: readonly ManifestLane[]
  readonly removed: readonly RemovedFile[]
}
