import type { Refused } from '../contracts/index.ts'
import { MAX_RAW_LENGTH } from './bound-refused.ts'
import { toBase64 } from './bytes.ts'
import { isPlainJson, MAX_JSON_DEPTH } from './json.ts'
import { rowText } from './row-text.ts'

/**
 * Any value as JSON text that a person can read, for dead letters: what JSON cannot hold is named in its place
 * (`"[NaN]"`, `"[function]"`, `"[cycle or too deep]"`), or written as JSON lines would (a `Date`, bytes, a `bigint`), a `Map` as pairs.
 * It ends where more would not be kept. Never throws.
 */
export function rawText(value: unknown): string {
  try {
    return JSON.stringify(legible(value, 0, { values: MAX_RAW_LENGTH })) ?? '"[undefined]"'
  } catch {
    return '"[unreadable]"'
  }
}

/** What is kept of a refused record: to be read, and, where that would be another one, exactly. */
export function rawRecord(record: unknown): Pick<Refused, 'raw' | 'exact'> {
  const raw = rawText(record)
  if (raw.length > MAX_RAW_LENGTH) return { raw, exact: null }
  try {
    return isPlainJson(record, false) ? { raw } : { raw, exact: rowText(record) }
  } catch {
    return { raw, exact: null }
  }
}

/** What may still be written: objects that know one another have more paths than anything ends. */
interface Room {
  values: number
}

function legible(value: unknown, depth: number, room: Room): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? value : `[${value}]`
    case 'function':
    case 'symbol':
    case 'undefined':
      return `[${typeof value}]`
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? '[invalid Date]' : value.toISOString()
  if (value instanceof ArrayBuffer) return toBase64(new Uint8Array(value))
  if (ArrayBuffer.isView(value)) {
    return toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  }
  if (depth >= MAX_JSON_DEPTH) return '[cycle or too deep]'
  const isList = Array.isArray(value) || value instanceof Set || value instanceof Map
  if (isList) {
    const items: unknown[] = []
    for (const item of value) {
      if (room.values-- <= 0) break
      items.push(legible(item, depth + 1, room))
    }
    return items
  }
  // Without a prototype, so that a record's own `__proto__` is a key like any other.
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, item] of Object.entries(value)) {
    if (room.values-- <= 0) break
    copy[key] = legible(item, depth + 1, room)
  }
  return copy
}
