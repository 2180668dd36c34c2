import type { FieldType } from '../../../contracts/index.ts'
import type { SchemaElement } from './element.ts'

/** All of a leaf but its name and whether it is nullable. */
export type LeafType = Pick<SchemaElement, 'physical' | 'width' | 'logical' | 'converted'>

/** The types of one leaf each; `variant` has two, and the nested ones have those of what they hold. */
export type LeafFieldType = Exclude<
  FieldType,
  'variant' | { readonly kind: 'list' | 'map' | 'struct' }
>

/** `int32`, `int64` and the like need no annotation: they mean what they are. */
const SCALARS: Readonly<Record<Extract<LeafFieldType, string>, LeafType>> = {
  boolean: { physical: 'boolean' },
  int8: integer(8, true),
  int16: integer(16, true),
  int32: { physical: 'int32' },
  int64: { physical: 'int64' },
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  uint64: integer(64, false),
  float16: { physical: 'fixed_len_byte_array', width: 2, logical: { kind: 'float16' } },
  float32: { physical: 'float' },
  double: { physical: 'double' },
  string: { physical: 'byte_array', logical: { kind: 'string' }, converted: 'utf8' },
  enum: { physical: 'byte_array', logical: { kind: 'enum' }, converted: 'enum' },
  bytes: { physical: 'byte_array' },
  uuid: { physical: 'fixed_len_byte_array', width: 16, logical: { kind: 'uuid' } },
  date: { physical: 'int32', logical: { kind: 'date' }, converted: 'date' },
  timestamp: {
    physical: 'int64',
    logical: { kind: 'timestamp', unit: 'ms', utc: true },
    converted: 'timestamp_millis',
  },
  json: { physical: 'byte_array', logical: { kind: 'json' }, converted: 'json' },
}

/**
 * How Parquet holds values of the type.
 * @see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
export function leafType(type: LeafFieldType): LeafType {
  if (typeof type === 'string') return SCALARS[type]
  switch (type.kind) {
    case 'decimal': {
      const { precision, scale } = type
      const logical = { kind: 'decimal', precision, scale } as const
      return { ...decimalStorage(precision), logical, converted: 'decimal' }
    }
    case 'bytes':
      return { physical: 'fixed_len_byte_array', width: type.length }
    case 'time': {
      const physical = type.unit === 'ms' ? 'int32' : 'int64'
      // There is no converted type for nanoseconds.
      const converted = { ms: 'time_millis', us: 'time_micros', ns: undefined } as const
      return { physical, logical: type, converted: converted[type.unit] }
    }
    case 'timestamp': {
      const converted = { ms: 'timestamp_millis', us: 'timestamp_micros', ns: undefined } as const
      return { physical: 'int64', logical: type, converted: converted[type.unit] }
    }
  }
}

function integer(bits: 8 | 16 | 32 | 64, signed: boolean): LeafType {
  return {
    physical: bits === 64 ? 'int64' : 'int32',
    logical: { kind: 'integer', bits, signed },
    converted: `${signed ? 'int' : 'uint'}_${bits}`,
  }
}

/** The narrowest storage for so many digits. */
function decimalStorage(precision: number): Pick<LeafType, 'physical' | 'width'> {
  if (precision <= 9) return { physical: 'int32' }
  if (precision <= 18) return { physical: 'int64' }
  const bits = precision * Math.log2(10) + 1
  return { physical: 'fixed_len_byte_array', width: Math.ceil(bits / 8) }
}
