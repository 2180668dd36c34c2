import type { ElementType, Field, FieldType } from '../../../../contracts/index.ts'
import { SluiceError } from '../../../../core/errors.ts'
import { DAY_MS } from '../../../../core/values/days-of.ts'
import { decimalText } from '../../../../core/values/decimal-text.ts'
import { float16Of } from '../../../../core/values/floats.ts'
import type { ArrowColumn, ArrowField } from './arrow-table.ts'
import {
  DAYS,
  detailsOf,
  isSigned,
  SECONDS,
  sizeOf,
  TIME_UNITS,
  TYPES,
  type TypeDetails,
} from './arrow-types.ts'
import { bitAt, type ChunkLayout } from './chunk-layout.ts'
import {
  bytesReader,
  columnValues,
  fixedBytesReader,
  type Read,
  unscaledReader,
  type ValueReader,
  viewsReader,
} from './chunk-values.ts'
import {
  byLength,
  byOffsets,
  bySizes,
  listReader,
  type MemberReader,
  mapReader,
  runsReader,
  structReader,
} from './nested-values.ts'
import { textsOf, textsReader } from './text-values.ts'

/** How a type of Arrow is written, and how its values are read. */
export interface Written extends ValueReader {
  readonly type: FieldType
  /** Within it, the leaves that are dictionaries of texts or bytes. Default: none. */
  readonly coded?: readonly LeafPath[] | undefined
  /** Whether it holds nothing but nulls, whatever its field says. Default false. */
  readonly isNull?: boolean | undefined
}

type LeafPath = readonly string[]

type Typed = Pick<ArrowField, 'type' | 'metadata'>

/** Throws `not-supported` for a type that Parquet does not have, naming the column. */
export function writtenAs(field: Typed, path: string): Written {
  const type = detailsOf(field)
  switch (type.typeId) {
    case TYPES.null:
      // Nothing is read of it: it has no buffers.
      return { type: 'string', reader: () => () => null, isNull: true }
    case TYPES.int:
      return plain(`${isSigned(type) ? '' : 'u'}int${type.bitWidth}` as FieldType)
    case TYPES.float:
      if (type.precision === 0) return { type: 'float16', reader: numbers(float16Of) }
      return plain(type.precision === 1 ? 'float32' : 'double')
    case TYPES.bool:
      return { type: 'boolean', reader: booleans }
    case TYPES.binary:
    case TYPES.largeBinary:
      return { type: 'bytes', reader: bytesReader }
    case TYPES.binaryView:
      return { type: 'bytes', reader: viewsReader }
    case TYPES.fixedSizeBinary:
      return fixedBytes(field, type)
    case TYPES.utf8:
    case TYPES.largeUtf8:
      return { type: 'string', reader: (chunk) => textsReader(chunk, path) }
    case TYPES.utf8View:
      return { type: 'string', reader: (chunk) => textsOf(viewsReader(chunk), path) }
    case TYPES.decimal:
      return decimal(type, path)
    case TYPES.date:
      if (type.unit !== DAYS) return { type: 'date', reader: numbers((ms) => new Date(ms)) }
      return { type: 'date', reader: numbers((days) => new Date(days * DAY_MS)), isArray: true }
    case TYPES.time:
      return counted({ kind: 'time', unit: unitOf(type), utc: false }, type)
    case TYPES.timestamp:
      // A text without characters is no zone either.
      return counted({ kind: 'timestamp', unit: unitOf(type), utc: Boolean(type.timezone) }, type)
    case TYPES.duration:
      return plain('int64')
    default:
      return nested(type, path)
  }
}

function nested(type: TypeDetails, path: string): Written {
  switch (type.typeId) {
    case TYPES.dictionary:
      return dictionary(type, path)
    case TYPES.runEndEncoded: {
      const [, values] = type.children as [ArrowField, ArrowField]
      const inner = writtenAs(values, path)
      return { ...inner, reader: (chunk) => runsReader(chunk, inner, path), isArray: false }
    }
    case TYPES.list:
    case TYPES.largeList:
      return list(type, byOffsets, path)
    case TYPES.listView:
    case TYPES.largeListView:
      return list(type, bySizes, path)
    case TYPES.fixedSizeList:
      return list(type, byLength(sizeOf(type)), path)
    case TYPES.map:
      return map(type, path)
    case TYPES.struct:
      return struct(type, path)
    default:
      throw notSupported(path, `type ${type.typeId}`)
  }
}

/** Numbers as they are. */
function plain(type: FieldType): Written {
  return {
    type,
    reader:
      ({ values }) =>
      (place) =>
        values[place],
    isArray: true,
  }
}

function numbers(convert: (value: number) => unknown): ValueReader['reader'] {
  return ({ values }) =>
    (place) => {
      const value = values[place]
      return value === undefined ? undefined : convert(Number(value))
    }
}

