import type {
  DecimalType,
  Field,
  FieldType,
  Row,
  Schema,
  TimestampType,
  TimeType,
} from '../../../../src/contracts/index.ts'
import { UNITS_PER_SECOND } from './types.ts'

/**
 * What a value is, in a form in which equal means the same in every language: whole numbers, decimals and times as the digits of
 * what Parquet stores, floats as the bits of their double, bytes in hexadecimal, a map as its sorted entries, a struct as its fields.
 */
export type Cell = null | boolean | string | readonly Cell[]

/** What the encoder is told to write, by code that shares nothing with it. */
export function cellOf(type: FieldType, value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (typeof type === 'string') {
    switch (type) {
      case 'boolean':
        return value as boolean
      case 'float16':
        return bits(Math.f16round(value as number))
      case 'float32':
        return bits(Math.fround(value as number))
      case 'double':
        return bits(Number(value))
      case 'string':
      case 'enum':
        return value as string
      case 'bytes':
        return hex(value as Uint8Array)
      case 'uuid':
        return typeof value === 'string' ? uuid(value) : uuid(hex(value as Uint8Array))
      case 'date':
        return String((typeof value === 'string' ? Date.parse(value) : Number(value)) / 86_400_000)
      case 'timestamp':
        return String(Number(value))
      case 'json':
      case 'variant':
        return jsonCell(value)
      default:
        return String(value)
    }
  }
  switch (type.kind) {
    case 'bytes':
      return hex(value as Uint8Array)
    case 'decimal':
      return String(unscaled(value as string | bigint, type))
    case 'time':
      return String(typeof value === 'string' ? unitsOfText(value, type) : BigInt(value as bigint))
    case 'timestamp':
      return String(
        value instanceof Date
          ? (BigInt(value.getTime()) * UNITS_PER_SECOND[type.unit]) / 1000n
          : BigInt(value as bigint),
      )
    case 'list':
      return (value as unknown[]).map((item) => cellOf(type.element.type, item))
    case 'map': {
      const entries = value instanceof Map ? [...value] : Object.entries(value as object)
      return entriesCell(
        entries.map(([key, held]) => [cellOf(type.key, key), cellOf(type.value.type, held)]),
      )
    }
    case 'struct':
      return type.fields.map((field) => cellOf(field.type, own(value, field.name)))
  }
}

export function rowCells({ fields }: Schema, rows: readonly Row[]): Cell[][] {
  return rows.map((row) => fields.map(({ name, type }) => cellOf(type, own(row, name))))
}

function own(value: unknown, name: string): unknown {
  return Object.hasOwn(value as object, name) ? (value as Row)[name] : undefined
}

/** The same cell with each leaf changed: for what a reader cannot hold. */
export function mapLeaves(
  type: FieldType,
  cell: Cell,
  change: (type: FieldType, cell: Cell) => Cell,
): Cell {
  if (cell === null) return null
  if (typeof type === 'string' || !('element' in type || 'key' in type || 'fields' in type)) {
    return change(type, cell)
  }
  const cells = cell as readonly Cell[]
  switch (type.kind) {
    case 'list':
      return cells.map((item) => mapLeaves(type.element.type, item, change))
    case 'map':
      return entriesCell(
        (cells as readonly (readonly [Cell, Cell])[]).map(([key, value]) => [
          mapLeaves(type.key, key, change),
          mapLeaves(type.value.type, value, change),
        ]),
      )
    case 'struct':
      return type.fields.map((field: Field, n) => mapLeaves(field.type, cells[n] as Cell, change))
  }
}

/** The cells of all rows with each leaf changed. */
export function mapCells(
  { fields }: Schema,
  rows: readonly (readonly Cell[])[],
  change: (type: FieldType, cell: Cell) => Cell,
): Cell[][] {
  return rows.map((row) => fields.map(({ type }, n) => mapLeaves(type, row[n] as Cell, change)))
}

export function entriesCell(entries: readonly (readonly [Cell, Cell])[]): Cell {
  return entries
    .map((entry) => [JSON.stringify(entry[0]), entry] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry)
}

/** The bits of a double. There is one NaN. */
export function bits(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function uuid(text: string): string {
  return text.replaceAll('-', '').toLowerCase()
}

/** JSON with sorted keys, exact integers and `-0`. */
export function jsonCell(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonCell).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${jsonCell(member)}`,
  )
  return `{${members.sort().join()}}`
}

function unscaled(value: string | bigint, { scale }: DecimalType): bigint {
  if (typeof value === 'bigint') return value * 10n ** BigInt(scale)
  const [ones = '', fraction = ''] = value.split('.')
  return BigInt(ones + fraction.padEnd(scale, '0'))
}

function unitsOfText(text: string, { unit }: TimeType | TimestampType): bigint {
  const perSecond = UNITS_PER_SECOND[unit]
  const [clock = '', fraction = ''] = text.split('.')
  const seconds = Date.parse(`1970-01-01T${clock}Z`) / 1000
  const digits = String(perSecond).length - 1
  return BigInt(seconds) * perSecond + BigInt(fraction.padEnd(digits, '0'))
}
