import fc from 'fast-check'
import type {
  DecimalType,
  FieldType,
  ScalarType,
  TimestampType,
  TimeType,
  TimeUnit,
} from '../../../../src/contracts/index.ts'

/** Values of every type that the contract has, in every form in which a row may hold them. None is null. */
export function valuesOf(type: FieldType): fc.Arbitrary<unknown> {
  if (typeof type === 'string') return SCALARS[type]
  switch (type.kind) {
    case 'decimal':
      return decimals(type)
    case 'bytes':
      return fc.uint8Array({ minLength: type.length, maxLength: type.length })
    case 'time':
      return times(type)
    case 'timestamp':
      return timestamps(type)
    case 'list':
      return fc.array(orNull(type.element), { maxLength: 4 })
    case 'map': {
      // hyparquet makes an object of a map by assignment, so one key is lost there.
      const keys = valuesOf(type.key).filter((key) => key !== '__proto__')
      const entries = fc.uniqueArray(fc.tuple(keys, orNull(type.value)), {
        maxLength: 4,
        selector: ([key]) => String(key).toLowerCase(),
      })
      const map = entries.map((all) => new Map(all))
      return OBJECT_KEYS.has(type.key) ? fc.oneof(map, entries.map(objectOf)) : map
    }
    case 'struct':
      return fc
        .tuple(...type.fields.map((field) => fc.tuple(fc.constant(field.name), orNull(field))))
        .map(objectOf)
  }
}

/** Whose text in an object is read as they are. */
const OBJECT_KEYS: ReadonlySet<FieldType> = new Set(['string', 'int32', 'int64', 'uint8'])

/** Of the fields of a row, too: `undefined` is a key that is missing. */
export function orNull({
  type,
  nullable,
}: {
  readonly type: FieldType
  readonly nullable: boolean
}): fc.Arbitrary<unknown> {
  return nullable ? fc.option(valuesOf(type)) : valuesOf(type)
}

/** Not by assignment, which takes `__proto__` for something else. */
export function objectOf(
  entries: readonly (readonly [unknown, unknown])[],
): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    Object.defineProperty(made, String(key), { value, enumerable: true, configurable: true })
  }
  return made
}

/**
 * Well-formed: a lone surrogate is no text that UTF-8 has. And without a byte order mark in front, which hyparquet and DuckDB's binding for
 * JavaScript take for no part of a text when they decode it; pyarrow finds it in the file.
 */
export const words: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((text) => text.isWellFormed() && !text.startsWith('\u{feff}'))

function whole(min: bigint, max: bigint): fc.Arbitrary<number | bigint> {
  const edges = fc.constantFrom(min, max, 0n, 1n)
  // A number or a bigint where a number would do, a bigint beyond.
  return fc
    .tuple(fc.oneof(fc.bigInt({ min, max }), edges, small(min)), fc.boolean())
    .map(([value, big]) =>
      Number.isSafeInteger(Number(value)) && !(big && max > 2n ** 32n) ? Number(value) : value,
    )
}

/** Near to each other, so that they repeat and their differences are small. */
function small(min: bigint): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: min < 0n ? -20n : 0n, max: 20n })
}

function signed(bits: bigint): fc.Arbitrary<number | bigint> {
  return whole(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)
}

function unsigned(bits: bigint): fc.Arbitrary<number | bigint> {
  return whole(0n, 2n ** bits - 1n)
}

function fractions(largest: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.double({ min: -largest, max: largest, noNaN: true }),
    fc.integer({ min: -2000, max: 2000 }).map((cents) => cents / 100),
    fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  )
}

const MS_PER_DAY = 86_400_000

/** Days of the year 1 to the year 9999, which is what text has four digits for. */
const FIRST_DAY = Date.parse('0001-01-01') / MS_PER_DAY
const LAST_DAY = Date.parse('9999-12-31') / MS_PER_DAY

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  int8: signed(8n),
  int16: signed(16n),
  int32: signed(32n),
  int64: signed(64n),
  uint8: unsigned(8n),
  uint16: unsigned(16n),
  uint32: unsigned(32n),
  uint64: unsigned(64n),
  float16: fractions(65_504),
  float32: fractions(3.4028234663852886e38),
  double: fc.oneof(fractions(Number.MAX_VALUE), fc.constantFrom(2n ** 60n, -(2n ** 80n))),
  string: words,
  enum: fc.constantFrom('DIAMONDS', 'HEARTS', 'CLUBS', 'SPADES', 'Ä', ''),
  bytes: fc.uint8Array({ maxLength: 12 }),
  uuid: fc.oneof(
    fc.uuid(),
    fc.uuid().map((text) => text.toUpperCase()),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  ),
  date: fc
    .tuple(fc.integer({ min: FIRST_DAY, max: LAST_DAY }), fc.boolean())
    .map(([days, text]) => {
      const date = new Date(days * MS_PER_DAY)
      return text ? date.toISOString().slice(0, 10) : date
    }),
  timestamp: fc.date({ noInvalidDate: true }),
  json: fc.oneof(
    fc.record(
      { a: fc.array(fc.oneof(words, fc.integer(), fc.constantFrom(-0, 2n ** 64n, null))) },
      { noNullPrototype: true },
    ),
    fc.array(fc.boolean()),
  ),
  variant: fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    words,
    fc.array(fc.oneof(fc.integer(), words, fc.constant(null)), { maxLength: 4 }),
    fc.dictionary(
      words.filter((key) => key !== '__proto__'),
      fc.oneof(fc.boolean(), words),
      {
        maxKeys: 4,
        noNullPrototype: true,
      },
    ),
  ),
}

