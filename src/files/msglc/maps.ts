import { setMember } from '../../formats/msglc/codecs/read-value.ts'
import { NumpyArray } from '../../formats/msglc/numpy/numpy-array.ts'

/** What maps are decoded into. */
export type Mapped = Map<unknown, unknown> | Readonly<Record<string, unknown>>

export function isMap(value: unknown): value is Mapped {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof NumpyArray) &&
    !Array.isArray(value)
  )
}

export function entriesOf(map: Mapped): [unknown, unknown][] {
  return map instanceof Map ? [...map] : Object.entries(map)
}

export function mapOf(pairs: readonly [unknown, unknown][]): unknown {
  if (!pairs.every(([key]) => typeof key === 'string')) return new Map(pairs)
  const object: Record<string, unknown> = {}
  for (const [key, value] of pairs) setMember(object, key as string, value)
  return object
}
