import type {
  Format,
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
import { rawText } from '../../core/raw-text.ts'
import { approximateBytes } from '../../core/sizes.ts'
import type { Partitioner } from '../policy/partition.ts'
import type { Watermark } from '../policy/watermark.ts'
import type { Columns, Placed, Version } from './columns/version.ts'

/** An accepted row as it is written, where it belongs and what it weighs. */
export interface Accepted<R> {
  readonly row: R
  readonly version: Version
  readonly partition: string
  readonly bytes: number
}

export interface Verdicts<R> {
  readonly accepted: readonly Accepted<R>[]
  /** Ascending by index, each of bounded size. */
  readonly refused: readonly Refused[]
}

export interface Judge<R> {
  readonly format: Format<R>
  readonly validator: StandardSchemaLike | undefined
  readonly columns: Columns
  readonly partitioner: Partitioner<R>
  /** Throws for a partition no file of which could be named. */
  readonly checkPartition: (partition: string, version: Version) => void
  /** A larger record is rejected, not fatal. */
  readonly maxRecordBytes: number
}

/**
 * A verdict on every record, before any of them reaches the log: a row that is accepted here can be written later.
 * `refused` are records that were rejected before they became rows; the rows fill the indices between them.
 */
export async function judge<R>(
  rows: Iterable<R>,
  refused: readonly Refused[],
  watermark: Watermark,
  by: Judge<R>,
): Promise<Verdicts<R>> {
  const accepted: Accepted<R>[] = []
  const all: Refused[] = refused.map(boundRefused)
  const taken = new Set(refused.map(({ index }) => index))
  let index = 0
  for (const row of rows) {
    while (taken.has(index)) index++
    // Awaiting each row would cost a microtask per record; most checks are synchronous.
    let verdict = judgeRow(row, watermark, by)
    if (verdict instanceof Promise) verdict = await verdict
    if ('row' in verdict) accepted.push(verdict)
    else all.push(boundRefused({ index, ...verdict, raw: rawText(row) }))
    index++
  }
  all.sort((a, b) => a.index - b.index)
  return { accepted, refused: all }
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

type Verdict<R> = Accepted<R> | Rejection

function judgeRow<R>(row: R, watermark: Watermark, by: Judge<R>): Verdict<R> | Promise<Verdict<R>> {
  if (!isRecord(row)) {
    return invalid(`A record is an object with keys, not ${nameOf(row)}`)
  }
  try {
    if (!by.validator) return judgeColumns(row, watermark, by)
    const result = by.validator['~standard'].validate(row)
    return result instanceof Promise
      ? result.then((later) => judgeResult(later, watermark, by)).catch(thrown)
      : judgeResult(result as Awaited<typeof result>, watermark, by)
  } catch (error) {
    return thrown(error)
  }
}

function judgeResult<R>(
  result: Awaited<ReturnType<StandardSchemaLike['~standard']['validate']>>,
  watermark: Watermark,
  by: Judge<R>,
): Verdict<R> | Promise<Verdict<R>> {
  if (result.issues) {
    const issue = result.issues[0]
    return invalid(issue?.message ?? 'The schema refused the record', pointerOf(issue))
  }
  if (!isRecord(result.value)) return invalid('The schema turned the record into something else')
  return judgeColumns(result.value, watermark, by)
}

function judgeColumns<R>(
  row: Row,
  watermark: Watermark,
  by: Judge<R>,
): Verdict<R> | Promise<Verdict<R>> {
  const placed = by.columns.place(row)
  return placed instanceof Promise
    ? placed.then((later) => judgePlaced(later, watermark, by)).catch(thrown)
    : judgePlaced(placed, watermark, by)
}

function judgePlaced<R>(
  placed: Placed | Rejection,
  watermark: Watermark,
  by: Judge<R>,
): Verdict<R> {
  if ('code' in placed) return placed
  const { version } = placed
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
  const partition = by.partitioner.of(row, watermark)
  if (typeof partition !== 'string') return partition
  by.checkPartition(partition, version)
  return { row, version, partition, bytes }
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
