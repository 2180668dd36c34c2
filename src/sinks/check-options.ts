import { SluiceError } from '../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../core/option-names.ts'
import { checkSchema } from '../core/schemas/check-schema.ts'
import type { SinkOptions } from './create-sink.ts'
import { checkDrift, declaredColumns } from './intake/columns/columns.ts'
import type { Schedule } from './policy/deadlines.ts'
import type { TimePartition } from './policy/event-time.ts'
import type { Rotate } from './policy/rotation.ts'

const OPTIONS: OptionNames<SinkOptions> = {
  store: true,
  format: true,
  earlierFormats: true,
  stream: true,
  shard: true,
  name: true,
  fileIds: true,
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

const ROTATE: OptionNames<Rotate> = {
  records: true,
  bytes: true,
  ageMs: true,
  idleMs: true,
  schedule: true,
}

const SCHEDULE: OptionNames<Schedule> = { everyMs: true, offsetMs: true }

const TIME: OptionNames<TimePartition> = {
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
  checkNames(options, OPTIONS, '')
  const { store, format, earlierFormats = [], schema, name } = options
  const { drift = 'reject', maxOpenFiles = 1, manifest, run, onEvent, fileIds = 'nanoid' } = options
  checkRotate(options.rotate)
  checkPartition(options.partition)
  if (!Number.isSafeInteger(maxOpenFiles) || maxOpenFiles < 1) {
    throw refused('maxOpenFiles is a whole number above 0')
  }
  if (run !== undefined && (typeof run !== 'string' || run === '' || run.length > 200)) {
    throw refused('run is a text of 1 to 200 characters')
  }
  if (run !== undefined && manifest !== true) throw refused('run needs manifest: true')
  if (onEvent !== undefined && typeof onEvent !== 'function') throw refused('onEvent is a function')
  if (typeof store?.put !== 'function') throw refused('store is missing, or is no Store')
  if (options.log !== undefined && typeof options.log?.open !== 'function') {
    throw refused('log is no Log: give memoryLog(), fileLog(folder) or another')
  }
  if (options.clock !== undefined && typeof options.clock?.schedule !== 'function') {
    throw refused('clock is no Clock')
  }
  if (typeof format?.encoder !== 'function') {
    throw refused('format is missing, or is no Format: give jsonl(), csv() or parquet()')
  }
  if (!Array.isArray(earlierFormats) || earlierFormats.some((one) => !one?.encoder)) {
    throw refused('earlierFormats is a list of Formats')
  }
  if (name !== undefined && typeof name !== 'string') throw refused('name is a template, a text')
  if (fileIds !== 'nanoid' && fileIds !== 'uuid') throw refused('fileIds is "nanoid" or "uuid"')
  checkColumns(schema)
  checkDrift(drift, declaredColumns(schema))
}

function checkRotate(rotate: unknown): void {
  if (rotate === undefined) return
  checkNames(rotate, ROTATE, 'rotate.')
  const { schedule } = rotate as Rotate
  if (schedule === undefined) return
  checkNames(schedule, SCHEDULE, 'rotate.schedule.')
  if ((schedule as Schedule).everyMs === undefined) throw refused('rotate.schedule needs everyMs')
}

function checkPartition(partition: unknown): void {
  if (partition === undefined || typeof partition === 'function') return
  const isList = Array.isArray(partition)
  for (const level of isList ? partition : [partition]) {
    if (isObject(level)) checkNames(level, TIME, 'partition.')
    else if (!isList || typeof level !== 'string') throw refused(NO_PARTITION)
  }
}

const NO_PARTITION = 'partition is a list of fields and of a time, a time, or a function'

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkColumns(schema: SinkOptions['schema']): void {
  if (schema === undefined) return
  if (typeof schema !== 'object' && typeof schema !== 'function') throw refused(NO_SCHEMA)
  if (schema !== null && '~standard' in schema) {
    if (typeof schema['~standard']?.validate !== 'function') throw refused(NO_SCHEMA)
    return
  }
  if (schema === null || !('fields' in schema)) throw refused(NO_SCHEMA)
  checkSchema(schema)
}

const NO_SCHEMA =
  'schema is { fields: [{ name, type, nullable }] }, or a validator of a Standard Schema library'

function checkNames(given: unknown, known: Readonly<Record<string, true>>, path: string): void {
  checkOptionNames('createSink', given, known, path)
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `createSink: ${why}`)
}
