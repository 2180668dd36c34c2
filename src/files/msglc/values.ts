import { SluiceError } from '../../core/errors.ts'
import type { Span, TocNode } from '../../formats/msglc/toc.ts'
import { type FileReader, type Located, type ParentPlace, spanOf } from './file-reader.ts'
import { LARGE_BYTES, largeValue } from './large-value.ts'
import { mapOf } from './maps.ts'
import type { BlocksPlace, Place } from './place.ts'
import { isDivided } from './value-windows.ts'

/** So many files of an archive are read at once while one iterates, or so many bytes of them. */
const WINDOW_FILES = 64
const WINDOW_BYTES = 4 * 1024 ** 2
/** Of values that are wanted at once, so much is read before it is decoded. */
const GROUP_BYTES = 32 * 1024 ** 2

/** With an embedded file's own value in the place of the file. */
export async function resolved(place: Place): Promise<Place> {
  let at = place
  while (!('value' in at) && at.node.kind === 'file') {
    at = await at.file.embedded(at.node, at.path, at.depth)
  }
  return at
}

/** The same, and read where the table of contents knows no more of it. */
export async function opened(place: Place): Promise<Place> {
  const at = await resolved(place)
  if ('value' in at || at.node.kind !== 'leaf') return at
  return { value: await wholeValue(at), path: at.path }
}

/** All of the value at a place. */
export async function wholeValue(place: Place): Promise<unknown> {
  const at = await resolved(place)
  if ('value' in at) return at.value
  const [value] = await valuesOf([at])
  return value
}

/**
 * The values at several places of one file, with as few requests as they need. The places ascend, so their bytes must, too: many
 * that are the same would be endless work out of a small file.
 */
export async function valuesOf(places: readonly Located[]): Promise<unknown[]> {
  const [first] = places
  if (!first) return []
  checkApart(
    places.map(({ node }) => spanOf(node)).filter((span) => span !== undefined),
    first.path,
  )
  const values: unknown[] = []
  for (let from = 0; from < places.length; ) {
    const group = groupOf(places, from)
    for (const value of await groupValues(first.file, group)) values.push(value)
    from += group.length
  }
  return values
}

/** As many of the places from there on as are read at once. */
function groupOf(places: readonly Located[], from: number): readonly Located[] {
  let bytes = 0
  let to = from
  while (to < places.length && bytes < GROUP_BYTES) {
    const { start, end } = spanOf((places[to++] as Located).node) ?? { start: 0, end: 0 }
    bytes += end - start
  }
  return places.slice(from, to)
}

async function groupValues(file: FileReader, places: readonly Located[]): Promise<unknown[]> {
  const spans = places.map((place) =>
    isDivided(place, LARGE_BYTES) ? undefined : spanOf(place.node),
  )
  const bytes = await file.bytes(spans.filter((span) => span !== undefined))
  let next = 0
  return Promise.all(
    places.map(async (place, index) => {
      if (spans[index]) return file.decode(place, bytes[next++] as Uint8Array)
      if (isDivided(place, LARGE_BYTES)) return largeValue(place)
      return place.node.kind === 'file' ? wholeValue(place) : archiveValue(place as ParentPlace)
    }),
  )
}

function checkApart(spans: readonly Span[], path: string): void {
  let before = 0
  for (const { start, end } of spans) {
    if (start < before) {
      throw new SluiceError('protocol', `${path}: the table of contents has values in one another`)
    }
    before = end
  }
}

/** An archive's files, each as its value. */
export async function archiveValue(place: ParentPlace): Promise<unknown> {
  const values: unknown[] = []
  for await (const item of iterateFiles(place)) values.push(item)
  return place.node.children.keys ? mapOf(values as [unknown, unknown][]) : values
}

/** The files of an archive as their values, or as pairs of a name and a value: some at once, each by the requests that it takes. */
export async function* iterateFiles(place: ParentPlace): AsyncGenerator<unknown, void, undefined> {
  const { file, node } = place
  const { keys, offsets } = node.children
  for (let from = 0; from < offsets.length; ) {
    const window: Located[] = []
    let bytes = 0
    while (
      from + window.length < offsets.length &&
      window.length < WINDOW_FILES &&
      bytes < WINDOW_BYTES
    ) {
      const child = file.child(place, from + window.length)
      const { start, end } = child.node as Extract<TocNode, { kind: 'file' }>
      bytes += end - start
      window.push(child)
    }
    const values = await valuesOf(window)
    for (const [index, value] of values.entries()) yield keys ? [keys[from + index], value] : value
    from += window.length
  }
}

/** Items of a list in blocks, by their places, which ascend. */
export async function itemsOf(place: BlocksPlace, indices: readonly number[]): Promise<unknown[]> {
  const { file, node } = place
  const wanted: { block: Span & { count: number }; inside: number[] }[] = []
  let before = 0
  let next = 0
  for (const block of node.blocks) {
    const inside: number[] = []
    while (next < indices.length && (indices[next] as number) < before + block.count) {
      inside.push((indices[next++] as number) - before)
    }
    if (inside.length > 0) wanted.push({ block, inside })
    before += block.count
  }
  const bytes = await file.bytes(wanted.map(({ block: { start, end } }) => ({ start, end })))
  return wanted.flatMap(({ block, inside }, index) => {
    const values = file.items(place, bytes[index] as Uint8Array, block.count)
    return inside.map((at) => values[at])
  })
}
