import { toHex } from '../../core/bytes.ts'
import { pointerStep } from '../../core/json.ts'
import type { Children, TocNode } from '../../formats/msglc/toc.ts'
import type { ParentPlace } from './file-reader.ts'
import { entriesOf, isMap } from './maps.ts'
import { isSlice, onList, type PathStep, placesOf, type Slice, stepText } from './path.ts'
import { type BlocksNode, type BlocksPlace, noPlace, nowhere, type Place, refuse } from './place.ts'
import { itemsOf, opened, resolved, valuesOf, wholeValue } from './values.ts'

const NO_SLICE = 'can only be sliced by the last step of read()'

export async function walk(from: Place, steps: readonly PathStep[]): Promise<Place> {
  let place = from
  for (const step of steps) {
    if (isSlice(step)) return refuse(place, NO_SLICE)
    place = await stepInto(await resolved(place), step)
  }
  return place
}

/** One step that is no slice. */
async function stepInto(place: Place, step: PathStep): Promise<Place> {
  if ('value' in place) return stepInValue(place, step)
  const { node, file, path } = place
  if (node.kind === 'leaf') return stepInValue({ value: await wholeValue(place), path }, step)
  if ('children' in node) {
    const { keys, offsets } = node.children
    const index = keys ? indexOf(node.children, step, place) : placeIn(offsets.length, step, place)
    return file.child(place as ParentPlace, index)
  }
  const index = placeIn((node as BlocksNode).length, step, place)
  const [value] = await itemsOf(place as BlocksPlace, [index])
  return { value, path: path + pointerStep(String(index)) }
}

/** The last step of a path that is read: a slice, too. */
export async function readStep(from: Place, step: PathStep): Promise<unknown> {
  const place = await opened(from)
  const meant = isList(place) ? onList(step) : undefined
  if (meant === undefined || typeof meant === 'number')
    return wholeValue(await stepInto(place, step))
  return readSlice(place, meant)
}

function isList(place: Place): boolean {
  if ('value' in place) return Array.isArray(place.value)
  return childrenKind(place.node) === 'list'
}

async function readSlice(place: Place, slice: Slice): Promise<unknown[]> {
  if ('value' in place) {
    const items = place.value as unknown[]
    return placesOf(slice, items.length).map((index) => items[index])
  }
  const { node, file } = place
  if (node.kind === 'blocks') return itemsOf(place as BlocksPlace, placesOf(slice, node.length))
  const places = placesOf(slice, (node as ParentPlace['node']).children.offsets.length)
  return valuesOf(places.map((index) => file.child(place as ParentPlace, index)))
}

function stepInValue({ value, path }: { value: unknown; path: string }, step: PathStep): Place {
  const place = { value, path }
  if (Array.isArray(value)) {
    const index = placeIn(value.length, step, place)
    return { value: value[index], path: path + pointerStep(String(index)) }
  }
  if (!isMap(value)) throw nowhere(place, step)
  const id = keyId(step)
  const found = entriesOf(value).find(([key]) => keyId(key) === id)
  if (!found) throw nowhere(place, step)
  return { value: found[1], path: path + pointerStep(String(step)) }
}

const indices = new WeakMap<Children, ReadonlyMap<string, number>>()

/** The place of a key among a map's children. Of one that is there twice the last, as where the map is read as a whole. */
function indexOf(children: Children, key: PathStep, place: Place): number {
  let known = indices.get(children)
  if (!known) {
    known = new Map((children.keys ?? []).map((each, index) => [keyId(each), index]))
    indices.set(children, known)
  }
  const index = known.get(keyId(key))
  if (index === undefined) throw nowhere(place, key)
  return index
}

/** Equal for equal keys: `1` and `'1'` are two, `1` and `1n` are one. */
function keyId(key: unknown): string {
  if (key instanceof Uint8Array) return `bytes ${toHex(key)}`
  return typeof key === 'string'
    ? `text ${key}`
    : `${typeof key === 'bigint' ? 'number' : typeof key} ${String(key)}`
}

function placeIn(length: number, step: PathStep, place: Place): number {
  const meant = onList(step)
  if (typeof meant !== 'number') {
    throw noPlace(place, meant ? NO_SLICE : `is a list, and ${stepText(step)} is no place in one`)
  }
  const index = meant < 0 ? meant + length : meant
  if (index >= 0 && index < length) return index
  throw nowhere(place, step)
}

export function childrenKind(node: TocNode): 'list' | 'map' {
  return 'children' in node && node.children.keys ? 'map' : 'list'
}
