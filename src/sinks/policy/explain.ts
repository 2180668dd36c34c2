import type { CutReason, Lane, LaneState } from '../../contracts/index.ts'
import type { Deadline } from './deadlines.ts'

/** An open file: records that are acknowledged, and that no file has yet. */
export interface OpenFile {
  readonly lane: Lane
  readonly begin: number
  readonly records: number
  /** Size as JSON, about. */
  readonly bytes: number
  /** When its first and its last record came. */
  readonly openedAtMs: number
  readonly lastAtMs: number
  /** Every limit that can close it, those of time first, the nearest first. */
  readonly limits: readonly FileLimit[]
  /** The above in words. */
  readonly why: string
}

/** What an open file lacks to be closed. */
export interface FileLimit {
  readonly reason: CutReason
  /** The moment at which the clock closes it, if nothing more comes; for `watermark`, the event time that has to be passed. */
  readonly atMs?: number | undefined
  /** As many records more. */
  readonly records?: number | undefined
  /** As many bytes more, as JSON. For `bytes` by what the last files have shown. */
  readonly bytes?: number | undefined
  /** As many open files more, if this is then the largest. */
  readonly files?: number | undefined
}

export interface Limits {
  readonly deadlines: readonly Deadline[]
  /** To the limits of a file. */
  readonly missing: { readonly records?: number; readonly bytes?: number }
  /** What the watermark has to pass; `undefined` where it does not close the file. */
  readonly closesAtMs: number | undefined
  /** How many files more are too many. */
  readonly missingFiles: number
  /** What fits into the log before the largest file is cut. */
  readonly roomBytes: number
}

/** Why a file is still open, and when it will close. */
export function explained(state: LaneState, limits: Limits): OpenFile {
  const { lane, begin, end, bytes, openedAtMs = 0, lastAtMs = 0 } = state
  const { deadlines, missing, closesAtMs, missingFiles, roomBytes } = limits
  const all: FileLimit[] = deadlines.map(({ reason, atMs }) => ({ reason, atMs }))
  if (missing.records !== undefined) all.push({ reason: 'records', records: missing.records })
  if (missing.bytes !== undefined) all.push({ reason: 'bytes', bytes: missing.bytes })
  if (closesAtMs !== undefined) all.push({ reason: 'watermark', atMs: closesAtMs })
  all.push({ reason: 'files', files: Math.max(1, missingFiles) })
  all.push({ reason: 'memory', bytes: Math.max(0, roomBytes) })
  const records = end - begin
  const why =
    `${records} ${records === 1 ? 'record' : 'records'} since ${isoTime(openedAtMs)}: ` +
    `closes ${all.map(inWords).join(', ')}, whichever comes first`
  return { lane, begin, records, bytes, openedAtMs, lastAtMs, limits: all, why }
}

function inWords({ reason, atMs, records, bytes, files }: FileLimit): string {
  switch (reason) {
    case 'age':
      return `by age at ${isoTime(atMs)}`
    case 'idle':
      return `at ${isoTime(atMs)} if nothing more comes`
    case 'schedule':
      return `on schedule at ${isoTime(atMs)}`
    case 'watermark':
      return `when the watermark passes ${isoTime(atMs)}`
    case 'files':
      return `with ${files} open ${files === 1 ? 'file' : 'files'} more if this is the largest`
    case 'memory':
      return `when the log gets ${bytes} bytes more and this is its largest file`
    default:
      return `after ${records ?? bytes} ${records === undefined ? 'bytes' : 'records'} more`
  }
}

function isoTime(ms = 0): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'no time'
}
