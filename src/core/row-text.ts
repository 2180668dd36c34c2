import type { Row } from '../contracts/index.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { isData, isPlainJson, MAX_JSON_DEPTH, tagOf } from './json.ts'

/**
 * A row as one line of text, exact for everything that a record may hold: what is kept of it in a durable log, and what
 * tells it from every other row.
 *
 * A line that begins with `{` is plain JSON, read by `JSON.parse` alone: the common case. Rows with something that
 * JSON cannot hold (`Date`, `bigint`, `-0`, `NaN`, infinities, bytes, `Map`, `Set`, `undefined`) are written with `~` in front, and
 * there every array begins with a tag: `0` for an array of the record's own, a letter for a value. Data can thus never
 * be mistaken for a tag, whatever keys and texts it holds.
 */
const EXTENDED = '~'

/** A runtime that has not all of the kinds throws for what another has written. */
const VIEWS = /^(DataView|\w+\d(Clamped)?Array)$/

/**
 * Throws `invalid-record` for a value that is not data (a function, a `RegExp`, …) or is nested too deep, neither of which a
 * format takes. An object with `toJSON` is kept as what that returns, which is what formats write of it.
 */
export function rowText(row: unknown): string {
  return isPlainJson(row, false) ? JSON.stringify(row) : EXTENDED + JSON.stringify(tagged(row, 1))
}

/** The row behind the text, equal to what `rowText` was given. */
export function rowOfText(line: string): Row {
  return (line.startsWith(EXTENDED) ? restore(JSON.parse(line.slice(1))) : JSON.parse(line)) as Row
}

/** The value for `JSON.stringify`, which writes the whole several times as fast as its parts one by one. */
function tagged(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Object.is(value, -0)) return ['f', '-0']
      return Number.isFinite(value) ? value : ['f', String(value)]
    case 'bigint':
      return ['n', String(value)]
    case 'undefined':
      return ['u']
    case 'object':
      return value && taggedObject(value, depth)
    default:
      throw notData(`a ${typeof value}`)
  }
}

function taggedObject(value: object, depth: number): unknown {
  if (value instanceof Date) return ['d', value.getTime()]
  if (value instanceof Uint8Array) return ['b', toBase64(value)]
  if (depth > MAX_JSON_DEPTH) throw tooDeep()
  if (Array.isArray(value)) return taggedItems(0, value, depth)
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return tagged(toJSON.call(value), depth + 1)
  // Its keys and values by turns.
  if (value instanceof Map) return taggedItems('m', [...value].flat(), depth)
  if (value instanceof Set) return taggedItems('s', value, depth)
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return taggedBuffer(value)
  if (!isData(value)) throw notData(`a ${value.constructor?.name ?? 'foreign object'}`)
  // Its members are its own from here on: what is assigned below changes them, under the key `__proto__` too.
  const members: Record<string, unknown> = { ...value }
  for (const key of Object.keys(members)) {
    const member = members[key]
    const written = tagged(member, depth + 1)
    if (written !== member) members[key] = written
  }
  return members
}

/** A hole is seen as the `undefined` that it reads as. */
function taggedItems(tag: unknown, items: Iterable<unknown>, depth: number): unknown[] {
  return [tag, ...Array.from(items, (item) => tagged(item, depth + 1))]
}

function taggedBuffer(value: ArrayBuffer | ArrayBufferView): unknown[] {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
  return ['v', tagOf(value), toBase64(bytes)]
}

function restore(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return restoreTagged(value)
  const members = value as Record<string, unknown>
  for (const key of Object.keys(members)) {
    const member = members[key]
    // What comes from JSON has its keys as its own, so that this changes a member under the key `__proto__` too.
    if (typeof member === 'object') members[key] = restore(member)
  }
  return value
}

function restoreTagged(tagged: readonly unknown[]): unknown {
  const [tag, value] = tagged
  switch (tag) {
    case 0:
      return restoreItems(tagged)
    case 's':
      return new Set(restoreItems(tagged))
    case 'm': {
      const map = new Map()
      for (let at = 1; at < tagged.length; at += 2)
        map.set(restore(tagged[at]), restore(tagged[at + 1]))
      return map
    }
    case 'd':
      return new Date(value === null ? Number.NaN : (value as number))
    case 'n':
      return BigInt(value as string)
    case 'f':
      return Number(value)
    case 'u':
      return undefined
    case 'v': {
      const buffer = fromBase64(tagged[2] as string)?.slice().buffer
      if (buffer && value === 'ArrayBuffer') return buffer
      if (buffer && VIEWS.test(value as string)) return new globalThis[value as 'DataView'](buffer)
      break
    }
    case 'b': {
      const bytes = fromBase64(value as string)
      if (bytes) return bytes
    }
  }
  throw new SluiceError('protocol', 'The log holds a row that this version of Sluice cannot read')
}

function restoreItems(tagged: readonly unknown[]): unknown[] {
  return tagged.slice(1).map(restore)
}

function notData(what: string): SluiceError {
  return new SluiceError('invalid-record', `A record holds ${what}, which a log cannot keep`)
}

function tooDeep(): SluiceError {
  return new SluiceError(
    'invalid-record',
    `A record is nested deeper than ${MAX_JSON_DEPTH} levels`,
  )
}
