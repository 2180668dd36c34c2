import type { Row } from '../contracts/index.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { isData, isPlainJson, MAX_JSON_DEPTH } from './json.ts'

/**
 * A row as one line of text, exact for everything that a record may hold: what is kept of it in a durable log, and what
 * tells it from every other row.
 *
 * A line that begins with `{` is plain JSON, read by `JSON.parse` alone: the common case. Rows with something that
 * JSON cannot hold (`Date`, `bigint`, `-0`, `NaN`, infinities, bytes, `undefined`) are written with `~` in front, and
 * there every array begins with a tag: `0` for an array of the record's own, a letter for a value. Data can thus never
 * be mistaken for a tag, whatever keys and texts it holds.
 */
const EXTENDED = '~'

/**
 * Throws `invalid-record` for a value that is not data (a function, a `Map`, …) or is nested too deep, neither of which a
 * format takes. An object with `toJSON` is kept as what that returns, which is what formats write of it.
 */
export function rowText(row: unknown): string {
  return isPlainJson(row, false) ? JSON.stringify(row) : EXTENDED + extended(row, 1)
}

/** The row behind the text, equal to what `rowText` was given. */
export function rowOfText(line: string): Row {
  return (line.startsWith(EXTENDED) ? restore(JSON.parse(line.slice(1))) : JSON.parse(line)) as Row
}

function extended(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `["f","${Object.is(value, -0) ? '-0' : value}"]`
    case 'bigint':
      return `["n","${value}"]`
    case 'undefined':
      return '["u"]'
    case 'object':
      return value === null ? 'null' : extendedObject(value, depth)
    default:
      throw notData(`a ${typeof value}`)
  }
}

function extendedObject(value: object, depth: number): string {
  if (depth > MAX_JSON_DEPTH) throw tooDeep()
  if (Array.isArray(value)) {
    let text = '[0'
    for (let i = 0; i < value.length; i++) text += `,${extended(value[i], depth + 1)}`
    return `${text}]`
  }
  if (value instanceof Date) return `["d",${JSON.stringify(value.getTime())}]`
  if (value instanceof Uint8Array) return `["b","${toBase64(value)}"]`
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return extended(toJSON.call(value), depth + 1)
  if (!isData(value)) throw notData(`a ${value.constructor?.name ?? 'foreign object'}`)
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${extended(member, depth + 1)}`,
  )
  return `{${members.join(',')}}`
}

function restore(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return restoreTagged(value)
  for (const [key, member] of Object.entries(value)) {
    const restored = restore(member)
    if (restored === member) continue
    // Not an assignment: under the key `__proto__` that would change the object's prototype.
    Object.defineProperty(value, key, {
      value: restored,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return value
}

function restoreTagged(tagged: readonly unknown[]): unknown {
  const [tag, value] = tagged
  switch (tag) {
    case 0:
      return tagged.slice(1).map(restore)
    case 'd':
      return new Date(value === null ? Number.NaN : (value as number))
    case 'n':
      return BigInt(value as string)
    case 'f':
      return Number(value)
    case 'u':
      return undefined
    case 'b': {
      const bytes = fromBase64(value as string)
      if (bytes) return bytes
    }
  }
  throw new SluiceError('protocol', 'The log holds a row that this version of Sluice cannot read')
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
