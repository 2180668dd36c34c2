import type {
  FileInfo,
  LaneRange,
  Progress,
  Refused,
  Rejected,
  Row,
  SinkStatus,
  SinkWriteOptions,
} from '../contracts/index.ts'
import { within } from '../core/clock.ts'
import { isSluiceError, type SluiceError } from '../core/errors.ts'
import type { FileSink } from '../sinks/create-sink.ts'
import type { OpenFile } from '../sinks/policy/explain.ts'

/** One stream as the HTTP room sees it: a sink here, or one behind a remote call. All that passes is plain data. */
export interface IngestTarget {
  /**
   * Rejects with `slow-down`, or with a `conflict`, `already-exists` or `fenced` that has a `producerId`, only when nothing of the request was
   * kept: that is a 4xx. Every other error is the server's own failure, and the outcome is unknown: also of a `fenced` without one,
   * since the sink's successor may have read what was on its way into the log.
   */
  write(request: IngestRequest): Promise<IngestAnswer>
  /** What is visible of a receipt, at once or when all of it is, after `waitMs` at the latest; `undefined` for no receipt. */
  receipt(id: string, waitMs: number): Promise<Progress | undefined>
  /** Cuts the open files. `undefined` when they are not visible after `waitMs`; without it, waits until they are. */
  flush(waitMs?: number): Promise<readonly FileInfo[] | undefined>
  /** What is not visible yet, of all of the stream's shards. */
  status(): Promise<IngestStatus>
}

/** What a stream holds that is not visible yet. */
export interface IngestStatus extends SinkStatus {
  /** The open files, why each of them is, and what will close it: the 1,000 that were opened first. */
  readonly open: readonly OpenFile[]
}

const MAX_TOLD_FILES = 1000

/** Whether an error of `IngestTarget.write` says that nothing of the request was kept. */
export function isRefusedWrite({ code, producerId }: SluiceError): boolean {
  return (
    code === 'slow-down' ||
    (producerId !== undefined && /^(conflict|already-exists|fenced)$/.test(code))
  )
}

export interface IngestRequest {
  readonly rows: readonly Row[]
  readonly refused: readonly Refused[]
  readonly producer?: SinkWriteOptions['producer']
}

export interface IngestAnswer {
  readonly accepted: number
  readonly rejected: readonly Rejected[]
  readonly duplicate: boolean
  readonly receipt: { readonly id: string; readonly ranges: readonly LaneRange[] }
}

/** A sink of this process as a target. */
export function sinkTarget(sink: FileSink): IngestTarget {
  return {
    async write({ rows, refused, producer }) {
      const { accepted, rejected, duplicate, receipt } = await sink.write(rows, {
        refused,
        producer,
      })
      const { id, ranges } = receipt
      return { accepted, rejected, duplicate, receipt: { id, ranges } }
    },
    async receipt(id, waitMs) {
      try {
        const receipt = sink.receipt(id)
        const progress = await receipt.progress()
        if (progress.state === 'committed' || waitMs === 0) return progress
        await waited(receipt.committed({ signal: AbortSignal.timeout(waitMs) }))
        return await receipt.progress()
      } catch (error) {
        if (isSluiceError(error, 'not-found')) return undefined
        throw error
      }
    },
    async flush(waitMs) {
      const flushing = sink.flush()
      return waitMs === undefined ? flushing : within(waitMs, flushing)
    },
    async status() {
      // First: it opens the sink.
      const open = [...(await sink.explain())].sort((a, b) => a.openedAtMs - b.openedAtMs)
      return { ...sink.status(), open: open.slice(0, MAX_TOLD_FILES) }
    },
  }
}

async function waited(committed: Promise<unknown>): Promise<void> {
  try {
    await committed
  } catch (error) {
    if (!isSluiceError(error, 'timeout')) throw error
  }
}
