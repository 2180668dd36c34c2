import type { Bytes } from '../../../../contracts/index.ts'
import { concatBytes } from '../../../../core/bytes.ts'
import type { ArrowField, ArrowTable } from './arrow-table.ts'
import { detailsOf, isSigned, sizeOf, TYPES, type TypeDetails } from './arrow-types.ts'
import { type FlatNumber, type FlatPart, type FlatTable, flatBuffer } from './flat-buffer.ts'

/** @see https://github.com/apache/arrow/blob/main/format/Schema.fbs (MetadataVersion) */
const VERSION_5 = 4
const LITTLE_ENDIAN = 0
/** @see https://github.com/apache/arrow/blob/main/format/Message.fbs (MessageHeader) */
const SCHEMA = 1

/**
 * The columns as Arrow's own streams begin: a message of a schema. Dictionaries are numbered in their order, and not by what a
 * library has numbered them, so that equal columns give equal bytes. Runs are told as what they repeat, and views of lists as lists: polars
 * panics at both.
 *
 * @see https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
 */
export function schemaMessage({ fields, metadata }: ArrowTable['schema']): Bytes {
  const dictionaries = { count: 0 }
  const schema = table(
    i16(LITTLE_ENDIAN),
    fields.map((field) => fieldTable(field, dictionaries)),
    pairs(metadata),
  )
  const message = flatBuffer(table(i16(VERSION_5), u8(SCHEMA), schema, i64(0)))
  const head = new DataView(new ArrayBuffer(8))
  head.setInt32(0, -1, true)
  head.setInt32(4, message.byteLength, true)
  return concatBytes([new Uint8Array(head.buffer), message])
}

/** By their views. */
const LISTS: ReadonlyMap<number, number> = new Map([
  [TYPES.listView, TYPES.list],
  [TYPES.largeListView, TYPES.largeList],
])

interface Dictionaries {
  count: number
}

function fieldTable(field: ArrowField, dictionaries: Dictionaries): FlatTable {
  const { name, nullable, metadata } = field
  const outer = detailsOf(field)
  if (outer.typeId === TYPES.runEndEncoded) {
    const [, { type }] = outer.children as [ArrowField, ArrowField]
    return fieldTable({ ...{ name, nullable, type }, ...(metadata && { metadata }) }, dictionaries)
  }
  const isDictionary = outer.typeId === TYPES.dictionary
  const encoding = isDictionary ? dictionaryTable(outer, dictionaries.count++) : undefined
  const type = isDictionary ? detailsOf({ type: outer.dictionary }) : outer
  const children = type.children ?? []
  return table(
    name,
    flag(nullable),
    u8(LISTS.get(type.typeId) ?? type.typeId),
    typeTable(type),
    encoding,
    children.map((child) => fieldTable(child, dictionaries)),
    pairs(metadata),
  )
}

function pairs(metadata: ArrowField['metadata']): readonly FlatTable[] {
  return [...(metadata ?? [])].map(([key, value]) => table(key, value))
}

function dictionaryTable(type: TypeDetails, id: number): FlatTable {
  const indices = typeTable(detailsOf({ type: type.indices }))
  return table(i64(id), indices, flag(type.isOrdered ?? type.ordered ?? false))
}

/** What a type says beside its number. */
function typeTable(type: TypeDetails): FlatTable {
  switch (type.typeId) {
    case TYPES.int:
      return table(i32(type.bitWidth), flag(isSigned(type)))
    case TYPES.float:
      return table(i16(type.precision))
    case TYPES.decimal:
      return table(i32(type.precision), i32(type.scale), i32(type.bitWidth))
    case TYPES.date:
    case TYPES.duration:
      return table(i16(type.unit))
    case TYPES.time:
      return table(i16(type.unit), i32(type.bitWidth))
    case TYPES.timestamp:
      return table(i16(type.unit), type.timezone || undefined)
    case TYPES.fixedSizeBinary:
    case TYPES.fixedSizeList:
      return table(i32(sizeOf(type)))
    case TYPES.map:
      return table(flag(type.keysSorted))
    default:
      return table()
  }
}

function table(...fields: readonly (FlatNumber | FlatPart | undefined)[]): FlatTable {
  return { fields }
}

function flag(value: boolean): FlatNumber {
  return u8(value ? 1 : 0)
}

function u8(value: number): FlatNumber {
  return { byteWidth: 1, value }
}

function i16(value: number): FlatNumber {
  return { byteWidth: 2, value }
}

function i32(value: number): FlatNumber {
  return { byteWidth: 4, value }
}

function i64(value: number): FlatNumber {
  return { byteWidth: 8, value }
}
