import type { Bytes } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { payloadOf } from './frames.ts'
import type { LogFile, LogFiles } from './log-files.ts'
import { type SegmentName, segmentText } from './names.ts'

/** Rows of one lane in a segment's frame. */
export interface Block {
  /** `[first, next)` of the lane. */
  readonly first: number
  readonly next: number
  /** Size of the rows, as the append declared it. */
  readonly bytes: number
  readonly atMs: number
  segment: Segment
  offset: number
  /** Of the whole frame. */
  readonly length: number
}

/** One file of the log, opened when it is first read from or written to. */
export class Segment {
  readonly name: SegmentName
  /** Frames of rows that the log still needs. */
  liveBytes = 0
  sizeBytes: number
  readonly #files: LogFiles
  #file: Promise<LogFile> | undefined
  readonly #reading = new Set<Promise<unknown>>()

  constructor(files: LogFiles, name: SegmentName, sizeBytes = 0) {
    this.#files = files
    this.name = name
    this.sizeBytes = sizeBytes
  }

  file(): Promise<LogFile> {
    this.#file ??= this.#files.open(segmentText(this.name)).catch((error: unknown) => {
      this.#file = undefined
      throw error
    })
    return this.#file
  }

  async append(bytes: Bytes): Promise<void> {
    await (await this.file()).append(bytes)
    this.sizeBytes += bytes.byteLength
  }

  async sync(): Promise<void> {
    await (await this.file()).sync()
  }

  read(start: number, into: Bytes): Promise<void> {
    const reading = this.file().then((file) => file.read(start, into))
    this.#reading.add(reading)
    const done = (): void => {
      this.#reading.delete(reading)
    }
    reading.then(done, done)
    return reading
  }

  /** Waits for what is being read. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#reading)
    const file = this.#file
    this.#file = undefined
    await (await file)?.close()
  }

  async remove(): Promise<void> {
    await this.close()
    await this.#files.remove(segmentText(this.name))
  }
}

/** The rows' text out of bytes of a segment that were read from `start` on. */
export function rowsText(bytes: Bytes, start: number, block: Block): Bytes {
  const { segment, offset, length } = block
  const at = offset - start
  const payload = payloadOf(segment.name, offset, bytes.subarray(at, at + length))
  if (payload) return payload
  throw damaged(segment.name, offset)
}

export function damaged(name: SegmentName, offset: number): SluiceError {
  return new SluiceError(
    'checksum-mismatch',
    `The log's file ${segmentText(name)} is damaged at byte ${offset}: what was made durable there does not read as it was written`,
    { retryable: false },
  )
}
