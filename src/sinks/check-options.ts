import { checkSchema } from '../core/check-schema.ts'
import { SluiceError } from '../core/errors.ts'
import type { SinkOptions } from './create-sink.ts'
import { checkDrift, declaredColumns } from './intake/columns/columns.ts'
import type { Schedule } from './policy/deadlines.ts'
import type { TimePartition } from './policy/event-time.ts'
import type { Rotate } from './policy/rotation.ts'

const OPTIONS: Readonly<Record<keyof SinkOptions, true>> = {
  store: true,
  format: true,
  earlierFormats: true,
  stream: true,
  shard: true,
  name: true,
  partition: true,
  rotate: true,
  schema: true,
  drift: true,
  log: true,
  maxOpenFiles: true,
  memoryBytes: true,
  maxPendingBytes: true,
  maxRecordBytes: true,
  manifest: true,
  run: true,
  probe: true,
  onEvent: true,
  clock: true,
}

const ROTATE: Readonly<Record<keyof Rotate, true>> = {
  records: true,
  bytes: true,
  ageMs: true,
  idleMs: true,
  schedule: true,
}

const SCHEDULE: Readonly<Record<keyof Schedule, true>> = { everyMs: true, offsetMs: true }

const TIME: Readonly<Record<keyof TimePartition, true>> = {
  time: true,
  by: true,
  timeZone: true,
  allowedLateMs: true,
  late: true,
}

/**
 * Refuses with `invalid-options`, by name, what TypeScript would: a sink without a format would refuse every record, one without a
 * store acknowledge what it can never publish, and a mistyped option be passed over.
 */
export function checkSinkOptions(options: SinkOptions<never>): void {
  const { store, format, earlierFormats = [], schema, name, rotate, partition } = options
  const { drift = 'reject', maxOpenFiles = 1, manifest, run, onEvent } = options
  checkNames(options, OPTIONS, '')
  if (rotate) checkNames(rotate, ROTATE, 'rotate.')
  if (rotate?.schedule) checkNames(rotate.schedule, SCHEDULE, 'rotate.schedule.')
  for (const level of Array.isArray(partition) ? partition : [partition]) {
    if (typeof level === 'object' && level !== null) checkNames(level, TIME, 'partition.')
  }
  if (!Number.isSafeInteger(maxOpenFiles) || maxOpenFiles < 1) {
    throw refused('maxOpenFiles is a whole number above 0')
  }
  if (run !== undefined && (typeof run !== 'string' || run === '' || run.length > 200)) {
    throw refused('run is a text of 1 to 200 characters')
  }
  if (run !== undefined && manifest !== true) throw refused('run needs manifest: true')
  if (onEvent !== undefined && typeof onEvent !== 'function') throw refused('onEvent is a function')
  if (typeof store?.put !== 'function') throw refused('store is missing, or is no Store')
  if (typeof format?.encoder !== 'function') {
    throw refused('format is missing, or is no Format: give jsonl(), csv() or parquet()')
  }
  if (!Array.isArray(earlierFormats) || earlierFormats.some((one) => !one?.encoder)) {
    throw refused('earlierFormats is a list of Formats')
  }
  if (name !== undefined && typeof name !== 'string') throw refused('name is a template, a text')
  checkColumns(schema)
  checkDrift(drift, declaredColumns(schema))
}

function checkColumns(schema: SinkOptions['schema']): void {
  if (schema === undefined) return
  if (typeof schema !== 'object' && typeof schema !== 'function') throw refused(NO_SCHEMA)
  if (schema !== null && '~standard' in schema) return
  if (schema === null || !('fields' in schema)) throw refused(NO_SCHEMA)
  checkSchema(schema)
}

const NO_SCHEMA =
  'schema is { fields: [{ name, type, nullable }] }, or a validator of a Standard Schema library'

function checkNames(given: object, known: Readonly<Record<string, true>>, path: string): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    throw refused(`there is no option "${path}${name.slice(0, 100)}"`)
  }
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `createSink: ${why}`)
}
