import type {
  CallOptions,
  Committed,
  CommittedFile,
  FileInfo,
  LaneRange,
  Progress,
  Receipt,
} from '../contracts/index.ts'
import type { Changes } from '../core/changes.ts'
import { throwIfAborted } from '../core/errors.ts'
import { laneId } from '../core/lane.ts'
import { receiptId } from '../core/receipt-id.ts'
import { isDeadLetter } from './dead-letters/lane.ts'

/** Who knows what is visible. */
export interface Visibility {
  progress(ranges: readonly LaneRange[]): Promise<Progress>
  /** Told of whenever something may have become visible, or never will any more. */
  readonly changes: Changes
  /** Why nothing will become visible any more. */
  throwIfOver(): void
}

export function receiptOf(ranges: readonly LaneRange[], of: Visibility): Receipt {
  return {
    id: receiptId(ranges),
    ranges,
    committed: (options) => committed(ranges, of, options),
    progress: () => of.progress(ranges),
  }
}

async function committed(
  ranges: readonly LaneRange[],
  of: Visibility,
  { signal }: CallOptions = {},
): Promise<Committed> {
  for (;;) {
    throwIfAborted(signal)
    const changed = of.changes.wait(signal)
    // Nobody may be left to wait for it when the question below throws.
    changed.catch(() => {})
    const { state, records, files } = await of.progress(ranges)
    if (state === 'committed') return { records, files }
    of.throwIfOver()
    await changed
  }
}

export function fileInfo(file: CommittedFile): FileInfo {
  const { key, etag, lane, begin, end, bytes } = file
  return { key, etag, lane, begin, end, records: end - begin, bytes }
}

/** How much of the ranges is visible, and in which files. */
export async function progressOf(
  ranges: readonly LaneRange[],
  filesOf: (range: LaneRange) => Promise<readonly FileInfo[]>,
): Promise<Progress> {
  let records = 0
  let expected = 0
  // By key: a file that lies in two ranges is one file.
  const files = new Map<string, FileInfo>()
  for (const range of ranges) {
    expected += range.end - range.begin
    for (const file of await filesOf(range)) {
      records += Math.min(file.end, range.end) - Math.max(file.begin, range.begin)
      files.set(file.key, file)
    }
  }
  return {
    state: records === expected ? 'committed' : 'pending',
    records,
    files: [...files.values()],
  }
}

/** Those of the files that hold records of the range. */
export function filesWithin(files: readonly FileInfo[], range: LaneRange): readonly FileInfo[] {
  const lane = laneId(range.lane)
  return files.filter(
    (file) => laneId(file.lane) === lane && file.begin < range.end && file.end > range.begin,
  )
}

/** Records of a stream's own: not its dead letters. */
export function acceptedOf(ranges: readonly LaneRange[]): number {
  return ranges.reduce(
    (sum, { lane, begin, end }) => sum + (isDeadLetter(lane) ? 0 : end - begin),
    0,
  )
}
