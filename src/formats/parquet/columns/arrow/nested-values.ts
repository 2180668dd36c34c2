import type { ArrowChunk } from './arrow-table.ts'
import { type ChunkLayout, layoutOf } from './chunk-layout.ts'
import { nullable, type Read, unreadable, type ValueReader } from './chunk-values.ts'

/** The values of a part of a chunk, nulls among them. */
function childRead(
  { children }: { readonly children: readonly ArrowChunk[] },
  number: number,
  reader: ValueReader,
  path: string,
): Read {
  const child = children[number]
  if (child) return nullable(layoutOf(child), reader, path)
  throw unreadable(path, 'lacks a part that its type has')
}

/** Where the elements of a list begin and end among those of all. */
type Bounds = (chunk: ChunkLayout, place: number) => readonly [from: number, to: number]

export const byOffsets: Bounds = ({ offsets }, place) => [
  Number(offsets[place]),
  Number(offsets[place + 1]),
]

export const bySizes: Bounds = ({ offsets, sizes }, place) => {
  const from = Number(offsets[place])
  return [from, from + Number(sizes[place])]
}

export function byLength(length: number): Bounds {
  return (_, place) => [place * length, (place + 1) * length]
}

export function listReader(
  chunk: ChunkLayout,
  element: ValueReader,
  bounds: Bounds,
  path: string,
): Read {
  const read = childRead(chunk, 0, element, path)
  return (place) => {
    const [from, to] = bounds(chunk, place)
    if (!(from <= to)) return undefined
    // One by one: offsets may say more than an array holds, and the first one that is not there is refused.
    const elements: unknown[] = []
    for (let at = from; at < to; at++) elements.push(read(at))
    return elements
  }
}

/** A list of structs of a key and a value each. Throws where a key is there twice: of a `Map`, one would be lost. */
export function mapReader(
  chunk: ChunkLayout,
  key: ValueReader,
  value: ValueReader,
  path: string,
): Read {
  const [entries] = chunk.children
  if (!entries) throw unreadable(path, 'lacks a part that its type has')
  const layout = layoutOf(entries)
  const keyAt = childRead(layout, 0, key, path)
  const valueAt = childRead(layout, 1, value, path)
  return (place) => {
    const [from, to] = byOffsets(chunk, place)
    if (!(from <= to)) return undefined
    const map = new Map<unknown, unknown>()
    for (let i = from; i < to; i++) map.set(keyAt(i), valueAt(i))
    if (map.size < to - from) throw unreadable(path, 'has a map with the same key twice')
    return map
  }
}

export interface MemberReader extends ValueReader {
  readonly name: string
  readonly path: string
}

export function structReader(chunk: ChunkLayout, members: readonly MemberReader[]): Read {
  const reads = members.map((member, number) => childRead(chunk, number, member, member.path))
  // Not by assignment, of which `__proto__` would be no member.
  return (place) =>
    Object.fromEntries(members.map(({ name }, number) => [name, reads[number]?.(place)]))
}

/** Each value once for all places up to where its run ends. */
export function runsReader(chunk: ChunkLayout, value: ValueReader, path: string): Read {
  const [ends] = chunk.children
  const valueAt = childRead(chunk, 1, value, path)
  const runEnds = ends ? layoutOf(ends).values : []
  return (place) => {
    let run = 0
    for (let after = runEnds.length; run < after; ) {
      const middle = (run + after) >>> 1
      if ((runEnds[middle] as number | bigint) > place) after = middle
      else run = middle + 1
    }
    return valueAt(run)
  }
}
