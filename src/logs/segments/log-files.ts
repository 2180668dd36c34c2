import type { Bytes } from '../../contracts/index.ts'

/**
 * A folder that a segment log lies in: what the log asks of a platform.
 *
 * An append is durable when a later `LogFile.sync` has resolved, and a name when a later `LogFiles.sync` has; until then a crash may
 * leave all of it, some, or none. No call is made for a name while another call of that kind for it is under way.
 */
export interface LogFiles {
  /** The names in the folder. None where the folder is not there yet. */
  list(): Promise<readonly string[]>
  /** Makes an empty file, and the folder. `false` when the name is taken; of two who ask at once, one hears `true`. */
  create(name: string): Promise<boolean>
  /** For appending and reading. Makes the file where there is none. */
  open(name: string): Promise<LogFile>
  /** A name that is gone already is no error. */
  remove(name: string): Promise<void>
  /** Makes the names durable: which files there are. */
  sync(): Promise<void>
  /**
   * Where the platform allows a file one owner at a time: takes the folder, until the function it answers with is called.
   * `conflict` when somebody else has it. Absent where owners fence one another by names alone.
   */
  lock?(): Promise<() => Promise<void>>
}

export interface LogFile {
  readonly sizeBytes: number
  /**
   * All of the bytes, behind what is there. After a rejection the file's end is undefined. The bytes are the caller's again, who writes
   * others over them, when this has resolved: no view of them may be kept.
   */
  append(bytes: Bytes): Promise<void>
  /** Makes everything appended before durable. */
  sync(): Promise<void>
  /**
   * Fills `into` with what lies from `start` on; rejects when the file is shorter. May be called while an append is under way. No view of
   * `into` may be kept.
   */
  read(start: number, into: Bytes): Promise<void>
  close(): Promise<void>
}
