import { isData, MAX_JSON_DEPTH } from '../../core/json.ts'

/**
 * The records that results of a process are: lists and sets are flattened, nothing (`undefined`, `null`) is left out, and whatever says by
 * `toJSON` what it is, is that. What cannot be converted stays as it is, for the sink to refuse by name: nothing is thrown.
 */
export function recordsOf(results: Iterable<unknown>): unknown[] {
  const records: unknown[] = []
  const lists = new Set<object>()
  const add = (value: unknown): void => {
    if (value === undefined || value === null) return
    // A list in itself has no end.
    if (Array.isArray(value) && lists.size < MAX_JSON_DEPTH && !lists.has(value)) {
      lists.add(value)
      for (const item of value) add(item)
      lists.delete(value)
    } else records.push(value)
  }
  for (const result of results) add(plain(result, '', new Set()))
  return records
}

/**
 * The same object where nothing in it needs a conversion. `within` are the objects that it lies in: one that lies in itself stays as it is, since looking into it
 * again and again would take for ever where it does so twice.
 */
function plain(value: unknown, key: string, within: Set<object>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (within.size >= MAX_JSON_DEPTH || within.has(value)) return value
  within.add(value)
  try {
    return plainObject(value, key, within)
  } catch {
    // A getter or a `toJSON` of the user's: the sink's check meets it too, and says where.
    return isReadable(value) ? value : UNREADABLE
  } finally {
    within.delete(value)
  }
}

/** In the place of a proxy that throws whatever it is asked: the sink asks for more than it may. */
const UNREADABLE = {
  get proxy(): never {
    throw new TypeError('A proxy that cannot be read')
  },
}

function isReadable(value: object): boolean {
  try {
    Object.keys(value)
    // A list is gone through.
    if (Array.isArray(value)) Array.from(value)
    Object.getPrototypeOf(value)
    return true
  } catch {
    return false
  }
}

function plainObject(value: object, key: string, within: Set<object>): unknown {
  if (value instanceof Date || value instanceof Uint8Array) return value
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return plain(toJSON.call(value, key), key, within)
  if (value instanceof Set) return plainList([...value], within)
  if (value instanceof Map) {
    const named = objectOf(value)
    return named ? plainMembers(named, within) : value
  }
  if (Array.isArray(value)) return plainList(value, within)
  return isData(value) ? plainMembers(value as Record<string, unknown>, within) : value
}

function plainList(list: readonly unknown[], within: Set<object>): readonly unknown[] {
  const items = Array.from(list, (item, index) => plain(item, String(index), within))
  return items.every((item, index) => Object.is(item, list[index])) ? list : items
}

function plainMembers(object: Record<string, unknown>, within: Set<object>): object {
  let members: Record<string, unknown> | undefined
  for (const key of Object.keys(object)) {
    const member = object[key]
    const written = plain(member, key, within)
    if (Object.is(written, member)) continue
    // Its members are its own from here on: what is assigned changes them, under the key `__proto__` too.
    members ??= { ...object }
    members[key] = written
  }
  return members ?? object
}

/** `undefined` for a map that has no name for one of its values, or one name twice. */
function objectOf(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> | undefined {
  const named = [...map].map(([key, value]) => [nameOf(key), value] as const)
  const names = new Set(named.map(([name]) => name))
  if (names.has(undefined) || names.size < map.size) return undefined
  return Object.fromEntries(named as [string, unknown][])
}

function nameOf(key: unknown): string | undefined {
  switch (typeof key) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(key)
  }
  return undefined
}
