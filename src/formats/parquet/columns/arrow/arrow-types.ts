import type { ArrowField, ArrowType } from './arrow-table.ts'

/** @see https://github.com/apache/arrow/blob/main/format/Schema.fbs (Type) */
export const TYPES = {
  /** The libraries' own: in metadata, a dictionary is a property of the field. */
  dictionary: -1,
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  runEndEncoded: 22,
  binaryView: 23,
  utf8View: 24,
  listView: 25,
  largeListView: 26,
} as const

/** Arrow's units of dates, and of all other times. */
export const DAYS = 0
export const SECONDS = 0
export const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const

/** All that is read of any type; which of it there is depends on the `typeId`. */
export interface TypeDetails extends ArrowType {
  readonly bitWidth: number
  /** apache-arrow's word, and flechette's; so it is with what stands in pairs below. */
  readonly isSigned?: boolean
  readonly signed?: boolean
  readonly precision: number
  readonly scale: number
  readonly unit: number
  readonly timezone?: string | null
  readonly byteWidth?: number
  readonly listSize?: number
  readonly stride?: number
  readonly keysSorted: boolean
  readonly dictionary: ArrowType
  readonly indices: ArrowType
  readonly isOrdered?: boolean
  readonly ordered?: boolean
  readonly children: readonly ArrowField[]
}

export function detailsOf({ type }: Pick<ArrowField, 'type'>): TypeDetails {
  return type as TypeDetails
}

export function isSigned(type: TypeDetails): boolean {
  return type.isSigned ?? type.signed ?? false
}

/** Bytes of a value of fixed size, or elements of a list of one. */
export function sizeOf(type: TypeDetails): number {
  return type.byteWidth ?? type.listSize ?? type.stride ?? 0
}