function booleans({ values, firstBit }: ChunkLayout): Read {
  return (place) => {
    const bit = firstBit + place
    return bit < 8 * values.length ? bitAt(values, bit) : undefined
  }
}

/** What the extension types that Arrow itself has are told by. @see https://arrow.apache.org/docs/format/CanonicalExtensions.html */
const EXTENSION = 'ARROW:extension:name'

const MAX_FIXED_BYTES = 64

function fixedBytes({ metadata }: Typed, type: TypeDetails): Written {
  const byteWidth = sizeOf(type)
  const isUuid = byteWidth === 16 && metadata?.get(EXTENSION) === 'arrow.uuid'
  // No bytes, and longer ones than a column can have of one length, are still bytes.
  const isFixed = byteWidth > 0 && byteWidth <= MAX_FIXED_BYTES
  return {
    type: isUuid ? 'uuid' : isFixed ? { kind: 'bytes', length: byteWidth } : 'bytes',
    reader: (chunk) => fixedBytesReader(chunk, byteWidth),
  }
}

function decimal({ precision, scale, bitWidth }: TypeDetails, path: string): Written {
  // The same bounds as Parquet's own.
  if (scale < 0 || scale > precision) {
    throw notSupported(path, `decimals of scale ${scale}`)
  }
  return {
    type: { kind: 'decimal', precision, scale },
    reader(chunk) {
      const unscaledAt = unscaledReader(chunk, bitWidth)
      return (place) => {
        const unscaled = unscaledAt(place)
        return unscaled === undefined ? undefined : decimalText(unscaled as bigint, scale)
      }
    },
  }
}

/** Parquet has no seconds. */
function unitOf({ unit }: TypeDetails): 'ms' | 'us' | 'ns' {
  const name = TIME_UNITS[unit]
  return name === 's' || name === undefined ? 'ms' : name
}

function counted(type: FieldType, { unit }: TypeDetails): Written {
  if (unit !== SECONDS) return plain(type)
  return {
    type,
    reader:
      ({ values }) =>
      (place) => {
        const seconds = values[place]
        return typeof seconds === 'bigint' ? seconds * 1000n : seconds && seconds * 1000
      },
  }
}

function dictionary(type: TypeDetails, path: string): Written {
  const { type: written, reader } = writtenAs({ type: type.dictionary }, path)
  const known = new WeakMap<ArrowColumn, ArrayLike<unknown>>()
  return {
    type: written,
    coded: written === 'string' || written === 'bytes' ? [[]] : [],
    reader({ values, dictionary: words }) {
      // As values of rows, since what of them is taken makes another array.
      const all = known.get(words) ?? columnValues(words, { reader }, path)
      known.set(words, all)
      return (place) => all[Number(values[place])]
    },
  }
}

function below(path: LeafPath, { coded = [] }: Written): readonly LeafPath[] {
  return coded.map((leaf) => [...path, ...leaf])
}

export function elementOf({ nullable }: ArrowField, { type, isNull }: Written): ElementType {
  return { type, nullable: nullable || isNull === true }
}

function list(type: TypeDetails, bounds: Parameters<typeof listReader>[2], path: string): Written {
  const [element] = type.children as [ArrowField]
  const inner = writtenAs(element, path)
  return {
    type: { kind: 'list', element: elementOf(element, inner) },
    coded: below(['list', 'element'], inner),
    reader: (chunk) => listReader(chunk, inner, bounds, path),
  }
}

function map(type: TypeDetails, path: string): Written {
  const [entries] = type.children as [ArrowField]
  const [keyField, valueField] = detailsOf(entries).children as [ArrowField, ArrowField]
  const key = writtenAs(keyField, path)
  const value = writtenAs(valueField, path)
  return {
    type: { kind: 'map', key: key.type, value: elementOf(valueField, value) },
    coded: [...below(['key_value', 'key'], key), ...below(['key_value', 'value'], value)],
    reader: (chunk) => mapReader(chunk, key, value, path),
  }
}

function struct({ children }: TypeDetails, path: string): Written {
  const members = children.map((field): MemberReader & Written & Field => {
    const inner = `${path}.${field.name}`
    const written = writtenAs(field, inner)
    return { ...written, ...elementOf(field, written), path: inner, name: field.name }
  })
  return {
    type: {
      kind: 'struct',
      fields: members.map(({ name, type, nullable }) => ({ name, type, nullable })),
    },
    coded: members.flatMap((member) => below([member.name], member)),
    reader: (chunk) => structReader(chunk, members),
  }
}

function notSupported(path: string, what: string): SluiceError {
  return new SluiceError(
    'not-supported',
    `The Arrow column ${path} has ${what}, which Parquet does not have`,
  )
}
