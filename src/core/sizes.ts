import { inheritsNothing, MAX_JSON_DEPTH } from './json.ts'

/** What a `Date`, a number's digits and the like come to, near enough. */
const SCALAR_BYTES = 8
/** Of a record, and of a list of records: what lies deeper, no sink takes. */
const MAX_DEPTH = MAX_JSON_DEPTH + 1

/**
 * About how many bytes a value has as JSON: what memory limits and rotation by size count with. Cheap, never exact;
 * text counts its UTF-16 units, bytes themselves, a `Map` as a list of its keys and values, and what no sink takes
 * for its depth counts nothing.
 */
export function approximateBytes(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2
    case 'boolean':
      return 5
    case 'object':
      break
    default:
      return SCALAR_BYTES
  }
  if (value === null) return 4
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (depth >= MAX_DEPTH) return 0
  if (Array.isArray(value)) return bytesOfItems(value, depth)
  // Most objects are plain, and this is asked of each.
  if (!inheritsNothing(value)) {
    if (value instanceof ArrayBuffer) return value.byteLength
    if (value instanceof Set) return bytesOfItems(value, depth)
    if (value instanceof Map) return bytesOfItems([...value].flat(), depth)
  }
  let bytes = 2
  // What an object inherits counts too: seldom anything, and to ask would cost more than the rest.
  for (const key in value) {
    bytes += key.length + 4 + approximateBytes((value as Record<string, unknown>)[key], depth + 1)
  }
  return Math.max(bytes, SCALAR_BYTES)
}

function bytesOfItems(items: Iterable<unknown>, depth: number): number {
  let bytes = 2
  for (const item of items) bytes += approximateBytes(item, depth + 1) + 1
  return bytes
}

/** How many members and items a record's objects and lists have in all. What lies deeper than 64 levels is not counted. */
export function countValues(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return 0
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let count = inner.length
  for (const item of inner) count += countValues(item, depth + 1)
  return count
}
