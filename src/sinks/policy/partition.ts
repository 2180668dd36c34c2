import type { Row } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkPrefix, escapeSegment } from '../../core/keys.ts'
import { deadLetterLane } from '../dead-letters/lane.ts'

/**
 * How records are divided: by the values of fields, Hive style (`['country', 'day']` → `country=DE/day=2026-11-21`), or
 * by a function that gives the path itself. Evaluated for every record.
 */
export type Partition<R = Row> = readonly string[] | ((row: R) => string)

/** What Hive, and so DuckDB and Spark, read as null. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__'

/** The function behind a `Partition`. It throws `invalid-record` for a value that cannot be part of a key. */
export function partitioner<R>(partition: Partition<R> | undefined): (row: R) => string {
  if (partition === undefined) return () => ''
  if (typeof partition === 'function') return (row) => confined(partition(row))
  return (row) =>
    partition
      .map((field) => `${escapeSegment(field)}=${hiveValue(ownValue(row as Row, field), field)}`)
      .join('/')
}

/** Not `row[field]`: every object inherits a `constructor`. */
function ownValue(row: Row, field: string): unknown {
  return Object.hasOwn(row, field) ? row[field] : undefined
}

function hiveValue(value: unknown, field: string): string {
  if (value === null || value === undefined || value === '') return NULL_PARTITION
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return escapeSegment(value.toISOString())
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    throw new SluiceError(
      'invalid-record',
      `The partition field "${field}" holds ${Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`}`,
    )
  }
  return escapeSegment(String(value))
}

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
  if (path.includes(' ') || segments[0] === deadLetterLane('', '').partition) {
    throw new SluiceError(
      'invalid-record',
      `The partition "${path.slice(0, 200)}" holds a space or the reserved word "_rejected"`,
    )
  }
  checkPrefix(path)
  return path
}
