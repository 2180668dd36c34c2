import type { CommittedFile, FileInfo, Lane, LaneRange, Progress } from '../contracts/index.ts'
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { laneId } from '../core/lane.ts'

/**
 * A receipt's id is its ranges, so that nothing has to be kept for a receipt nobody asks about. It is no secret and no
 * proof: who may ask is checked beside it.
 */
export function receiptId(ranges: readonly LaneRange[]): string {
  const compact = ranges.map(({ lane, begin, end }) => [
    lane.partition,
    lane.shard,
    lane.schema,
    begin,
    end,
  ])
  return toBase64Url(utf8(JSON.stringify(compact)))
}

/** Far more than a request can reach. */
const MAX_ID_LENGTH = 1024 * 1024

/** Throws `not-found` for a word that is no receipt. */
export function rangesOf(id: string, stream: string): readonly LaneRange[] {
  const bytes = id.length > MAX_ID_LENGTH ? undefined : fromBase64Url(id)
  const text = bytes && fromUtf8Strict(bytes)
  const ranges = text === undefined ? undefined : parseRanges(text, stream)
  if (!ranges) throw new SluiceError('not-found', 'There is no such receipt')
  return ranges
}

function parseRanges(text: string, stream: string): LaneRange[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed)) return undefined
  const ranges: LaneRange[] = []
  for (const item of parsed as unknown[]) {
    if (!Array.isArray(item) || item.length !== 5) return undefined
    const [partition, shard, schema, begin, end] = item as unknown[]
    if (typeof partition !== 'string' || typeof shard !== 'string' || typeof schema !== 'string')
      return undefined
    if (!isPosition(begin) || !isPosition(end) || begin >= end) return undefined
    const lane: Lane = { stream, partition, shard, schema }
    ranges.push({ lane, begin, end })
  }
  return ranges
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
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
  const files: FileInfo[] = []
  for (const range of ranges) {
    expected += range.end - range.begin
    for (const file of await filesOf(range)) {
      records += Math.min(file.end, range.end) - Math.max(file.begin, range.begin)
      files.push(file)
    }
  }
  return { state: records === expected ? 'committed' : 'pending', records, files }
}

/** Those of the files that hold records of the range. */
export function filesWithin(files: readonly FileInfo[], range: LaneRange): readonly FileInfo[] {
  const lane = laneId(range.lane)
  return files.filter(
    (file) => laneId(file.lane) === lane && file.begin < range.end && file.end > range.begin,
  )
}
