import { SluiceError } from '../../core/errors.ts'
import type { Codec } from './codecs/codec.ts'
import { readKey, readValue, skipValue } from './codecs/read-value.ts'
import type { TokenReader } from './codecs/token-reader.ts'
import type { Block } from './toc-writer.ts'

/** The least that a node has: `{"p":[0,1]}` in either encoding. */
const NODE_BYTES = 6

/** What a node says of a value. Positions are from the header's end, and lie within what the node above them spans. */
export type TocNode =
  | { readonly kind: 'leaf'; readonly start: number; readonly end: number }
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[]; readonly length: number }
  /** Its bytes are a value, and those of its children are nodes of their own. */
  | { readonly kind: 'children'; readonly span: Span; readonly children: Children }
  /** What it holds are whole files, each from its own header on, and none in another. */
  | { readonly kind: 'archive'; readonly files: readonly Span[]; readonly children: Children }
  /** One of them, and where it ends at the latest. */
  | { readonly kind: 'file'; readonly start: number; readonly end: number }

export interface Span {
  readonly start: number
  readonly end: number
}

/** Where the children's nodes begin in the table of contents. */
export interface Children {
  /** Of a map, in the file's order. `undefined` for a list. */
  readonly keys: readonly unknown[] | undefined
  readonly offsets: readonly number[]
}

/**
 * A table of contents, read as far as it is asked: a node is looked at when somebody comes to it, and what lies in its children is
 * passed over. So it takes the memory of its bytes and of the nodes on the way, and a damaged one is told with the place.
 */
export class Toc {
  readonly #codec: Codec
  readonly #bytes: Uint8Array
  /** Where the payload ends. */
  readonly #payloadBytes: number
  readonly #nodes = new Map<number, TocNode>()

  constructor(codec: Codec, bytes: Uint8Array, payloadBytes: number) {
    this.#codec = codec
    this.#bytes = bytes
    this.#payloadBytes = payloadBytes
  }

  /** The node that begins at `offset`; the root begins at 0. `path` is for errors, `within` what the node above spans. */
  node(offset: number, path: string, within?: Span): TocNode {
    const known = this.#nodes.get(offset)
    if (known) return known
    const span = within ?? { start: 0, end: this.#payloadBytes }
    const node = this.#read(this.#codec.reader(this.#bytes, offset), path, span)
    // Leaves are most of a table, and read as fast as found.
    if (node.kind !== 'leaf') this.#nodes.set(offset, node)
    return node
  }

  #read(from: TokenReader, path: string, within: Span): TocNode {
    from.next(true)
    if (from.kind !== 'map') throw damaged(path, 'is no map')
    let position: readonly unknown[] | undefined
    let children: Children | undefined
    for (let left = from.count; left > 0; left--) {
      const key = readKey(from)
      if (key === 'p') position = listOf(readValue(from))
      else if (key === 't') children = readChildren(from, path, within, position ? NODE_BYTES : 1)
      else skipValue(from)
    }
    if (!position) {
      if (!children) throw damaged(path, 'has neither a position nor children')
      return { kind: 'archive', files: this.#files(children, path, within), children }
    }
    if (children) return { kind: 'children', span: spanOf(position, path, within), children }
    const isLeaf = position.length === 2 && !Array.isArray(position[0])
    return isLeaf
      ? { kind: 'leaf', ...spanOf(position, path, within) }
      : blocksOf(position, path, within)
  }

  /** They ascend, and each ends where the next one begins: two at one place would make a small archive endless. */
  #files({ offsets }: Children, path: string, within: Span): Span[] {
    const starts = offsets.map((offset) => readValue(this.#codec.reader(this.#bytes, offset)))
    return starts.map((start, index) => {
      const end = starts[index + 1] ?? within.end
      return spanOf([start, end], path, within)
    })
  }
}

/** Each child has a byte of the value at least, and its node `leastBytes`: so what is made of them is some times the table at most. */
function readChildren(from: TokenReader, path: string, within: Span, leastBytes: number): Children {
  from.next(true)
  const { kind, count } = from
  if (kind !== 'list' && kind !== 'map') throw damaged(path, 'has children that are no list or map')
  const most = Math.min(within.end - within.start, (from.end - from.at) / leastBytes)
  if (count > most) throw damaged(path, `has ${count} children, and room for ${Math.floor(most)}`)
  const keys: unknown[] = []
  const offsets: number[] = []
  for (let left = count; left > 0; left--) {
    if (kind === 'map') keys.push(readKey(from))
    offsets.push(from.at)
    skipValue(from)
  }
  return { keys: kind === 'map' ? keys : undefined, offsets }
}

function spanOf(position: readonly unknown[], path: string, within: Span): Span {
  const [start, end] = position
  if (position.length === 2 && isPosition(start) && isPosition(end)) {
    if (start >= within.start && start < end && end <= within.end) return { start, end }
  }
  throw damaged(path, `has a position outside of [${within.start}, ${within.end})`)
}

/** One behind the other. Each value has a byte at least, so a count cannot be larger than the block. */
function blocksOf(position: readonly unknown[], path: string, within: Span): TocNode {
  let length = 0
  let before = within.start
  const blocks = position.map((triple): Block => {
    const [count, ...rest] = listOf(triple) ?? []
    const { start, end } = spanOf(rest, path, { start: before, end: within.end })
    if (!isPosition(count) || count === 0 || count > end - start) {
      throw damaged(path, `has a block of ${String(count)} values in ${end - start} bytes`)
    }
    if (length > 0 && start !== before)
      throw damaged(path, 'has blocks with something between them')
    before = end
    length += count
    return { count, start, end }
  })
  return { kind: 'blocks', blocks, length }
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function isPosition(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function damaged(path: string, what: string): SluiceError {
  return new SluiceError(
    'protocol',
    `The table of contents is damaged: ${path || 'its root'} ${what}`,
  )
}
