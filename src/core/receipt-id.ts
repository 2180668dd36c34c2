import type { Lane, LaneRange } from '../contracts/index.ts'
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { laneId } from './lane.ts'

/**
 * A receipt's id is its ranges, so that nothing has to be kept for a receipt nobody asks about. It is no secret and no
 * proof: who may ask is checked beside it, and whether there are such records by the log.
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

/** Each range is a question to the log. A write into more lanes than this has a receipt, but no id that is answered. */
const MAX_RANGES = 10_000

/**
 * The ranges behind an id. Throws `not-found` for a word that is no receipt: anyone can write one, so ranges that overlap,
 * which no write ever got, are refused like any other nonsense.
 */
export function rangesOf(id: string, stream: string): readonly LaneRange[] {
  const bytes = id.length > MAX_ID_LENGTH ? undefined : fromBase64Url(id)
  const text = bytes && fromUtf8Strict(bytes)
  const ranges = text === undefined ? undefined : parseRanges(text, stream)
  if (!ranges || overlap(ranges)) throw new SluiceError('not-found', 'There is no such receipt')
  return ranges
}

function parseRanges(text: string, stream: string): LaneRange[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed) || parsed.length > MAX_RANGES) return undefined
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

function overlap(ranges: readonly LaneRange[]): boolean {
  const ends = new Map<string, number>()
  return [...ranges]
    .sort((a, b) => a.begin - b.begin)
    .some(({ lane, begin, end }) => {
      const word = laneId(lane)
      const before = ends.get(word) ?? 0
      ends.set(word, end)
      return begin < before
    })
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
