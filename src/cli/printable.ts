import { toBase64 } from '../core/bytes.ts'
import { NumpyArray } from '../formats/msglc/numpy/numpy-array.ts'

/**
 * What a file holds, as what JSON has a text for: `NaN` and the infinities as their names, typed arrays as lists, keys as texts,
 * bytes as base64 (by `jsonText`).
 */
export function printable(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (value instanceof NumpyArray) {
    const items = Array.from(value.items(), printable)
    return value.shape.length === 0 ? items[0] : items
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, printable)
  if (Array.isArray(value)) return value.map(printable)
  const members = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(members.map(([key, member]) => [keyText(key), printable(member)]))
}

/** A map's key as the text that stands for it. */
export function keyText(key: unknown): string {
  return key instanceof Uint8Array ? toBase64(key) : String(key)
}
