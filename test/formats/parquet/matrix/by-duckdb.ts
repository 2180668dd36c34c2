import {
  type DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBListValue,
  type DuckDBMapValue,
  type DuckDBStructValue,
  DuckDBTimestampNanosecondsValue,
} from '@duckdb/node-api'
import type { FieldType, Schema } from '../../../../src/contracts/index.ts'
import { exactJson } from '../../readers.ts'
import { bits, type Cell, entriesCell, hex, jsonCell, uuid } from './cells.ts'
import { sqlType } from './sql-type.ts'
import { holdsVariant, UNITS_PER_SECOND } from './types.ts'

let connection: Promise<DuckDBConnection> | undefined

/** The cells of a file, as DuckDB reads them. */
export async function cellsByDuckdb(
  path: string,
  schema: Schema,
  clause = '',
): Promise<readonly (readonly Cell[])[]> {
  connection ??= connect()
  // By place: a name may hold what no SQL text can.
  const places = schema.fields.map((_, place) => `c${place}`)
  const columns = schema.fields.map(({ type }, n) =>
    holdsVariant(type) ? `c${n}::${sqlType(type)}` : `c${n}`,
  )
  const sql = `select ${columns.join()} from read_parquet('${path}') as t(${places.join()}) ${clause}`
  const reader = await (await connection).runAndReadAll(sql)
  return reader
    .getRows()
    .map((row) => schema.fields.map(({ type }, place) => cellOf(type, row[place])))
}

async function connect(): Promise<DuckDBConnection> {
  const options = {
    threads: '1',
    // Its cache tells a file by its path, size and second: another one written there at once would be taken for the first.
    enable_external_file_cache: 'false',
  }
  return (await DuckDBInstance.create(':memory:', options)).connect()
}

/** What DuckDB can tell of a leaf: its times of day, and its moments in UTC, end at microseconds. */
export function asDuckdbHolds(type: FieldType, cell: Cell): Cell {
  const coarse =
    typeof type === 'object' &&
    (type.kind === 'time' || (type.kind === 'timestamp' && type.utc)) &&
    type.unit === 'ns'
  return coarse ? String((BigInt(cell as string) / 1000n) * 1000n) : cell
}

function cellOf(type: FieldType, value: unknown): Cell {
  if (value === null) return null
  if (typeof type === 'string') {
    switch (type) {
      case 'boolean':
        return value as boolean
      case 'float16':
      case 'float32':
      case 'double':
        return bits(value as number)
      case 'string':
      case 'enum':
        return value as string
      case 'bytes':
        return hex((value as DuckDBBlobValue).bytes)
      case 'uuid':
        return uuid(String(value))
      case 'date':
        return String((value as DuckDBDateValue).days)
      case 'timestamp':
        return String((value as { micros: bigint }).micros / 1000n)
      case 'json':
        return jsonCell(exactJson(value as string))
      case 'variant':
        // Its cast makes JSON's null of a null of the column.
        return value === 'null' ? null : jsonCell(exactJson(value as string))
      default:
        return String(value)
    }
  }
  switch (type.kind) {
    case 'bytes':
      return hex((value as DuckDBBlobValue).bytes)
    case 'decimal': {
      const decimal = value as DuckDBDecimalValue
      if (decimal.scale !== type.scale || decimal.width !== type.precision) {
        throw new Error(`DuckDB reads a decimal(${decimal.width},${decimal.scale})`)
      }
      return String(decimal.value)
    }
    case 'time':
    case 'timestamp': {
      const perSecond = UNITS_PER_SECOND[type.unit]
      if (value instanceof DuckDBTimestampNanosecondsValue) {
        return String((value.nanos * perSecond) / 1_000_000_000n)
      }
      return String(((value as { micros: bigint }).micros * perSecond) / 1_000_000n)
    }
    case 'list':
      return (value as DuckDBListValue).items.map((item) => cellOf(type.element.type, item))
    case 'map':
      return entriesCell(
        (value as DuckDBMapValue).entries.map(({ key, value: held }) => [
          cellOf(type.key, key),
          cellOf(type.value.type, held),
        ]),
      )
    case 'struct': {
      const { entries } = value as DuckDBStructValue
      return type.fields.map((field) => cellOf(field.type, entries[field.name]))
    }
  }
}
