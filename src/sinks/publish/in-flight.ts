import type { PendingFile, StoreCapabilities } from '../../contracts/index.ts'
import { SpareBuffers } from '../../core/part-buffers.ts'
import { partPlan } from '../../core/part-plan.ts'
import type { Budget } from '../policy/budget.ts'
import type { Queued } from './publish-queue.ts'

/** What a file has beside its rows: a footer, a request. */
const FRAME_BYTES = 256 * 1024

/**
 * As often a small file's rows may be in memory: as they were read, as an encoder holds them (twice, where numbers are short in JSON), and
 * as a body, in a buffer that doubles as it grows.
 */
const COPIES = 6

/** What one file, or an entry of the manifest, takes while it is under way. */
export interface Share {
  readonly bytes: number
  /** How many of its parts are on their way at once. */
  readonly concurrency: number
}

/** What names is small beside what is named. */
export const ENTRY: Share = { bytes: 0, concurrency: 1 }

/**
 * The files that are being published at once, and the entry that names others, within what there is of memory and connections. One file is always taken, however
 * large; a small one by what its rows weigh. That is an estimate: CSV of undeclared columns of which most rows have few is larger.
 */
export class InFlight {
  readonly #budget: Pick<Budget, 'upload' | 'publishing'>
  readonly #shares = new Map<Queued, Share>()
  /** As many as the parts of one large file take, from it to the next one. */
  readonly spare: SpareBuffers

  constructor(budget: Pick<Budget, 'upload' | 'publishing'>) {
    this.#budget = budget
    this.spare = new SpareBuffers(budget.upload.concurrency + 1)
  }

  /** The files; of those that an entry names, the first one. */
  get items(): readonly Queued[] {
    return [...this.#shares.keys()]
  }

  get isEmpty(): boolean {
    return this.#shares.size === 0
  }

  /** What a file may take. One that fits into a part is put whole; if it should not, its parts go one by one. */
  shareOf({ key, begin, end, rowBytes, encoding }: PendingFile, to: StoreCapabilities): Share {
    const { upload, publishing } = this.#budget
    // A separator stands for each column, also where a record has none of it.
    const bytes = rowBytes + (end - begin) * (encoding.schema?.fields.length ?? 0)
    const { partBytes } = partPlan(key, to, { partBytes: upload.partBytes })
    // What goes in one piece is in memory as a whole.
    const mostBytes = to.multipart ? publishing.fileBytes : Number.POSITIVE_INFINITY
    return {
      bytes: Math.min(FRAME_BYTES + COPIES * bytes, mostBytes),
      concurrency: FRAME_BYTES + bytes <= partBytes ? 1 : upload.concurrency,
    }
  }

  fits({ bytes, concurrency }: Share): boolean {
    if (this.isEmpty) return true
    const { publishing } = this.#budget
    let [allBytes, bodies] = [bytes, concurrency]
    for (const share of this.#shares.values()) {
      allBytes += share.bytes
      bodies += share.concurrency
    }
    return allBytes <= publishing.bytes && bodies <= publishing.connections
  }

  begin(item: Queued, share: Share): void {
    this.#shares.set(item, share)
    // Small files, several at once, need the room that a large one has left.
    if (share.concurrency === 1 && share !== ENTRY) this.spare.clear()
  }

  end(item: Queued): void {
    this.#shares.delete(item)
  }
}
