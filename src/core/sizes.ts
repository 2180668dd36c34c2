/** What a `Date`, a number's digits and the like come to, near enough. */
const SCALAR_BYTES = 8
const MAX_DEPTH = 64

/**
 * About how many bytes a value has as JSON: what memory limits and rotation by size count with. Cheap, never exact;
 * text counts its UTF-16 units, and what lies deeper than 64 levels counts nothing.
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
  if (value instanceof Uint8Array) return value.byteLength
  if (depth >= MAX_DEPTH) return 0
  let bytes = 2
  if (Array.isArray(value)) {
    for (const item of value) bytes += approximateBytes(item, depth + 1) + 1
    return bytes
  }
  // What an object inherits counts too: seldom anything, and to ask would cost more than the rest.
  for (const key in value) {
    bytes += key.length + 4 + approximateBytes((value as Record<string, unknown>)[key], depth + 1)
  }
  return Math.max(bytes, SCALAR_BYTES)
}

/** How many members and items a record's objects and lists have in all. What lies deeper than 64 levels is not counted. */
export function countValues(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return 0
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let count = inner.length
  for (const item of inner) count += countValues(item, depth + 1)
  return count
}
