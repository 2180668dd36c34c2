import type {
  DecimalType,
  ElementType,
  Field,
  FieldType,
  ListType,
  MapType,
  ScalarType,
  TimestampType,
  TimeType,
} from '../../contracts/index.ts'
import { isPlainObject, type JsonProblem, jsonProblem, pointerStep } from '../json.ts'
import { daysOf } from '../values/days-of.ts'
import { decimalUnscaled } from '../values/decimal-unscaled.ts'
import { doubleOf } from '../values/doubles.ts'
import { fitsFloat16, fitsFloat32 } from '../values/floats.ts'
import { fitsInteger, type SmallInteger } from '../values/integers.ts'
import { timeOf } from '../values/time-of.ts'
import { unitsOf } from '../values/units-of.ts'
import { isUuid } from '../values/uuid-bytes.ts'
import { describeValue } from './describe-value.ts'
import { keyText, mapEntries } from './map-entries.ts'

/** What is wrong with a value, and where in it. The message follows the name of the place. */
export type Fault = JsonProblem | undefined

/** What is wrong with a value of this type. It is neither `null` nor `undefined`. */
export function valueFault(type: FieldType, value: unknown): Fault {
  if (typeof type === 'string') return SCALARS[type](value)
  switch (type.kind) {
    case 'decimal':
      return decimalFault(type, value)
    case 'time':
    case 'timestamp':
      return unitsFault(type, value)
    case 'list':
      return listFault(type, value)
    case 'map':
      return mapFault(type, value)
    case 'struct':
      return isPlainObject(value)
        ? membersFault(type.fields, value, STRUCT)
        : misfit('a plain object', value)
  }
}

const SCALARS: Readonly<Record<ScalarType, (value: unknown) => Fault>> = {
  boolean: fitting('a boolean', (value) => typeof value === 'boolean'),
  int8: small('int8', 'an integer of 8 bits'),
  int16: small('int16', 'an integer of 16 bits'),
  int32: fitting(
    'an integer of 32 bits',
    (value) => typeof value === 'number' && value === (value | 0),
  ),
  int64: fitting('an integer of 64 bits, as a bigint where a number is inexact', (value) =>
    fitsInteger(value, 'int64'),
  ),
  uint8: small('uint8', 'an unsigned integer of 8 bits'),
  uint16: small('uint16', 'an unsigned integer of 16 bits'),
  uint32: small('uint32', 'an unsigned integer of 32 bits'),
  uint64: fitting(
    'an unsigned integer of 64 bits, as a bigint where a number is inexact',
    (value) => fitsInteger(value, 'uint64'),
  ),
  float16: floating('a number in the range of 16 bits', fitsFloat16),
  float32: floating('a number in the range of 32 bits', fitsFloat32),
  double: floating('a number that a double holds', () => true),
  string: fitting('a string', (value) => typeof value === 'string'),
  enum: fitting('a string', (value) => typeof value === 'string'),
  bytes: fitting('a Uint8Array', (value) => value instanceof Uint8Array),
  uuid: fitting('a UUID, as 36 characters or 16 bytes', isUuid),
  date: fitting('a Date at midnight in UTC, or YYYY-MM-DD', (value) => daysOf(value) !== undefined),
  timestamp: fitting(
    'a valid Date, or ISO 8601 text of whole milliseconds in UTC or with an offset',
    (value) => timeOf(value) !== undefined,
  ),
  json: dataFault,
  variant: dataFault,
}

function small(type: SmallInteger, wanted: string): (value: unknown) => Fault {
  return fitting(wanted, (value) => fitsInteger(value, type))
}

function floating(wanted: string, fits: (double: number) => boolean): (value: unknown) => Fault {
  return fitting(wanted, (value) => {
    const double = doubleOf(value)
    return double !== undefined && fits(double)
  })
}

function fitting(wanted: string, fits: (value: unknown) => boolean): (value: unknown) => Fault {
  return (value) => (fits(value) ? undefined : misfit(wanted, value))
}

