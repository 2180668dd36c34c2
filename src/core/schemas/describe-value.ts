/** A value as part of a message: short, and never the whole of a text. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 24
        ? `a string of ${value.length} characters`
        : `the string ${JSON.stringify(value)}`
    case 'number':
    case 'boolean':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `the bigint ${String(value).slice(0, 24)}`
    case 'object':
      if (Array.isArray(value)) return 'an array'
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
      if (value instanceof Map) return 'a Map'
      return value instanceof Uint8Array ? 'bytes' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
