import type { Rejection, Row } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { pointerStep, refuseRecord } from '../../core/json.ts'
import { checkPrefix, escapeSegment } from '../../core/keys.ts'
import { REJECTED_PARTITION, REPLAYED_PARTITION } from '../dead-letters/lane.ts'
import { MANIFEST_FOLDER } from '../manifest/keys.ts'
import { type TimePartition, timeLevel } from './event-time.ts'
import type { Watermark } from './watermark.ts'

/**
 * How records are divided: by the values of fields and by time, Hive style (`['country', { time: 'at', by: 'day' }]` →
 * `country=DE/day=2026-11-21`), or by a function that gives the path itself. Evaluated for every record.
 */
export type Partition<R = Row> =
  | readonly (string | TimePartition<R>)[]
  | TimePartition<R>
  | ((row: R) => string)

/** What a `Partition` comes to. */
export interface Partitioner<R> {
  /** Whether all records have the same path, which is `''`. */
  readonly isWhole: boolean
  /** How late a record may be; `undefined` where no time is looked at. */
  readonly allowedLateMs: number | undefined
  /** The path of a record, which the watermark has seen then; or why it has none. May throw what the user's function does. */
  of(row: R, watermark: Watermark): string | Rejection
  /** When the watermark closes it; `undefined` where time does not. */
  endOf(partition: string): number | undefined
}

/** What Hive, and so DuckDB and Spark, read as null. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__'

/** The level that says of a file whether its records were late. */
const LATE = 'late'

/** Throws `invalid-options` for levels that cannot be. */
export function partitioner<R>(partition: Partition<R> | undefined): Partitioner<R> {
  if (partition === undefined) return { ...TIMELESS, isWhole: true, of: () => '' }
  if (typeof partition === 'function') return { ...TIMELESS, of: (row) => confined(partition(row)) }
  return hivePartitioner<R>(Array.isArray(partition) ? partition : [partition as TimePartition<R>])
}

const TIMELESS = { isWhole: false, allowedLateMs: undefined, endOf: () => undefined }

function hivePartitioner<R>(given: readonly (string | TimePartition<R>)[]): Partitioner<R> {
  const times = given.filter((level) => typeof level !== 'string')
  if (times.length > 1) throw refused('it has two times')
  const [timed] = times
  const { allowedLateMs, late = 'accept' } = timed ?? {}
  const time = timed && timeLevel(timed)
  const levels = given.map((level) =>
    typeof level === 'string' ? { name: escapeSegment(level), field: level } : undefined,
  )
  const names = levels.map((level) => level?.name ?? time?.name ?? '')
  if (late === 'separate') names.push(LATE)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw refused(`it has the level "${twice}" twice`)
  const timeAt = levels.indexOf(undefined)

  return {
    isWhole: false,
    allowedLateMs,
    of(row, watermark) {
      const event = time?.of(row)
      if (event && 'code' in event) return event
      const isLate = event !== undefined && event.endMs <= watermark.ms
      if (isLate && late === 'reject') {
        const path = typeof timed?.time === 'string' ? pointerStep(timed.time) : ''
        return refuseRecord(path, `is late: its ${time?.name} is closed`)
      }
      let path = ''
      for (const level of levels) {
        if (path !== '') path += '/'
        if (!level) {
          path += `${time?.name}=${event?.text}`
          continue
        }
        const value = hiveValue(row as Row, level.field)
        if (typeof value !== 'string') return value
        path += `${level.name}=${value}`
      }
      if (late === 'separate') path += `/${LATE}=${isLate}`
      if (event) watermark.saw(event.atMs)
      return path
    },
    endOf(partition) {
      const [name, text = ''] = partition.split('/')[timeAt]?.split('=') ?? []
      return time && allowedLateMs !== undefined && name === time.name
        ? time.endOf(text)
        : undefined
    },
  }
}

function hiveValue(row: Row, field: string): string | Rejection {
  // Not `row[field]`: every object inherits a `constructor`.
  const value = Object.hasOwn(row, field) ? row[field] : undefined
  if (value === null || value === undefined || value === '') return NULL_PARTITION
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return escapeSegment(value.toISOString())
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    const what = Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
    return {
      code: 'invalid-record',
      path: pointerStep(field),
      message: `The partition field "${field}" holds ${what}`,
    }
  }
  return escapeSegment(String(value))
}

/** What lies below a stream and is no partition of its records. */
const RESERVED: ReadonlySet<string | undefined> = new Set([
  REJECTED_PARTITION,
  REPLAYED_PARTITION,
  MANIFEST_FOLDER,
])

/** A path that a user's function made from a record: records come from outside, so it may not lead out of its place. */
function confined(path: unknown): string {
  if (typeof path !== 'string') {
    throw new SluiceError(
      'invalid-record',
      `The partition function gave a ${typeof path}, not a path`,
    )
  }
  if (path === '') return ''
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new SluiceError(
      'invalid-record',
      `The partition "${path.slice(0, 200)}" is not a plain path`,
    )
  }
  if (path.includes(' ') || RESERVED.has(segments[0])) {
    throw new SluiceError(
      'invalid-record',
      `The partition "${path.slice(0, 200)}" holds a space, or begins with one of the reserved words ${[...RESERVED].join(', ')}`,
    )
  }
  checkPrefix(path)
  return path
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `createSink: the partition cannot be: ${why}`)
}
