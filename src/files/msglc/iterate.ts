import { SluiceError } from '../../core/errors.ts'
import type { Span } from '../../formats/msglc/toc.ts'
import { type FileReader, type ParentPlace, spanOf } from './file-reader.ts'
import type { BlocksPlace } from './place.ts'
import { iterateFiles, valuesOf } from './values.ts'

/** So much is read at first, and twice as much each time up to the most: whoever takes one item waits for little, and all are few requests. */
const FIRST_WINDOW_BYTES = 64 * 1024
const MOST_WINDOW_BYTES = 4 * 1024 ** 2

/** Parts of a list or a map that are read at once: those from `from` on, and before `to`. */
interface Window {
  readonly from: number
  readonly to: number
  /** `undefined` for one that is too large, or no range: it is read when its turn comes. */
  readonly span: Span | undefined
}

interface ReadWindow extends Window {
  /** Where `span` is one. */
  readonly bytes: Uint8Array | undefined
}

/** The items of a list, or the pairs of a map. */
export function iterateParts(
  place: BlocksPlace | ParentPlace,
): AsyncGenerator<unknown, void, undefined> {
  if (place.node.kind === 'blocks') return iterateBlocks(place as BlocksPlace)
  if (place.node.kind === 'archive') return iterateFiles(place as ParentPlace)
  return iterateChildren(place as ParentPlace)
}

async function* iterateBlocks(place: BlocksPlace): AsyncGenerator<unknown, void, undefined> {
  const { file, node, path } = place
  const { blocks } = node
  const windows = windowsOf(blocks.length, (index) => blocks[index], path)
  for await (const window of readAhead(file, windows)) {
    for (const block of blocks.slice(window.from, window.to)) {
      const bytes = partOf(window, block) ?? (await file.bytes([block]))[0]
      yield* file.items(place, bytes as Uint8Array, block.count)
    }
  }
}

async function* iterateChildren(place: ParentPlace): AsyncGenerator<unknown, void, undefined> {
  const { file, node, path } = place
  const { keys, offsets } = node.children
  const windows = windowsOf(offsets.length, (index) => spanOf(file.child(place, index).node), path)
  for await (const window of readAhead(file, windows)) {
    for (let index = window.from; index < window.to; index++) {
      const child = file.child(place, index)
      const bytes = partOf(window, spanOf(child.node))
      const value = bytes ? file.decode(child, bytes) : (await valuesOf([child]))[0]
      yield keys ? [keys[index], value] : value
    }
  }
}

/** Those of so many parts, which must ascend. */
function* windowsOf(
  count: number,
  spanAt: (index: number) => Span | undefined,
  path: string,
): Generator<Window, void, undefined> {
  let mostBytes = FIRST_WINDOW_BYTES
  let before = 0
  for (let from = 0; from < count; ) {
    let span: Span | undefined
    let to = from
    for (; to < count; to++) {
      const part = spanAt(to)
      if (part && part.start < before) {
        const message = `${path || 'The value'}: the table of contents has values in one another`
        throw new SluiceError('protocol', message)
      }
      const start = span?.start ?? part?.start ?? 0
      const most = span ? mostBytes : MOST_WINDOW_BYTES
      if (!part || part.end - start > most) break
      span = { start, end: part.end }
      before = part.end
    }
    if (!span) {
      before = spanAt(to)?.end ?? before
      to++
    }
    yield { from, to, span }
    from = to
    mostBytes = Math.min(2 * mostBytes, MOST_WINDOW_BYTES)
  }
}

/** The windows, one of which is on its way while another is used. What is wrong with it is told when its turn comes. */
async function* readAhead(
  file: FileReader,
  windows: Iterator<Window, void>,
): AsyncGenerator<ReadWindow, void, undefined> {
  async function begin(): Promise<ReadWindow | undefined> {
    const { value } = windows.next()
    if (!value) return undefined
    const [bytes] = value.span ? await file.bytes([value.span]) : []
    return { ...value, bytes }
  }
  for (let next = begin(); ; ) {
    const window = await next
    if (!window) return
    next = begin()
    next.catch(() => {})
    yield window
  }
}

function partOf({ span, bytes }: ReadWindow, part: Span | undefined): Uint8Array | undefined {
  return span && part && bytes?.subarray(part.start - span.start, part.end - span.start)
}
