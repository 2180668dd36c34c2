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
import {
  inheritsNothing,
  isPlainObject,
  type JsonProblem,
  jsonProblem,
  pointerStep,
} from '../json.ts'
import { daysOf } from '../values/days-of.ts'
import { decimalUnscaled } from '../values/decimal-unscaled.ts'
import { doubleOf } from '../values/doubles.ts'
import { fitsFloat16, fitsFloat32 } from '../values/floats.ts'
import { fitsInteger } from '../values/integers.ts'
import { timeOf } from '../values/time-of.ts'
import { unitsOf } from '../values/units-of.ts'
import { isUuid } from '../values/uuid-bytes.ts'
import { describeValue } from './describe-value.ts'
import { keyText, mapEntries } from './map-entries.ts'

/** What is wrong with a value, and where in it. The message follows the name of the place. */
export type Fault = JsonProblem | undefined

/** What is wrong with a value of this type. It is neither `null` nor `undefined`. */
export function valueFault(type: FieldType, value: unknown): Fault {
  if (typeof type === 'string') return scalarFault(type, value)
  switch (type.kind) {
    case 'decimal':
      return decimalFault(type, value)
    case 'bytes':
      return value instanceof Uint8Array && value.byteLength === type.length
        ? undefined
        : misfit(`a Uint8Array of ${type.length} bytes`, value)
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

type Plain = Exclude<ScalarType, 'json' | 'variant'>

function scalarFault(type: ScalarType, value: unknown): Fault {
  if (type === 'json' || type === 'variant') return dataFault(type, value)
  return fitsPlain(type, value) ? undefined : misfit(WANTED[type], value)
}

/** A `switch`, and not a function for each type: each value of each record comes through here, and V8 makes it one piece. */
function fitsPlain(type: Plain, value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'enum':
      return typeof value === 'string'
    case 'double':
      return typeof value === 'number' || doubleOf(value) !== undefined
    case 'int32':
      return typeof value === 'number' && value === (value | 0)
    case 'timestamp':
      return timeOf(value) !== undefined
    case 'boolean':
      return typeof value === 'boolean'
    case 'float16':
      return fitsFloat(value, fitsFloat16)
    case 'float32':
      return fitsFloat(value, fitsFloat32)
    case 'bytes':
      return value instanceof Uint8Array
    case 'uuid':
      return isUuid(value)
    case 'date':
      return daysOf(value) !== undefined
    default:
      return fitsInteger(value, type)
  }
}

function fitsFloat(value: unknown, fits: (double: number) => boolean): boolean {
  const double = doubleOf(value)
  return double !== undefined && fits(double)
}

const WANTED: Readonly<Record<Plain, string>> = {
  boolean: 'a boolean',
  int8: 'an integer of 8 bits',
  int16: 'an integer of 16 bits',
  int32: 'an integer of 32 bits',
  int64: 'an integer of 64 bits, as a bigint where a number is inexact',
  uint8: 'an unsigned integer of 8 bits',
  uint16: 'an unsigned integer of 16 bits',
  uint32: 'an unsigned integer of 32 bits',
  uint64: 'an unsigned integer of 64 bits, as a bigint where a number is inexact',
  float16: 'a number in the range of 16 bits',
  float32: 'a number in the range of 32 bits',
  double: 'a number that a double holds',
  string: 'a string',
  enum: 'a string',
  bytes: 'a Uint8Array',
  uuid: 'a UUID, as 36 characters or 16 bytes',
  date: 'a Date at midnight in UTC, or YYYY-MM-DD',
  timestamp: 'a valid Date, or ISO 8601 text of whole milliseconds in UTC or with an offset',
}

/** A number that has no text in JSON has its name there. A variant's texts are UTF-8, and have no escapes. */
function dataFault(type: 'json' | 'variant', value: unknown): Fault {
  return typeof value === 'number'
    ? undefined
    : jsonProblem(value, { wellFormed: type === 'variant' })
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
  const entries = mapEntries(value, keyType)
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
  let at = 0
  // The common case: members in the order of the fields.
  if (inheritsNothing(value)) {
    for (const key in value) {
      const field = fields[at]
      if (field?.name !== key) break
      const fault = partFault(field, (value as Data)[key], members.subject)
      if (fault) return within(key, fault)
      at++
    }
  }
  let present = at
  for (; at < fields.length; at++) {
    const field = fields[at] as Field
    const { name } = field
    // Not `value[name]` alone: every object inherits a `constructor`.
    const has = Object.hasOwn(value, name)
    if (has) present++
    const fault = partFault(field, has ? (value as Data)[name] : undefined, members.subject, has)
    if (fault) return within(name, fault)
  }
  const keys = Object.keys(value)
  if (keys.length === present) return undefined
  const names = new Set(fields.map(({ name }) => name))
  const extra = keys.find((key) => !names.has(key))
  return extra === undefined ? undefined : within(extra, { path: '', message: members.stranger })
}

type Data = Readonly<Record<string, unknown>>

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
