import { SluiceError } from '../../core/errors.ts'
import { MAX_DEPTH } from '../../formats/msglc/codecs/read-value.ts'
import type { Span, TocNode } from '../../formats/msglc/toc.ts'
import { type Located, type ParentPlace, spanOf, tooDeep } from './file-reader.ts'

/** A list or a map whose parts the table of contents knows. */
export type DividedPlace = Located & {
  readonly node: Extract<TocNode, { kind: 'children' | 'blocks' }>
}

/** What the bytes of a window are: heads of lists and maps, and values in the one that was opened last. */
export type Step =
  | { readonly does: 'open'; readonly count: number }
  | { readonly does: 'values'; readonly count: number }
  | { readonly does: 'close' }

/** Bytes of a value that can be decoded by themselves, and what they are. */
export interface ValueWindow extends Span {
  readonly steps: readonly Step[]
}

/** Whether it is a list or a map of more than so many bytes that can be read in windows. */
export function isDivided(place: Located, leastBytes: number): place is DividedPlace {
  const { node } = place
  if (node.kind !== 'children' && node.kind !== 'blocks') return false
  const { start, end } = spanOf(node) as Span
  return end - start > leastBytes
}

/**
 * The windows of a value, one behind the other. Each ends where a value does, behind `windowBytes` or, where a value is larger, with
 * that; what is more than twice as large, and divided itself, is divided. Looks at few of the children: where a window ends is
 * searched for by halves.
 */
export function* windowsOf(
  place: DividedPlace,
  windowBytes: number,
): Generator<ValueWindow, void, undefined> {
  const { file } = place
  let { start } = spanOf(place.node) as Span
  let position = start
  let steps: Step[] = []

  function windowTo(end: number, path: string): ValueWindow | undefined {
    if (end < position) throw damaged(path, 'lies in the value before it')
    position = end
    if (end - start < windowBytes) return undefined
    const window = { start, end, steps }
    start = end
    steps = []
    return window
  }

  /** In one step, so that blocks of numbers become one array. */
  function addValues(count: number): void {
    const step = steps.at(-1)
    if (step?.does === 'values')
      steps[steps.length - 1] = { does: 'values', count: step.count + count }
    else steps.push({ does: 'values', count })
  }

  function* visit(at: DividedPlace): Generator<ValueWindow, void, undefined> {
    if (at.depth >= MAX_DEPTH) throw tooDeep(at.path)
    if (at.node.kind === 'blocks') {
      // Blocks begin behind the head of their list, which is not among the bytes of a place that is one.
      if (at !== place) steps.push({ does: 'open', count: at.node.length })
      for (const { count, end } of at.node.blocks) {
        addValues(count)
        const window = windowTo(end, at.path)
        if (window) yield window
      }
    } else yield* visitChildren(at as DividedPlace & ParentPlace)
    if (at !== place) steps.push({ does: 'close' })
  }

  function* visitChildren(at: DividedPlace & ParentPlace): Generator<ValueWindow, void, undefined> {
    const { length } = at.node.children.offsets
    steps.push({ does: 'open', count: length })
    for (let next = 0; next < length; ) {
      const child = file.child(at, next)
      if (isDivided(child, 2 * windowBytes)) {
        yield* visit(child)
        next++
        continue
      }
      const last = lastWithin(at, next, start + windowBytes)
      addValues(last + 1 - next)
      const { node, path } = file.child(at, last)
      const span = spanOf(node)
      if (!span) throw damaged(path, 'has no bytes of its own')
      const window = windowTo(span.end, path)
      if (window) yield window
      next = last + 1
    }
    if (position !== (spanOf(at.node) as Span).end)
      throw damaged(at.path, 'is longer than its values')
  }

  /** The last child from `first` on that ends at `most` at the latest, or the first where none does. */
  function lastWithin(at: ParentPlace, first: number, most: number): number {
    let low = first
    for (let high = at.node.children.offsets.length - 1; low < high; ) {
      const middle = Math.ceil((low + high) / 2)
      const span = spanOf(file.child(at, middle).node)
      if (span && span.end <= most) low = middle
      else high = middle - 1
    }
    return low
  }

  yield* visit(place)
  if (steps.length > 0) yield { start, end: position, steps }
}

function damaged(path: string, what: string): SluiceError {
  return new SluiceError('protocol', `${path || 'The value'} ${what}`)
}
