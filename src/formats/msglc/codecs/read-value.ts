import { SluiceError } from '../../../core/errors.ts'
import { readNumpyArray } from '../numpy/read-array.ts'
import { bigInteger } from './cbor.ts'
import type { TaggedValue } from './extended.ts'
import { damaged, type TokenReader } from './token-reader.ts'

/**
 * How many lists and maps may lie in one another, in what is written and in what is read. Readers recurse, and Python's own
 * give up at about as many.
 */
export const MAX_DEPTH = 500

/**
 * The next value, whole. Lists are arrays; maps are objects where all keys are texts, and `Map`s else; a later pair of the
 * same key wins. Integers are numbers where those are exact, and `bigint`s else. Bytes are what numpy's pickle says where they are one.
 */
export function readValue(from: TokenReader, depth = 1): unknown {
  from.next(true)
  if (from.kind !== 'scalar') return container(from, depth)
  const { value } = from
  return value instanceof Uint8Array ? (readNumpyArray(value) ?? value) : value
}

/** The next value, which is a map's key: bytes are bytes. */
export function readKey(from: TokenReader, depth = 1): unknown {
  from.next(true)
  return from.kind === 'scalar' ? from.value : container(from, depth)
}

/** The value that those bytes are, and nothing else behind it. */
export function readWhole(from: TokenReader, depth = 1): unknown {
  const value = readValue(from, depth)
  checkEnd(from)
  return value
}

export function checkEnd(from: TokenReader): void {
  if (from.atEnd) return
  throw damaged(from.at, `a value ends before the ${from.end - from.at} bytes behind it`)
}

/** Passes over the next value without making it, however deep it is. */
export function skipValue(from: TokenReader): void {
  for (let pending = 1; pending > 0; pending--) {
    from.next(false)
    if (from.kind === 'list') pending += from.count
    else if (from.kind === 'map') pending += 2 * from.count
    else if (from.kind === 'tag') pending++
  }
}

function container(from: TokenReader, depth: number): unknown {
  if (depth > MAX_DEPTH) {
    throw new SluiceError('protocol', `A value is nested deeper than ${MAX_DEPTH} levels`)
  }
  if (from.kind === 'list') return readItems(from, from.count, depth + 1)
  if (from.kind === 'map') return readMap(from, from.count, depth)
  const tag = from.value as number | bigint
  const { at } = from
  const value = readValue(from, depth + 1)
  const tagged: TaggedValue = { tag, value }
  return bigInteger(tag, value, at) ?? tagged
}

/**
 * So many values, one behind the other. Doubles are read at once, into an array of nothing else, where engines keep them without a
 * box for each: a third of the memory. @see https://v8.dev/blog/elements-kinds
 */
export function readItems(from: TokenReader, count: number, depth = 1): unknown[] {
  const doubles = from.doubles(count)
  if (doubles?.length === count) return doubles
  const items: unknown[] = doubles ? Array.from(doubles) : []
  for (let left = count - items.length; left > 0; left--) items.push(readValue(from, depth))
  return items
}

function readMap(from: TokenReader, count: number, depth: number): unknown {
  const object: Record<string, unknown> = {}
  let map: Map<unknown, unknown> | undefined
  for (let left = count; left > 0; left--) {
    const key = readKey(from, depth + 1)
    const value = readValue(from, depth + 1)
    if (typeof key !== 'string') map ??= new Map(Object.entries(object))
    if (map) map.set(key, value)
    else setMember(object, key as string, value)
  }
  return map ?? object
}

/** As own, also where the key is `__proto__`. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
}