/** A `bigint` counts ones, so only multiples of one can be one; text may leave zeros at its end away. */
function decimals({ precision, scale }: DecimalType): fc.Arbitrary<unknown> {
  const most = 10n ** BigInt(precision) - 1n
  const one = 10n ** BigInt(scale)
  const unscaled = fc.oneof(
    fc.bigInt({ min: -most, max: most }),
    fc.bigInt({ min: -most / one, max: most / one }).map((ones) => ones * one),
    fc.constantFrom(most, -most, 0n),
  )
  return fc.tuple(unscaled, fc.boolean(), fc.boolean()).map(([value, big, short]) => {
    if (big && value % one === 0n) return value / one
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
    const point = digits.length - scale
    const fraction = short ? digits.slice(point).replace(/0+$/, '') : digits.slice(point)
    const text = digits.slice(0, point) + (fraction === '' ? '' : `.${fraction}`)
    return value < 0n ? `-${text}` : text
  })
}

export const UNITS_PER_SECOND: Readonly<Record<TimeUnit, bigint>> = {
  ms: 1000n,
  us: 1_000_000n,
  ns: 1_000_000_000n,
}

function times({ unit }: TimeType): fc.Arbitrary<unknown> {
  const perSecond = UNITS_PER_SECOND[unit]
  const units = fc.oneof(
    fc.bigInt({ min: 0n, max: 86_400n * perSecond - 1n }),
    fc.integer({ min: 0, max: 86_399 }).map((seconds) => BigInt(seconds) * perSecond),
  )
  return fc.tuple(units, fc.constantFrom('text', 'number', 'bigint')).map(([value, form]) => {
    if (form !== 'text') return form === 'number' ? Number(value) : value
    const clock = new Date(Number(value / perSecond) * 1000).toISOString().slice(11, 19)
    const fraction = String(value % perSecond).padStart(String(perSecond).length - 1, '0')
    return `${clock}.${fraction}`
  })
}

/** What fits a 64-bit count of the unit, and a `Date` of milliseconds; the outermost are infinite to DuckDB. */
function timestamps({ unit }: TimestampType): fc.Arbitrary<unknown> {
  const most = unit === 'ms' ? 8_640_000_000_000_000n : 9_000_000_000_000_000_000n
  const mostMs = Math.min(8.64e15, Number((most * 1000n) / UNITS_PER_SECOND[unit]))
  return fc.oneof(
    fc.bigInt({ min: -most, max: most }),
    fc.maxSafeInteger(),
    fc.date({ noInvalidDate: true, min: new Date(-mostMs), max: new Date(mostMs) }),
  )
}

const bothZones = [true, false] as const
const units = Object.keys(UNITS_PER_SECOND) as TimeUnit[]

/** Types of one leaf, by the name that a failing case tells. */
export const FLAT_TYPES: readonly FieldType[] = [
  ...(Object.keys(SCALARS) as ScalarType[]),
  // In 32 bits, in 64, and in bytes; of fractions only; of ones only.
  ...(
    [
      [1, 0],
      [9, 2],
      [18, 4],
      [19, 0],
      [38, 10],
      [38, 38],
    ] as const
  ).map(([precision, scale]): FieldType => ({ kind: 'decimal', precision, scale })),
  { kind: 'bytes', length: 1 },
  { kind: 'bytes', length: 20 },
  ...units.flatMap((unit) =>
    bothZones.flatMap((utc): FieldType[] => [
      { kind: 'time', unit, utc },
      { kind: 'timestamp', unit, utc },
    ]),
  ),
]

const list = (type: FieldType, nullable = true): FieldType => ({
  kind: 'list',
  element: { type, nullable },
})
const map = (key: FieldType, type: FieldType, nullable = true): FieldType => ({
  kind: 'map',
  key,
  value: { type, nullable },
})
const struct = (...types: readonly FieldType[]): FieldType => ({
  kind: 'struct',
  fields: types.map((type, n) => ({ name: `f${n}`, type, nullable: n % 2 === 0 })),
})

/** Types of several leaves or levels; every flat one stands in a list, a map or a struct as well. */
export const NESTED_TYPES: readonly FieldType[] = [
  list('int32'),
  list('string', false),
  list(list('int64')),
  list(list(list('boolean', false), false)),
  map('string', 'int32'),
  map('int32', 'string', false),
  map('int64', list('double')),
  map('uuid', struct('date', 'bytes')),
  struct('int32', 'string'),
  struct(struct('double', 'uint8'), 'string'),
  list(struct('string', 'timestamp')),
  list(map('string', list('int16'))),
  struct(list('string'), map('string', 'double'), struct(list('int32'), 'enum')),
  map('string', map('string', list(struct('int64', list('string'))))),
  ...FLAT_TYPES.map(
    (type, n) => [list(type), struct(type, type), map('string', type)][n % 3] as FieldType,
  ),
]

/** Which pyarrow and polars do not decode, and polars refuses. */
export function holdsVariant(type: FieldType): boolean {
  if (typeof type === 'string') return type === 'variant'
  if (type.kind === 'list') return holdsVariant(type.element.type)
  if (type.kind === 'map') return holdsVariant(type.key) || holdsVariant(type.value.type)
  return type.kind === 'struct' && type.fields.some((field) => holdsVariant(field.type))
}

export function nameOf(type: FieldType): string {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'bytes':
      return `bytes(${type.length})`
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.unit}${type.utc ? ',utc' : ''})`
    case 'list':
      return `list(${element(type.element)})`
    case 'map':
      return `map(${nameOf(type.key)},${element(type.value)})`
    case 'struct':
      return `struct(${type.fields.map(element).join()})`
  }
}

function element({ type, nullable }: { type: FieldType; nullable: boolean }): string {
  return nameOf(type) + (nullable ? '?' : '')
}
