import type { CommittedFile, FileInfo, LaneRange, Progress } from '../contracts/index.ts'
import { laneId } from '../core/lane.ts'

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
