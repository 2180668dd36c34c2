import type { FieldType, ScalarType, Schema, TimeUnit } from '../../contracts/index.ts'
import { clipText } from '../bound-refused.ts'
import { SluiceError } from '../errors.ts'
import { isWellFormed } from '../keys.ts'

const SCALARS: Readonly<Record<ScalarType, true>> = {
  boolean: true,
  int8: true,
  int16: true,
  int32: true,
  int64: true,
  uint8: true,
  uint16: true,
  uint32: true,
  uint64: true,
  float16: true,
  float32: true,
  double: true,
  string: true,
  enum: true,
  bytes: true,
  uuid: true,
  date: true,
  timestamp: true,
  json: true,
  variant: true,
}

type Kind = Exclude<FieldType, string>['kind']

/** What each kind must say, and what only looks like it. */
const KINDS: Readonly<Record<Kind, (type: Given, place: Place) => void>> = {
  decimal: checkDecimal,
  bytes: checkLength,
  time: checkUnits,
  timestamp: checkUnits,
  list: ({ element }, place) => checkPart(element, within(place, 'element')),
  map: checkMap,
  struct: ({ fields }, place) => checkFields(fields, place),
}

const UNITS: Readonly<Record<TimeUnit, true>> = { ms: true, us: true, ns: true }

/** What recurses must end before the stack does; nobody nests this deep. */
export const MAX_SCHEMA_DEPTH = 32
/** With the parts of lists, maps and structs. Each costs memory in every file that is open. */
export const MAX_SCHEMA_COLUMNS = 10_000

/** Something from outside that should be of a shape. */
type Given = Readonly<Record<string, unknown>>

/** Where in the schema one is, and what is counted on the way. */
interface Place {
  readonly path: readonly string[]
  readonly counted: { columns: number }
}

/**
 * Refuses with `invalid-options` what only looks like columns, naming the column: a schema often comes from a configuration file, and
 * a wrong one would refuse every record. At most 32 levels of lists, maps and structs, and 10,000 columns with all of their parts.
 */
export function checkSchema({ fields }: Schema): void {
  checkFields(fields, { path: [], counted: { columns: 0 } })
}

function checkFields(fields: unknown, place: Place): void {
  const { path } = place
  if (!Array.isArray(fields)) {
    throw refused(`${ofColumn(path)}its fields are no list of { name, type, nullable }`)
  }
  if (fields.length === 0 && path.length > 0) throw refused(`${ofColumn(path)}it has no fields`)
  const names = new Set<string>()
  for (const [index, field] of fields.entries()) {
    const name = (field as Given | undefined)?.name
    if (typeof name !== 'string') throw refused(`${ofColumn(path)}column ${index} has no name`)
    const inner = within(place, name)
    if (!isWellFormed(name)) {
      throw refused(
        `the name of ${columnOf(inner)} holds a lone surrogate, which UTF-8 cannot express`,
      )
    }
    if (names.has(name)) throw refused(`it names ${columnOf(inner)} twice`)
    names.add(name)
    checkPart(field, inner)
  }
}

function checkPart(part: unknown, place: Place): void {
  const { type, nullable } = (part ?? {}) as Given
  checkType(type, place)
  if (typeof nullable !== 'boolean') {
    throw refused(`${columnOf(place)} must say nullable: true or false`)
  }
}

function checkType(type: unknown, place: Place): void {
  place.counted.columns++
  if (place.counted.columns > MAX_SCHEMA_COLUMNS) {
    throw refused(`it has more than ${MAX_SCHEMA_COLUMNS} columns, with the parts of nested ones`)
  }
  if (place.path.length > MAX_SCHEMA_DEPTH) {
    throw refused(`${columnOf(place)} lies deeper than ${MAX_SCHEMA_DEPTH} levels`)
  }
  if (typeof type === 'string' && Object.hasOwn(SCALARS, type)) return
  const kind = isGiven(type) ? type.kind : undefined
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) {
    const kinds = `or be { kind } of ${Object.keys(KINDS).join(', ')}`
    const words = Object.keys(SCALARS).join(', ')
    throw refused(`${columnOf(place)} must have a type, one of ${words}, ${kinds}`)
  }
  KINDS[kind as Kind](type as Given, place)
}

function checkDecimal({ precision, scale }: Given, place: Place): void {
  if (!isWhole(precision, 1, 76)) throw refused(`${columnOf(place)}: precision is 1 to 76`)
  if (!isWhole(scale, 0, precision)) {
    throw refused(`${columnOf(place)}: scale is 0 to its precision, ${precision}`)
  }
}

function checkLength({ length }: Given, place: Place): void {
  // As long as bounds of a column are at most: readers of one length take no shorter ones.
  if (!isWhole(length, 1, 64)) throw refused(`${columnOf(place)}: length is 1 to 64`)
}

function checkUnits({ unit, utc }: Given, place: Place): void {
  if (typeof unit !== 'string' || !Object.hasOwn(UNITS, unit)) {
    throw refused(`${columnOf(place)}: unit is one of ${Object.keys(UNITS).join(', ')}`)
  }
  if (typeof utc !== 'boolean') throw refused(`${columnOf(place)} must say utc: true or false`)
}

function checkMap({ key, value }: Given, place: Place): void {
  const inner = within(place, 'key')
  checkType(key, inner)
  // Whether two of these are one key has no answer.
  const nested = isGiven(key) && ['list', 'map', 'struct'].includes(key.kind as string)
  if (nested || key === 'json' || key === 'variant') {
    throw refused(`${columnOf(inner)} is nested data, which cannot be a key`)
  }
  checkPart(value, within(place, 'value'))
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}

function within({ path, counted }: Place, name: string): Place {
  return { path: [...path, name], counted }
}

function columnOf({ path }: Pick<Place, 'path'>): string {
  return `column ${JSON.stringify(clipText(path.join('.'), 100))}`
}

function ofColumn(path: readonly string[]): string {
  return path.length > 0 ? `of ${columnOf({ path })}, ` : ''
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `The schema cannot be used: ${why}`)
}
