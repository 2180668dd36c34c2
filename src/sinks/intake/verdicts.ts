import type {
  Format,
  Lane,
  Refused,
  Rejected,
  Rejection,
  Row,
  StandardIssue,
  StandardSchemaLike,
} from '../../contracts/index.ts'
import { boundRefused } from '../../core/bound-refused.ts'
import { asSluiceError, isSluiceError } from '../../core/errors.ts'
import { pointerStep } from '../../core/json.ts'
import { rawRecord } from '../../core/raw-text.ts'
import { approximateBytes } from '../../core/sizes.ts'
import type { Partitioner } from '../policy/partition.ts'
import type { Watermark } from '../policy/watermark.ts'
import type { Columns, Placed, Version } from './columns/version.ts'
import { judgeWhole } from './judge-whole.ts'
import { type Part, Parts } from './parts.ts'

export interface Verdicts<R> {
  /** The accepted rows, by where they belong. */
  readonly parts: readonly Part<R>[]
  /** Ascending by index, each of bounded size. */
  readonly refused: readonly Refused[]
}

export interface Judge<R> {
  readonly format: Format<R>
  readonly validator: StandardSchemaLike | undefined
  readonly columns: Columns
  readonly partitioner: Partitioner<R>
  /** The lane of a partition. Throws for one no file of which could be named. */
  readonly laneOf: (partition: string, version: Version) => Lane
  /** A larger record is rejected, not fatal. */
  readonly maxRecordBytes: number
}

/** What one call of `judge` has before it. */
interface Case<R> extends Judge<R> {
  readonly watermark: Watermark
  readonly parts: Parts<R>
}

/**
 * A verdict on every record, before any of them reaches the log: a row that is accepted here can be written later.
 * `refused` are records that were rejected before they became rows; the rows fill the indices between them.
 */
export async function judge<R>(
  rows: readonly R[],
  refused: readonly Refused[],
  watermark: Watermark,
  by: Judge<R>,
): Promise<Verdicts<R>> {
  const whole = refused.length === 0 ? judgeWhole(rows, by) : undefined
  if (whole) return { parts: [whole], refused: [] }
  const parts = new Parts<R>(by.laneOf)
  const all: Refused[] = refused.map(boundRefused)
  const taken = new Set(refused.map(({ index }) => index))
  const before: Case<R> = { ...by, watermark, parts }
  let index = 0
  for (const row of rows) {
    while (taken.has(index)) index++
    // Awaiting each row would cost a microtask per record; most checks are synchronous.
    let rejection = judgeRow(row, before)
    if (rejection instanceof Promise) rejection = await rejection
    if (rejection) all.push(boundRefused({ index, ...rejection, ...rawRecord(row) }))
    index++
  }
  all.sort((a, b) => a.index - b.index)
  return { parts: parts.all(), refused: all }
}

/** Characters of paths and messages in one answer. */
const MAX_TOLD_LENGTH = 1024 * 1024

/**
 * The refusals as the answer tells them: all of them by index and code, as many as fit with their path and message. The
 * dead letters have those of the others. An answer is kept for its producer, so it may not grow with what was sent.
 */
export function rejectedOf(refused: readonly Refused[]): Rejected[] {
  let told = 0
  return refused.map(({ index, code, path, message }) => {
    told += path.length + message.length
    return told <= MAX_TOLD_LENGTH
      ? { index, code, path, message }
      : { index, code, path: '', message: 'Its dead letter says why' }
  })
}

/** `undefined` for a row that was taken, and is in its part. */
type Verdict = Rejection | undefined

function judgeRow<R>(row: R, by: Case<R>): Verdict | Promise<Verdict> {
  if (!isRecord(row)) {
    return invalid(`A record is an object with keys, not ${nameOf(row)}`)
  }
  try {
    if (!by.validator) return judgeColumns(row, by)
    const result = by.validator['~standard'].validate(row)
    return result instanceof Promise
      ? result.then((later) => judgeResult(later, by)).catch(thrown)
      : judgeResult(result as Awaited<typeof result>, by)
  } catch (error) {
    return thrown(error)
  }
}

function judgeResult<R>(
  result: Awaited<ReturnType<StandardSchemaLike['~standard']['validate']>>,
  by: Case<R>,
): Verdict | Promise<Verdict> {
  if (result.issues) {
    const issue = result.issues[0]
    return invalid(issue?.message ?? 'The schema refused the record', pointerOf(issue))
  }
  if (!isRecord(result.value)) return invalid('The schema turned the record into something else')
  return judgeColumns(result.value, by)
}

function judgeColumns<R>(row: Row, by: Case<R>): Verdict | Promise<Verdict> {
  const placed = by.columns.place(row)
  return placed instanceof Promise
    ? placed.then((later) => judgePlaced(later, by)).catch(thrown)
    : judgePlaced(placed, by)
}

function judgePlaced<R>(placed: Placed | Rejection, by: Case<R>): Verdict {
  if ('code' in placed) return placed
  const row = placed.row as R
  const rejection = by.format.check(row)
  if (rejection) return rejection
  const bytes = approximateBytes(row)
  if (bytes > by.maxRecordBytes) {
    return {
      code: 'too-large',
      path: '',
      message: `The record has about ${bytes} bytes; at most ${by.maxRecordBytes} are taken`,
    }
  }
  const partition = by.partitioner.of(row, by.watermark)
  if (typeof partition !== 'string') return partition
  by.parts.add(row, bytes, partition, placed.version)
  return undefined
}

/** A validator or a partition function of the user's threw: that is a verdict on this record, not the end of the rest. */
function thrown(error: unknown): Rejection {
  const { message } = isSluiceError(error)
    ? error
    : asSluiceError(
        error,
        'invalid-record',
        'The schema or the partition function failed on this record',
      )
  return invalid(message)
}

function invalid(message: string, path = ''): Rejection {
  return { code: 'invalid-record', path, message }
}

function isRecord(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof Date) && !(value instanceof Uint8Array)
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value) ? 'a list' : `a ${value.constructor.name}`
}

/** RFC 6901. */
function pointerOf(issue: StandardIssue | undefined): string {
  return (issue?.path ?? [])
    .map((step) => (typeof step === 'object' ? step.key : step))
    .map((step) => pointerStep(String(step)))
    .join('')
}
