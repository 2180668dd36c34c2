import type { Bytes } from '../../../contracts/index.ts'
import { concatBytes, utf8 } from '../../../core/bytes.ts'
import { isData, MAX_JSON_DEPTH } from '../../../core/json.ts'
import { compareKeys, isWellFormed } from '../../../core/keys.ts'
import { fitsInteger } from '../../../core/values/integers.ts'

/** A value and the names that stand in it. */
export interface Variant {
  readonly metadata: Bytes
  readonly value: Bytes
}

const SHORT_STRING = 1
const OBJECT = 2
const ARRAY = 3

/** Primitive types. */
const NULL = 0
const TRUE = 1
const FALSE = 2
const INT8 = 3
const INT16 = 4
const INT32 = 5
const INT64 = 6
const DOUBLE = 7
const DECIMAL16 = 10
const TIMESTAMP_MICROS = 12
const BINARY = 15
const STRING = 16

const MAX_SHORT_STRING = 63
const DECIMAL_END = 10n ** 38n
/** Engines and processors differ in the bits of those that they compute. */
const NAN = Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f)

/**
 * The value in the binary encoding of Variant, `undefined` for what a record cannot hold. A number is the narrowest integer that it
 * is, else a double; a `bigint` beyond 64 bits a decimal, and beyond 38 digits its text; a `Date` a timestamp of microseconds in UTC;
 * an object with `toJSON` what that returns. Members that are `undefined` are left out, and an `undefined` in an array is null.
 *
 * @see https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
 */
export function variantOf(value: unknown): Variant | undefined {
  const found = new Set<string>()
  if (!collectNames(value, found, 1)) return undefined
  // Sorted, so that fields in the order of their ids are in the order of their names, as the specification asks.
  const names = [...found].sort(compareKeys)
  const ids = new Map(names.map((name, id) => [name, id]))
  return { metadata: metadataOf(names), value: encoded(value, ids) }
}

/** Whether the value can be encoded; and the names in it. */
function collectNames(value: unknown, names: Set<string>, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value)
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    case 'undefined':
      return depth > 1
    case 'object':
      break
    default:
      return false
  }
  if (value === null || value instanceof Uint8Array) return true
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  if (depth > MAX_JSON_DEPTH) return false
  if (hasToJson(value)) return collectNames(value.toJSON(), names, depth + 1)
  if (Array.isArray(value)) {
    // A hole reads as `undefined`, and `every` would skip it.
    return Array.from(value).every((item) => collectNames(item, names, depth + 1))
  }
  if (!isData(value)) return false
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    if (!isWellFormed(name) || !collectNames(member, names, depth + 1)) return false
    names.add(name)
  }
  return true
}

function metadataOf(names: readonly string[]): Bytes {
  const texts = names.map(utf8)
  const offsets = offsetsOf(texts)
  const width = widthOf(Math.max(names.length, offsets.at(-1) ?? 0))
  const sorted = 1 << 4
  return concatBytes([
    Uint8Array.of(1 | sorted | ((width - 1) << 6)),
    littleEndian([names.length, ...offsets], width),
    ...texts,
  ])
}

type Ids = ReadonlyMap<string, number>

/** Only of what names were collected of. */
function encoded(value: unknown, ids: Ids): Bytes {
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'boolean':
      return primitive(value ? TRUE : FALSE)
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? integer(BigInt(value))
        : primitive(
            DOUBLE,
            Number.isNaN(value) ? NAN : new Uint8Array(new Float64Array([value]).buffer),
          )
    case 'bigint':
      return integer(value)
    case 'undefined':
      return primitive(NULL)
  }
  if (value === null) return primitive(NULL)
  if (value instanceof Uint8Array) {
    return primitive(BINARY, littleEndian([value.byteLength], 4), new Uint8Array(value))
  }
  if (value instanceof Date) {
    return primitive(TIMESTAMP_MICROS, twosComplement(BigInt(value.getTime()) * 1000n, 8))
  }
  if (hasToJson(value as object)) return encoded((value as Jsonable).toJSON(), ids)
  if (Array.isArray(value)) return array(Array.from(value, (item) => encoded(item, ids)))
  return object(value as Readonly<Record<string, unknown>>, ids)
}