/** A number that has no text in JSON has its name there. */
function dataFault(value: unknown): Fault {
  return typeof value === 'number' ? undefined : jsonProblem(value)
}

function decimalFault(type: DecimalType, value: unknown): Fault {
  if (decimalUnscaled(value, type) !== undefined) return undefined
  const { precision, scale } = type
  const digits = `${precision - scale} digits before the point and ${scale} behind it`
  return misfit(`a decimal of at most ${digits}, as text or a bigint`, value)
}

function unitsFault(type: TimeType | TimestampType, value: unknown): Fault {
  if (unitsOf(value, type) !== undefined) return undefined
  return type.kind === 'time'
    ? misfit(`a time of day of whole ${type.unit}, as HH:MM:SS or a count`, value)
    : misfit(
        `a Date, ISO 8601 text ${type.utc ? 'with' : 'without'} an offset, or a count, of whole ${type.unit} that 64 bits hold`,
        value,
      )
}

function listFault({ element }: ListType, value: unknown): Fault {
  if (!Array.isArray(value)) return misfit('an array', value)
  // By index, so that a hole is seen as the `undefined` that it reads as.
  for (let i = 0; i < value.length; i++) {
    const fault = partFault(element, value[i], 'the elements of the list are')
    if (fault) return within(String(i), fault)
  }
  return undefined
}

function mapFault({ key: keyType, value: valueType }: MapType, value: unknown): Fault {
  const entries = mapEntries(value)
  if (!entries) return misfit('a Map or a plain object', value)
  const keys = new Set<string>()
  for (const [key, item] of entries) {
    const problem = keyFault(keyType, key, keys)
    if (problem) return { path: '', message: problem }
    const fault = partFault(valueType, item, 'the values of the map are')
    if (fault) return within(String(key), fault)
  }
  return undefined
}

function keyFault(type: FieldType, key: unknown, seen: Set<string>): string | undefined {
  if (key === null || key === undefined) return `has the key ${key}, and keys are not nullable`
  const fault = valueFault(type, key)
  if (fault) return `has a key that ${fault.message}`
  const text = keyText(type, key)
  if (seen.has(text)) return `has the key ${describeValue(key)} twice`
  seen.add(text)
  return undefined
}

/** How the members of an object are called. */
export interface Members {
  /** What comes before `not nullable`. */
  readonly subject: string
  /** What a key outside of them is. */
  readonly stranger: string
}

const STRUCT: Members = { subject: 'the field is', stranger: 'is not a field of the struct' }

/** What is wrong with an object of these fields: the first field that is, or else a key that is none of them. */
export function membersFault(fields: readonly Field[], value: object, members: Members): Fault {
  let present = 0
  for (const field of fields) {
    const { name } = field
    // Not `value[name]` alone: every object inherits a `constructor`.
    const has = Object.hasOwn(value, name)
    if (has) present++
    const member = has ? (value as Readonly<Record<string, unknown>>)[name] : undefined
    const fault = partFault(field, member, members.subject, has)
    if (fault) return within(name, fault)
  }
  const keys = Object.keys(value)
  if (keys.length === present) return undefined
  const names = new Set(fields.map(({ name }) => name))
  const extra = keys.find((key) => !names.has(key))
  return extra === undefined ? undefined : within(extra, { path: '', message: members.stranger })
}

function partFault(
  { type, nullable }: ElementType,
  value: unknown,
  subject: string,
  has = true,
): Fault {
  if (value !== null && value !== undefined) return valueFault(type, value)
  if (nullable) return undefined
  return { path: '', message: `is ${has ? value : 'missing'}, and ${subject} not nullable` }
}

function within(key: string, { path, message }: JsonProblem): JsonProblem {
  return { path: pointerStep(key) + path, message }
}

function misfit(wanted: string, value: unknown): JsonProblem {
  return { path: '', message: `needs ${wanted}, not ${describeValue(value)}` }
}
