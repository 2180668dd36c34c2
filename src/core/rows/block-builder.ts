import type { Bytes, Field, FieldType, Row, Schema } from '../../contracts/index.ts'
import { EMPTY, utf8Length } from '../bytes.ts'
import { inheritsNothing } from '../json.ts'
import { isWellFormed } from '../keys.ts'
import { valueFault } from '../schemas/value-fault.ts'
import { packed } from './block-bytes.ts'
import { type BlockColumn, RowBlock } from './row-block.ts'

/** Fewer rows weigh less as objects, and as lines. */
export const LEAST_BLOCK_ROWS = 8

/** More are no block: their numbers would be a large piece of memory for each call. */
const MOST_BLOCK_ROWS = 64 * 1024
/** A longer column of texts is none of a block. */
const MOST_TEXT_LENGTH = 64 * 1024 * 1024

// As `approximateBytes` counts.
const SCALAR_BYTES = 8
const BOOLEAN_BYTES = 5
const NULL_BYTES = 4

export interface BuiltBlock<R> {
  readonly block: RowBlock<R>
  /** What `approximateBytes` says of the rows, together. */
  readonly bytes: number
}

export interface BlockOptions {
  /** What the rows are to fit, as `checkRow` says. */
  readonly schema?: Schema | undefined
  /** What a row may come to, by `approximateBytes`. Default: anything. */
  readonly maxRowBytes?: number | undefined
}

/**
 * The rows as a block, in one pass that also checks and measures them; `undefined` where they are too few, or one of them is no row for a
 * block, does not fit the schema, holds text that is not well-formed, or throws: which one it is, and why, is for others to find.
 */
export function blockOfRows<R>(
  rows: readonly R[],
  { schema, maxRowBytes = Number.POSITIVE_INFINITY }: BlockOptions = {},
): BuiltBlock<R> | undefined {
  const { length } = rows
  if (length < LEAST_BLOCK_ROWS || length > MOST_BLOCK_ROWS) return undefined
  const columns: Filling[] = []
  try {
    if (!beginColumns(columns, rows[0], length, schema)) return undefined
    let bytes = 0
    for (let i = 0; i < length; i++) {
      const rowBytes = addRow(columns, rows[i] as Row, i)
      if (rowBytes === MISFIT || rowBytes > maxRowBytes) return undefined
      bytes += rowBytes
    }
    const built: BlockColumn[] = []
    let room = takeRoom(columns)
    for (const column of columns) {
      const one = blockColumn(column, room)
      if (!one) return undefined
      built.push(one)
      room = room.subarray(one.text.length)
    }
    // One piece of memory, and no larger than it must be.
    const block = packed(new RowBlock(length, built))
    return { block: block as RowBlock<unknown> as RowBlock<R>, bytes }
  } catch {
    // A getter or a proxy of the caller's.
    return undefined
  } finally {
    for (const { values } of columns) keepValues(values)
  }
}

const MISFIT = -1

/** How a value is looked at. Of the types that most columns have it is known without a call. */
const [ANY, TEXT, INT32, DOUBLE, BOOLEAN, TIME, OTHER] = [0, 1, 2, 3, 4, 5, 6]
const CHECKS: Readonly<Partial<Record<string, number>>> = {
  string: TEXT,
  enum: TEXT,
  int32: INT32,
  double: DOUBLE,
  boolean: BOOLEAN,
  timestamp: TIME,
}

/** A column that is being filled. */
interface Filling {
  readonly name: string
  /** What its key adds to the size of a row. */
  readonly keyBytes: number
  readonly check: number
  readonly type: FieldType | undefined
  readonly nullable: boolean
  /** `TEXT`, `DOUBLE`, `BOOLEAN` or `TIME`; `ANY` while all were null. */
  kind: number
  /** Numbers of all kinds; of texts where each begins in `text`, and one place more. */
  readonly values: Float64Array
  /** How many there are going to be. */
  readonly length: number
  /** V8 copies nothing while it grows: it notes what lies behind what, and makes one text of it when it is encoded. */
  text: string
  /** Whether each number is an integer of 32 bits, and none is `-0`. */
  isInt32: boolean
  nulls: Uint8Array | undefined
}

/** One for each key of the first row; `false` where it has none, or the schema has something against them. */
function beginColumns(
  columns: Filling[],
  first: unknown,
  length: number,
  schema: Schema | undefined,
): boolean {
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return false
  const names = Object.keys(first)
  if (names.length === 0 || !names.every(isWellFormed)) return false
  const fields = new Map(schema?.fields.map((field) => [field.name, field]))
  for (const name of names) {
    const field = fields.get(name)
    if (schema && !field) return false
    fields.delete(name)
    columns.push(filling(name, length, field, takeValues(length + 1, columns.length)))
  }
  for (const { nullable } of fields.values()) if (!nullable) return false
  return true
}

/** Arrays that columns were filled in: new ones for each call would be most of a sink's garbage. Who fills one has taken it out. */
const spare: Float64Array[] = []
const SPARE_LENGTH = 4096
const MOST_SPARE = 64

/** `column`: how many were taken before. One that will not be kept has no more place than it must: of a wide row there are thousands. */
function takeValues(length: number, column: number): Float64Array {
  if (length > SPARE_LENGTH) return new Float64Array(length)
  return spare.pop() ?? new Float64Array(column < MOST_SPARE ? SPARE_LENGTH : length)
}

function keepValues(values: Float64Array): void {
  if (values.length === SPARE_LENGTH && spare.length < MOST_SPARE) spare.push(values)
}

