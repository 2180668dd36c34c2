import type { ElementType, Field, FieldType, Schema } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { Columns } from './column-encoder.ts'

/** What apache-arrow and flechette both have: a table, or one of its record batches. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly ArrowField[] }
  getChild(name: string): ArrowColumn | null | undefined
}

export interface ArrowField {
  readonly name: string
  readonly type: ArrowType
  readonly nullable: boolean
}

/** The numbers are those of Arrow's own metadata. @see https://github.com/apache/arrow/blob/main/format/Schema.fbs */
export interface ArrowType {
  readonly typeId: number
}

export interface ArrowColumn {
  readonly length: number
  readonly nullCount: number
  get(index: number): unknown
  toArray(): ArrayLike<unknown>
}

/** How a type of Arrow is written, and what becomes of its values. */
interface Written {
  readonly type: FieldType
  /** Default: as they are. */
  readonly convert?: (value: unknown) => unknown
  /** Whether an array of them all is one of numbers as they are. */
  readonly isArray?: boolean
}

/** All that is read of any type; which of it there is depends on the `typeId`. */
interface Details extends ArrowType {
  readonly bitWidth: number
  /** apache-arrow's word, and flechette's. */
  readonly isSigned?: boolean
  readonly signed?: boolean
  readonly precision: number
  readonly unit: number
  readonly timezone?: string | null
  readonly dictionary: ArrowType
  readonly children: readonly ArrowField[]
}

/**
 * The columns of an Arrow table, or of a record batch of one, and their types: `parquetColumns({ schema }).write(columns)`. Nothing is
 * imported: tables are known by what apache-arrow and flechette have in common.
 *
 * Taken are booleans, integers, floats, UTF-8, binary, dates, timestamps down to microseconds, dictionaries, lists and structs of them. Numbers
 * without nulls are not copied here. Integers of 64 bits beyond 2^53 need flechette's `useBigInt`.
 *
 * Errors: `not-supported` for other types, naming the column.
 */
export function arrowColumns(table: ArrowTable): {
  readonly schema: Schema
  readonly columns: Columns
} {
  const columns: [name: string, values: ArrayLike<unknown>][] = []
  const fields = table.schema.fields.map(({ name, type, nullable }): Field => {
    const written = writtenAs(type as Details, name)
    const column = table.getChild(name)
    if (column) columns.push([name, valuesOf(column, written)])
    return { name, type: written.type, nullable }
  })
  // Not by assignment, of which `__proto__` would be no column.
  return { schema: { fields }, columns: Object.fromEntries(columns) }
}

function valuesOf(column: ArrowColumn, written: Written): ArrayLike<unknown> {
  if (written.isArray && column.nullCount === 0) return column.toArray()
  return Array.from({ length: column.length }, (_, i) => converted(column.get(i), written))
}

function writtenAs(type: Details, column: string): Written {
  switch (type.typeId) {
    case -1:
      return { ...writtenAs(type.dictionary as Details, column), isArray: false }
    case 1:
      return { type: 'string' }
    case 2: {
      const sign = (type.isSigned ?? type.signed) ? '' : 'u'
      return { type: `${sign}int${type.bitWidth}` as FieldType, isArray: true }
    }
    case 3:
      if (type.precision === 0) return { type: 'float16' }
      return { type: type.precision === 1 ? 'float32' : 'double', isArray: true }
    case 4:
    case 15:
    case 19:
      return { type: 'bytes' }
    case 5:
    case 20:
      return { type: 'string' }
    case 6:
      return { type: 'boolean' }
    case 8:
      return { type: 'date', convert: (time) => new Date(time as number) }
    case 10:
      return timestamp(type, column)
    case 12:
    case 16:
    case 21:
      return list(type.children, column)
    case 13:
      return struct(type.children, column)
    default:
      throw notSupported(column, `type ${type.typeId}`)
  }
}

const MICROSECONDS = 2
const NANOSECONDS = 3
/** Up to here, in the year 2248, a double of milliseconds has every microsecond. */
const EXACT_MS = 2 ** 43

function timestamp({ unit, timezone }: Details, column: string): Written {
  if (unit === NANOSECONDS) throw notSupported(column, 'timestamps of nanoseconds')
  const utc = typeof timezone === 'string'
  // Both libraries give milliseconds, of seconds too.
  if (unit !== MICROSECONDS) return { type: { kind: 'timestamp', unit: 'ms', utc } }
  return {
    type: { kind: 'timestamp', unit: 'us', utc },
    convert(time) {
      if (Math.abs(time as number) < EXACT_MS) return Math.round((time as number) * 1000)
      throw notSupported(column, 'a timestamp whose microseconds are not exact')
    },
  }
}

function list([element]: readonly ArrowField[], column: string): Written {
  const inner = writtenAs(element?.type as Details, column)
  const type: ElementType = { type: inner.type, nullable: element?.nullable ?? true }
  return {
    type: { kind: 'list', element: type },
    convert: (values) =>
      Array.from(values as Iterable<unknown>, (value) => converted(value, inner)),
  }
}

function struct(members: readonly ArrowField[], column: string): Written {
  const inner = members.map(({ name, type, nullable }) => ({
    name,
    nullable,
    ...writtenAs(type as Details, `${column}.${name}`),
  }))
  const fields = inner.map(({ name, type, nullable }): Field => ({ name, type, nullable }))
  return {
    type: { kind: 'struct', fields },
    convert: (value) =>
      Object.fromEntries(
        inner.map((member) => [
          member.name,
          converted((value as Readonly<Record<string, unknown>>)[member.name], member),
        ]),
      ),
  }
}

function converted(value: unknown, { convert }: Written): unknown {
  return value === null || value === undefined || !convert ? value : convert(value)
}

function notSupported(column: string, what: string): SluiceError {
  return new SluiceError(
    'not-supported',
    `The Arrow column ${column} has ${what}, which is not written`,
  )
}