function text(value: string): Bytes {
  const bytes = utf8(value)
  const { byteLength } = bytes
  return byteLength <= MAX_SHORT_STRING
    ? concatBytes([Uint8Array.of(SHORT_STRING | (byteLength << 2)), bytes])
    : primitive(STRING, littleEndian([byteLength], 4), bytes)
}

function integer(value: bigint): Bytes {
  if (fitsInteger(value, 'int64')) {
    if (BigInt.asIntN(8, value) === value) return primitive(INT8, twosComplement(value, 1))
    if (BigInt.asIntN(16, value) === value) return primitive(INT16, twosComplement(value, 2))
    if (BigInt.asIntN(32, value) === value) return primitive(INT32, twosComplement(value, 4))
    return primitive(INT64, twosComplement(value, 8))
  }
  if (value >= DECIMAL_END || value <= -DECIMAL_END) return text(String(value))
  return primitive(DECIMAL16, Uint8Array.of(0), twosComplement(value, 16))
}

function array(items: readonly Bytes[]): Bytes {
  const offsets = offsetsOf(items)
  const width = widthOf(offsets.at(-1) ?? 0)
  const isLarge = items.length > 0xff
  return concatBytes([
    Uint8Array.of(ARRAY | (((isLarge ? 1 << 2 : 0) | (width - 1)) << 2)),
    littleEndian([items.length], isLarge ? 4 : 1),
    littleEndian(offsets, width),
    ...items,
  ])
}

function object(members: Readonly<Record<string, unknown>>, ids: Ids): Bytes {
  const names = Object.keys(members).filter((name) => members[name] !== undefined)
  const idOf = (name: string): number => ids.get(name) ?? 0
  names.sort((a, b) => idOf(a) - idOf(b))
  const values = names.map((name) => encoded(members[name], ids))
  const offsets = offsetsOf(values)
  const idWidth = widthOf(ids.size)
  const width = widthOf(offsets.at(-1) ?? 0)
  const isLarge = names.length > 0xff
  return concatBytes([
    Uint8Array.of(OBJECT | (((isLarge ? 1 << 4 : 0) | ((idWidth - 1) << 2) | (width - 1)) << 2)),
    littleEndian([names.length], isLarge ? 4 : 1),
    littleEndian(names.map(idOf), idWidth),
    littleEndian(offsets, width),
    ...values,
  ])
}

function primitive(type: number, ...data: readonly Bytes[]): Bytes {
  return concatBytes([Uint8Array.of(type << 2), ...data])
}

/** Where each begins, and where the last one ends. */
function offsetsOf(parts: readonly Bytes[]): readonly number[] {
  let end = 0
  return [0, ...parts.map(({ byteLength }) => (end += byteLength))]
}

/** How many bytes numbers up to this one take. */
function widthOf(most: number): number {
  if (most <= 0xff) return 1
  if (most <= 0xffff) return 2
  return most <= 0xff_ffff ? 3 : 4
}

function littleEndian(numbers: readonly number[], width: number): Bytes {
  const bytes = new Uint8Array(numbers.length * width)
  let at = 0
  for (const number of numbers) {
    for (let shift = 0; shift < width; shift++) bytes[at++] = number >>> (8 * shift)
  }
  return bytes
}

function twosComplement(value: bigint, width: number): Bytes {
  const bytes = new Uint8Array(width)
  let rest = value
  for (let i = 0; i < width; i++, rest >>= 8n) bytes[i] = Number(BigInt.asUintN(8, rest))
  return bytes
}

interface Jsonable {
  toJSON(): unknown
}

function hasToJson(value: object): value is Jsonable {
  return typeof (value as Partial<Jsonable>).toJSON === 'function'
}