/** `values`: of one place more than `length`, for texts. */
function filling(
  name: string,
  length: number,
  field: Field | undefined,
  values: Float64Array,
): Filling {
  const type = field?.type
  const check = typeof type === 'string' ? CHECKS[type] : undefined
  return {
    name,
    keyBytes: name.length + 4,
    check: type === undefined ? ANY : (check ?? OTHER),
    type,
    nullable: field?.nullable ?? true,
    kind: ANY,
    values,
    length,
    text: '',
    // As doubles they need no conversion.
    isInt32: check !== DOUBLE,
    nulls: undefined,
  }
}

/** What the row comes to in size, or `MISFIT`. */
function addRow(columns: readonly Filling[], row: Row, at: number): number {
  // A list, too, inherits something.
  if (row === null || typeof row !== 'object' || !inheritsNothing(row)) return MISFIT
  let bytes = 2
  let place = 0
  for (const key in row) {
    const column = columns[place++]
    if (column === undefined || column.name !== key) return MISFIT
    const valueBytes = addValue(column, row[key], at)
    if (valueBytes === MISFIT) return MISFIT
    bytes += column.keyBytes + valueBytes
  }
  if (place !== columns.length) return MISFIT
  return bytes > SCALAR_BYTES ? bytes : SCALAR_BYTES
}

function addValue(column: Filling, value: unknown, at: number): number {
  const { check, values } = column
  if (typeof value === 'string') {
    if (column.kind !== TEXT && column.kind !== ANY) return MISFIT
    if (check !== TEXT && check !== ANY && valueFault(column.type as FieldType, value)) {
      return MISFIT
    }
    if (column.kind === ANY) column.kind = TEXT
    column.text += value
    if (column.text.length > MOST_TEXT_LENGTH) return MISFIT
    values[at + 1] = column.text.length
    return value.length + 2
  }
  if (typeof value === 'number') {
    if (column.kind !== DOUBLE && column.kind !== ANY) return MISFIT
    if (check === INT32) {
      if (value !== (value | 0)) return MISFIT
    } else if (check !== DOUBLE && check !== ANY && valueFault(column.type as FieldType, value)) {
      return MISFIT
    }
    column.kind = DOUBLE
    values[at] = value
    if (column.isInt32 && (value !== (value | 0) || Object.is(value, -0))) column.isInt32 = false
    return SCALAR_BYTES
  }
  if (value instanceof Date) {
    if (column.kind !== TIME && column.kind !== ANY) return MISFIT
    const time = value.getTime()
    if (Number.isNaN(time)) return MISFIT
    if (check !== TIME && check !== ANY && valueFault(column.type as FieldType, value)) {
      return MISFIT
    }
    column.kind = TIME
    values[at] = time
    return SCALAR_BYTES
  }
  if (typeof value === 'boolean') {
    if (column.kind !== BOOLEAN && column.kind !== ANY) return MISFIT
    if (check !== BOOLEAN && check !== ANY && valueFault(column.type as FieldType, value)) {
      return MISFIT
    }
    column.kind = BOOLEAN
    values[at] = value ? 1 : 0
    return BOOLEAN_BYTES
  }
  if (value !== null || !column.nullable) return MISFIT
  column.nulls ??= new Uint8Array(column.length)
  column.nulls[at] = 1
  if (column.kind !== TEXT) values[at] = 0
  values[at + 1] = column.text.length
  return NULL_BYTES
}

/** `room` is for the text, and has place for it. */
function blockColumn(column: Filling, room: Bytes): BlockColumn | undefined {
  const { name, kind, length, isInt32, nulls } = column
  if (kind === TEXT) return textColumn(column, room)
  const values = column.values.subarray(0, length)
  const base = { name, values, text: EMPTY, nulls }
  if (kind === TIME) return { ...base, kind: 'time' }
  if (kind === BOOLEAN) return { ...base, kind: 'boolean' }
  // One that is null throughout is a column of anything.
  return { ...base, kind: isInt32 ? 'int32' : 'number' }
}

const encoder = new TextEncoder()
/** For the texts of all columns while a block is made of them, during which nobody else's code runs. */
let spareRoom: Bytes = EMPTY
const MOST_ROOM_BYTES = 1024 * 1024

function takeRoom(columns: readonly Filling[]): Bytes {
  let bytes = 0
  // No unit takes more than three bytes. Of much text it is worth to know exactly.
  for (const { text } of columns) bytes += 3 * text.length
  if (bytes > MOST_ROOM_BYTES) {
    return new Uint8Array(columns.reduce((sum, { text }) => sum + utf8Length(text), 0))
  }
  if (spareRoom.byteLength < bytes) spareRoom = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)))
  return spareRoom
}

function textColumn(
  { name, text, values: places, length, nulls }: Filling,
  room: Bytes,
): BlockColumn | undefined {
  places[0] = 0
  const values = places.subarray(0, length + 1)
  const { written } = encoder.encodeInto(text, room)
  const base = { name, values, text: room.subarray(0, written), nulls }
  // ASCII has as many bytes as units, and nothing else has.
  if (written === text.length) return { ...base, kind: 'ascii' }
  let begin = 0
  let end = 0
  for (let i = 1; i <= length; i++) {
    const next = places[i] as number
    const one = text.slice(begin, next)
    // Each by itself: side by side, two halves of a pair would look like one character.
    if (!isWellFormed(one)) return undefined
    end += utf8Length(one)
    places[i] = end
    begin = next
  }
  return { ...base, kind: 'text' }
}
