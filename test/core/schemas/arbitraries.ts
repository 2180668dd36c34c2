import fc from 'fast-check'
import type { FieldType, ScalarType } from '../../../src/contracts/index.ts'
import { INTEGER_RANGES } from '../../../src/core/values/integers.ts'

/** A type, and a value that fits it. */
export interface Typed {
  readonly type: FieldType
  readonly value: unknown
}

/** What fits each. */
export const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  int8: small('int8'),
  int16: small('int16'),
  int32: small('int32'),
  int64: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  uint8: small('uint8'),
  uint16: small('uint16'),
  uint32: small('uint32'),
  uint64: fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  float16: fc.oneof(fc.double({ min: -65_504, max: 65_504 }), fc.bigInt(-65_504n, 65_504n)),
  float32: fc.oneof(fc.float(), fc.maxSafeInteger().map(BigInt)),
  double: fc.oneof(fc.double(), fc.maxSafeInteger().map(BigInt)),
  string: fc.string(),
  enum: fc.constantFrom('red', 'green'),
  bytes: fc.uint8Array({ maxLength: 20 }),
  uuid: fc.oneof(fc.uuid(), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  date: fc
    .integer({ min: -700_000, max: 2_900_000 })
    .map((days) => new Date(days * 86_400_000))
    .chain((day) => fc.constantFrom(day, day.toISOString().slice(0, 10))),
  timestamp: fc
    .date({ noInvalidDate: true })
    .chain((moment) => fc.constantFrom(moment, moment.toISOString())),
  json: fc
    .oneof(
      fc.json().map((text) => JSON.parse(text) as unknown),
      fc.double(),
    )
    .filter(isPresent),
  variant: fc.oneof(fc.string(), fc.bigInt(), fc.double(), fc.array(fc.string())),
}

function small(
  type: 'int8' | 'int16' | 'int32' | 'uint8' | 'uint16' | 'uint32',
): fc.Arbitrary<number> {
  const [min, max] = INTEGER_RANGES[type]
  return fc.integer({ min, max })
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined
}

const scalar = fc
  .constantFrom(...(Object.keys(SCALARS) as ScalarType[]))
  .chain((type): fc.Arbitrary<Typed> => SCALARS[type].map((value) => ({ type, value })))

const decimal = fc
  .integer({ min: 1, max: 38 })
  .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })))
  .chain(([precision, scale]) =>
    fc.bigInt({ min: 0n, max: 10n ** BigInt(precision) - 1n }).map((unscaled): Typed => {
      const digits = String(unscaled).padStart(scale + 1, '0')
      const point = digits.length - scale
      const fraction = scale > 0 ? `.${digits.slice(point)}` : ''
      return {
        type: { kind: 'decimal', precision, scale },
        value: digits.slice(0, point) + fraction,
      }
    }),
  )

const fixedBytes = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((value): Typed => ({ type: { kind: 'bytes', length: value.length }, value }))

const units = fc
  .record({
    kind: fc.constantFrom('time' as const, 'timestamp' as const),
    unit: fc.constantFrom('ms' as const, 'us' as const, 'ns' as const),
    utc: fc.boolean(),
  })
  .chain((type): fc.Arbitrary<Typed> => {
    const count = fc.integer({ min: 0, max: 86_399_999 })
    const text = type.utc ? '1970-01-01T00:00:00.005Z' : '1970-01-01T00:00:00.005'
    const given =
      type.kind === 'time'
        ? fc.constant<unknown>('23:59:59.999')
        : fc.constantFrom<unknown>(new Date(5), text)
    return fc.oneof(count, count.map(BigInt), given).map((value) => ({ type, value }))
  })

/** Any type, nested three levels deep at most. */
export const { anyTyped } = fc.letrec<{ anyTyped: Typed }>((tie) => ({
  anyTyped: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'type' },
    { arbitrary: scalar, weight: 6 },
    decimal,
    fixedBytes,
    units,
    listOf(tie('anyTyped')),
    mapOf(tie('anyTyped')),
    structOf(tie('anyTyped')),
  ),
}))

function listOf(element: fc.Arbitrary<Typed>): fc.Arbitrary<Typed> {
  return fc.tuple(element, fc.boolean()).map(([{ type, value }, nullable]) => ({
    type: { kind: 'list', element: { type, nullable } },
    value: nullable ? [null, value] : [value, value],
  }))
}

function mapOf(part: fc.Arbitrary<Typed>): fc.Arbitrary<Typed> {
  return fc
    .tuple(part, fc.constantFrom('string' as const, 'enum' as const))
    .map(([{ type, value }, key]) => ({
      type: { kind: 'map', key, value: { type, nullable: true } },
      value: { a: value, b: null },
    }))
}

function structOf(part: fc.Arbitrary<Typed>): fc.Arbitrary<Typed> {
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({
    type: {
      kind: 'struct',
      fields: parts.map(({ type }, i) => ({ name: `f${i}`, type, nullable: i > 0 })),
    },
    value: Object.fromEntries(parts.slice(0, 2).map(({ value }, i) => [`f${i}`, value])),
  }))
}
