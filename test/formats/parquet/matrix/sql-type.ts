import type { FieldType, ScalarType } from '../../../../src/contracts/index.ts'

const SCALARS: Readonly<Record<ScalarType, string>> = {
  boolean: 'BOOLEAN',
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  uint8: 'UTINYINT',
  uint16: 'USMALLINT',
  uint32: 'UINTEGER',
  uint64: 'UBIGINT',
  float16: 'FLOAT',
  float32: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  enum: 'VARCHAR',
  bytes: 'BLOB',
  uuid: 'UUID',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  json: 'JSON',
  variant: 'JSON',
}

/** The type that DuckDB reads a column as, with JSON for a variant: of those within others it tells a text of its own. */
export function sqlType(type: FieldType): string {
  if (typeof type === 'string') return SCALARS[type]
  switch (type.kind) {
    case 'bytes':
      return 'BLOB'
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'time':
      return 'TIME'
    case 'timestamp':
      return type.utc ? 'TIMESTAMPTZ' : type.unit === 'ns' ? 'TIMESTAMP_NS' : 'TIMESTAMP'
    case 'list':
      return `${sqlType(type.element.type)}[]`
    case 'map':
      return `MAP(${sqlType(type.key)}, ${sqlType(type.value.type)})`
    case 'struct': {
      const fields = type.fields.map(
        ({ name, type }) => `"${name.replaceAll('"', '""')}" ${sqlType(type)}`,
      )
      return `STRUCT(${fields.join()})`
    }
  }
}
