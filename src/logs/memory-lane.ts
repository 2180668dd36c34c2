import type {
  BegunFile,
  Encoding,
  Lane,
  LaneRange,
  LaneState,
  PendingFile,
  Rows,
} from '../contracts/index.ts'

/** Rows in one batch of what is read, and in one array of what is held, unless one append brought more. */
const BATCH_ROWS = 4096

/** A lane of a log in memory. */
export interface MemoryLane<R> {
  readonly lane: Lane
  /** Rows from `firstRow` on; those before it are committed, or in a begun file, and forgotten. */
  readonly rows: Rows<R>[]
  firstRow: number
  begin: number
  end: number
  /** What the open records came in; the first may have begun before them. */
  arrivals: Arrival[]
  bytes: number
  encoding: Encoding
  /** The file that the open records go into. */
  begun: LaneState['begun']
}

interface Arrival {
  readonly begin: number
  readonly end: number
  readonly bytes: number
  readonly atMs: number
  /** When the last of many came that are one. Default `atMs`. */
  readonly lastAtMs?: number | undefined
}

export function newLane<R>(lane: Lane, encoding: Encoding): MemoryLane<R> {
  const none = { rows: [], firstRow: 0, begin: 0, end: 0, arrivals: [], bytes: 0 }
  return { lane, ...none, encoding, begun: undefined }
}

export function isOpen({ begin, end }: MemoryLane<unknown>): boolean {
  return end > begin
}

export function stateOf(held: MemoryLane<unknown>): LaneState {
  const { lane, begin, end, arrivals, bytes, encoding, begun } = held
  const [first, last] = [arrivals[0], arrivals.at(-1)]
  const times = { openedAtMs: first?.atMs, lastAtMs: last?.lastAtMs ?? last?.atMs }
  return { lane, begin, end, bytes, ...times, encoding, ...(begun && { begun }) }
}

/** Of arrivals that end behind `begin`. */
function openBytes({ begin, arrivals }: Pick<MemoryLane<unknown>, 'begin' | 'arrivals'>): number {
  let bytes = 0
  for (const arrival of arrivals) {
    const open = arrival.end - Math.max(arrival.begin, begin)
    bytes += (arrival.bytes * open) / (arrival.end - arrival.begin)
  }
  return Math.round(bytes)
}

/** How many of its rows a file took before it was sealed. */
export function begunRows({ upload }: PendingFile): number {
  return upload && 'begun' in upload ? upload.begun.rows : 0
}

/** What of it is in the log. */
export function withoutBegun({ takenBytes = 0, ...file }: PendingFile): PendingFile {
  const begin = file.begin + begunRows(file)
  return { ...file, begin, rowBytes: file.rowBytes - takenBytes, upload: undefined }
}

/** The file has taken the records before `position`. */
export function take(held: MemoryLane<unknown>, position: number, file: BegunFile): void {
  const later = held.arrivals.filter(({ end }) => end > position)
  const rest = openBytes({ begin: position, arrivals: later })
  held.begun = { ...file, rowBytes: held.bytes - rest }
  const taken = held.arrivals.slice(0, held.arrivals.length - later.length)
  const [first] = taken
  if (!first) return
  // What came in many is one from here on: a file that is larger than memory may have had an append for each of its records.
  const { end, atMs, lastAtMs = atMs } = taken.at(-1) as Arrival
  const bytes = held.bytes - openBytes({ begin: end, arrivals: later })
  held.arrivals = [{ begin: held.begin, end, bytes, atMs: first.atMs, lastAtMs }, ...later]
}

/** Of the lane's open records those are left that lie behind `position`. */
export function leave(held: MemoryLane<unknown>, position: number): void {
  held.begin = position
  held.begun = undefined
  held.arrivals = held.arrivals.filter(({ end }) => end > position)
  held.bytes = openBytes(held)
}

/** What is held of the range, in batches. */
export function* heldRows<R>(
  { rows: held, firstRow }: MemoryLane<R>,
  { begin, end }: Pick<LaneRange, 'begin' | 'end'>,
): Generator<Rows<R>, void, undefined> {
  let at = firstRow
  for (const rows of [...held]) {
    const from = Math.max(begin - at, 0)
    const to = Math.min(end - at, rows.length)
    for (let i = from; i < to; i += BATCH_ROWS) yield rows.slice(i, Math.min(i + BATCH_ROWS, to))
    at += rows.length
  }
}

/** Small appends share an array: a read of a million single rows must not be a million batches. */
export function hold<R>(held: Rows<R>[], rows: Rows<R>): void {
  const last = held.at(-1)
  if (!Array.isArray(rows)) held.push(rows)
  else if (Array.isArray(last) && last.length + rows.length <= BATCH_ROWS) last.push(...rows)
  else held.push([...rows])
}
