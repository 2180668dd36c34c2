const MAX_DEPTH = 16

/**
 * Any value as JSON text that a person can read, for dead letters: what JSON cannot hold is named in its place
 * (`"[NaN]"`, `"[function]"`, `"[cycle or too deep]"`). Never throws.
 */
export function rawText(value: unknown): string {
  try {
    return JSON.stringify(legible(value, 0)) ?? '"[undefined]"'
  } catch {
    return '"[unreadable]"'
  }
}

function legible(value: unknown, depth: number): unknown {
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
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH) return '[cycle or too deep]'
  if (Array.isArray(value)) return value.map((item) => legible(item, depth + 1))
  // Without a prototype, so that a record's own `__proto__` is a key like any other.
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, item] of Object.entries(value)) copy[key] = legible(item, depth + 1)
  return copy
}
