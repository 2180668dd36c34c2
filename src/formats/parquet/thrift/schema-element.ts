import type { LogicalType, SchemaElement } from '../schema/element.ts'
import type { CompactWriter } from './compact-writer.ts'
import { CONVERTED_TYPES, PHYSICAL_TYPES, REPETITIONS } from './enums.ts'

/** What comes before the columns. */
export function writeRootElement(fields: CompactWriter, children: number): void {
  fields.binary(4, 'schema')
  fields.i32(5, children)
}

/** @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (SchemaElement) */
export function writeSchemaElement(fields: CompactWriter, element: SchemaElement): void {
  const { name, repetition, children, physical, width, logical, converted } = element
  fields.i32(1, physical && PHYSICAL_TYPES[physical])
  fields.i32(2, width)
  fields.i32(3, REPETITIONS[repetition])
  fields.binary(4, name)
  fields.i32(5, children?.length)
  fields.i32(6, converted && CONVERTED_TYPES[converted])
  if (logical?.kind === 'decimal') {
    fields.i32(7, logical.scale)
    fields.i32(8, logical.precision)
  }
  if (logical) fields.struct(10, (union) => writeLogicalType(union, logical))
}

const LOGICAL_TYPES = {
  string: 1,
  map: 2,
  list: 3,
  enum: 4,
  decimal: 5,
  date: 6,
  time: 7,
  timestamp: 8,
  integer: 10,
  json: 12,
  uuid: 14,
  float16: 15,
  variant: 16,
} as const

const TIME_UNITS = { ms: 1, us: 2, ns: 3 } as const
const VARIANT_VERSION = 1

function writeLogicalType(union: CompactWriter, logical: LogicalType): void {
  union.struct(LOGICAL_TYPES[logical.kind], (fields) => {
    switch (logical.kind) {
      case 'decimal':
        fields.i32(1, logical.scale)
        fields.i32(2, logical.precision)
        break
      case 'time':
      case 'timestamp':
        fields.bool(1, logical.utc)
        fields.struct(2, (unit) => unit.struct(TIME_UNITS[logical.unit], () => {}))
        break
      case 'integer':
        fields.i8(1, logical.bits)
        fields.bool(2, logical.signed)
        break
      case 'variant':
        fields.i8(1, VARIANT_VERSION)
        break
    }
  })
}
