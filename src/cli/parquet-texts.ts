import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import type { Row, TimestampType, TimeType } from '../contracts/index.ts'
import { toHex } from '../core/bytes.ts'
import { DAY_MS } from '../core/values/days-of.ts'
import { decimalText } from '../core/values/decimal-text.ts'
import { unitsText } from '../core/values/units-text.ts'
import { keyText, printable } from './printable.ts'

/**
 * The footer without what makes hyparquet give doubles for decimals and milliseconds for moments, and fail for intervals: it
 * then gives what is stored, of which `parquetTexts` makes the texts.
 */
export function asStored(metadata: FileMetaData): FileMetaData {
  const leaves = new Set(leavesOf(parquetSchema(metadata)))
  const schema = metadata.schema.map((element) =>
    leaves.has(element) ? storedElement(element) : element,
  )
  return { ...metadata, schema }
}

/** Rows that were read with `asStored(metadata)`, as what JSON has a text for: that of docs/values.md. */
export function parquetTexts(metadata: FileMetaData, rows: readonly Row[]): Row[] {
  const columns = parquetSchema(metadata)
  return rows.map((row) => valueText(columns, row) as Row)
}

/** Those of a variant are not among them: hyparquet needs to know what they are. */
function leavesOf(node: SchemaTree): SchemaElement[] {
  if (isVariant(node)) return []
  return node.children.length === 0 ? [node.element] : node.children.flatMap(leavesOf)
}

function isVariant({ element }: SchemaTree): boolean {
  return element.logical_type?.type === 'VARIANT'
}

function storedElement(element: SchemaElement): SchemaElement {
  const { converted_type, logical_type, ...stored } = element
  // The words of an enum are text, which hyparquet does not know.
  if (converted_type === 'ENUM') return { ...stored, converted_type: 'UTF8' }
  return textOf(element) ? stored : element
}

function valueText(node: SchemaTree, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (isVariant(node)) return printable(value)
  const { element, children } = node
  const [child] = children
  if (Array.isArray(value) && (child || element.repetition_type === 'REPEATED')) {
    // A list of the three levels that the format wants, of the two that others write, or what is repeated without being a list.
    const item = element.converted_type === 'LIST' ? (child?.children[0] ?? child) : undefined
    return value.map((each) => valueText(item ?? node, each))
  }
  if (child === undefined) return textOf(element)?.(value) ?? printable(value)
  const members = Object.entries(value)
  const [key, held] = child.children
  const texts =
    element.converted_type === 'MAP' && key && held
      ? members.map(([name, each]) => [
          keyText(valueText(key, storedKey(key.element, name))),
          valueText(held, each),
        ])
      : children.map((field) => {
          const { name } = field.element
          return [name, valueText(field, (value as Row)[name])]
        })
  return Object.fromEntries(texts)
}

/** hyparquet makes a map an object, whose keys are the texts of what is stored: of bytes, their numbers. */
function storedKey(element: SchemaElement, name: string): unknown {
  const { type, converted_type, logical_type } = storedElement(element)
  const annotated = converted_type !== undefined || logical_type !== undefined
  if (annotated || (type !== 'BYTE_ARRAY' && type !== 'FIXED_LEN_BYTE_ARRAY')) return name
  return Uint8Array.from(name === '' ? [] : name.split(','), Number)
}

/** What makes a text of what is stored, for the types of which hyparquet would make something else. */
function textOf({
  converted_type: converted,
  logical_type: logical,
  scale,
}: SchemaElement): ((stored: unknown) => unknown) | undefined {
  if (logical?.type === 'DECIMAL') {
    return (stored) => decimalText(integerOf(stored), logical.scale)
  }
  if (converted === 'DECIMAL') return (stored) => decimalText(integerOf(stored), scale ?? 0)
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME') {
    const kind = logical.type === 'TIME' ? 'time' : 'timestamp'
    return units({ kind, unit: UNITS[logical.unit], utc: logical.isAdjustedToUTC })
  }
  switch (converted) {
    case 'TIMESTAMP_MILLIS':
      return units({ kind: 'timestamp', unit: 'ms', utc: true })
    case 'TIMESTAMP_MICROS':
      return units({ kind: 'timestamp', unit: 'us', utc: true })
    case 'TIME_MILLIS':
      return units({ kind: 'time', unit: 'ms', utc: true })
    case 'TIME_MICROS':
      return units({ kind: 'time', unit: 'us', utc: true })
    case 'DATE':
      return (stored) => {
        const ms = integerOf(stored) * BigInt(DAY_MS)
        return unitsText(ms, { kind: 'timestamp', unit: 'ms', utc: true })?.replace(/T.*/, '')
      }
    case 'INTERVAL':
    case 'BSON':
      return printable
  }
  return undefined
}

const UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const

function units(type: TimeType | TimestampType): (stored: unknown) => unknown {
  return (stored) => unitsText(integerOf(stored), type)
}

/** Of bytes, it is one in two's complement, the highest byte first. */
function integerOf(stored: unknown): bigint {
  if (!(stored instanceof Uint8Array)) return BigInt(stored as number | bigint | string)
  return BigInt.asIntN(stored.length * 8, BigInt(`0x${toHex(stored) || '0'}`))
}
