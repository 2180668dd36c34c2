import type { FileInfo, UploadProgress } from '../contracts/index.ts'
import { Changes } from '../core/changes.ts'

/** What a sink has done so far, in however many sessions of its log. */
export class Account {
  accepted = 0
  rejected = 0
  /** Whether a producer was answered again. */
  repeated = false
  /** What it has made visible. */
  readonly files: FileInfo[] = []
  /** By file: how far those have come that are under way, for the next session where the log could not be told. */
  readonly uploads: Map<string, UploadProgress> = new Map()
  /** Told of whatever becomes visible, fails, or is over. */
  readonly changes: Changes = new Changes()
}
