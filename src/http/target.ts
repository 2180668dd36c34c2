import type {
  FileInfo,
  LaneRange,
  Progress,
  Refused,
  Rejected,
  Row,
  SinkWriteOptions,
} from '../contracts/index.ts'
import { isSluiceError } from '../core/errors.ts'
import type { FileSink } from '../sinks/create-sink.ts'

/** One stream as the HTTP room sees it: a sink here, or one behind a remote call. All that passes is plain data. */
export interface IngestTarget {
  write(request: IngestRequest): Promise<IngestAnswer>
  /** What is visible of a receipt, at once or when all of it is, after `waitMs` at the latest. */
  receipt(id: string, waitMs: number): Promise<Progress>
  flush(): Promise<readonly FileInfo[]>
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
      const receipt = sink.receipt(id)
      const progress = await receipt.progress()
      if (progress.state === 'committed' || waitMs === 0) return progress
      await waited(receipt.committed({ signal: AbortSignal.timeout(waitMs) }))
      return receipt.progress()
    },
    flush: () => sink.flush(),
  }
}

async function waited(committed: Promise<unknown>): Promise<void> {
  try {
    await committed
  } catch (error) {
    if (!isSluiceError(error, 'timeout')) throw error
  }
}
