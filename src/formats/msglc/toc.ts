import { SluiceError } from '../../core/errors.ts'
import type { Codec } from './codecs/codec.ts'
import { readKey, skipValue } from './codecs/read-value.ts'
import type { TokenReader } from './codecs/token-reader.ts'
import { HEADER_BYTES } from './header.ts'
import type { Block } from './toc-writer.ts'

/** The least that a node has: `{"p":[0,1]}` in either encoding. */
const NODE_BYTES = 6
/** Of a key that is no scalar: a tuple of moments has fewer. */
const MAX_KEY_HEADS = 8

/** What a node says of a value. Positions are from the header's end, and lie within what the node above them spans. */
export type TocNode =
  | PositionNode
  /** Its bytes are a value, and those of its children are nodes of their own. */
  | { readonly kind: 'children'; readonly span: Span; readonly children: Children }
  /** What it holds are whole files, each from its own header on, and none in another. */
  | { readonly kind: 'archive'; readonly files: readonly Span[]; readonly children: Children }
  /** One of them, and where it ends at the latest. */
  | { readonly kind: 'file'; readonly start: number; readonly end: number }

type PositionNode =
  | { readonly kind: 'leaf'; readonly start: number; readonly end: number }
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[]; readonly length: number }

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
 * passed over. It takes the memory of its bytes, and of what is made of the nodes on the way: a number for each child, the keys of maps,
 * an object for each block. In files as they are written that is a few times the bytes of those nodes, and at most some tens of times in one that is
 * taken: no node has more children or blocks than its value has bytes, and no key is much in itself. A damaged one is told with the place.
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
    let position: PositionNode | undefined
    let children: Children | undefined
    for (let left = from.count; left > 0; left--) {
      const key = readKeyOf(from, path)
      if (key === 'p') position = readPosition(from, path, within)
      else if (key === 't') children = readChildren(from, path, within, position !== undefined)
      else skipValue(from)
    }
    if (!position) {
      if (!children) throw damaged(path, 'has neither a position nor children')
      return { kind: 'archive', files: this.#files(children, path, within), children }
    }
    if (!children) return position
    if (position.kind === 'blocks') throw damaged(path, 'has blocks and children')
    const { start, end } = position
    return { kind: 'children', span: { start, end }, children }
  }

  /** They ascend, and each ends where the next one begins: two at one place would make a small archive endless. */
  #files({ offsets }: Children, path: string, within: Span): Span[] {
    const starts = offsets.map((offset) => {
      const start = readScalar(this.#codec.reader(this.#bytes, offset))
      if (isPosition(start)) return start
      throw damaged(path, 'has a file that is no position')
    })
    return starts.map((start, index) =>
      spanOf(start, starts[index + 1] ?? within.end, path, within),
    )
  }
}

/** `[start,end]`, or `[[count,start,end],…]`. */
function readPosition(from: TokenReader, path: string, within: Span): PositionNode | undefined {
  const { at } = from
  from.next(false)
  const { kind, count } = from
  if (kind !== 'list') {
    from.at = at
    skipValue(from)
    return undefined
  }
  if (count !== 2) return readBlocks(from, count, path, within)
  const { at: first } = from
  const start = readScalar(from)
  if (from.kind === 'scalar') {
    return { kind: 'leaf', ...spanOf(start, readScalar(from), path, within) }
  }
  from.at = first
  return readBlocks(from, count, path, within)
}

/** `undefined` for what is none. */
function readScalar(from: TokenReader): unknown {
  from.next(true)
  return from.kind === 'scalar' ? from.value : undefined
}

/** One behind the other. Each value has a byte at least, so a count cannot be larger than the block. */
function readBlocks(from: TokenReader, most: number, path: string, within: Span): PositionNode {
  const blocks: Block[] = []
  let length = 0
  let before = within.start
  for (let left = most; left > 0; left--) {
    from.next(false)
    if (from.kind !== 'list' || from.count !== 3) throw damaged(path, 'has a block that is none')
    const count = readScalar(from)
    const rest = { start: before, end: within.end }
    const { start, end } = spanOf(readScalar(from), readScalar(from), path, rest)
    if (!isPosition(count) || count === 0 || count > end - start) {
      throw damaged(path, `has a block whose count is none in ${end - start} bytes`)
    }
    if (length > 0 && start !== before)
      throw damaged(path, 'has blocks with something between them')
    before = end
    length += count
    blocks.push({ count, start, end })
  }
  return { kind: 'blocks', blocks, length }
}

/**
 * Each child has a byte of the value at least, and its node `NODE_BYTES`; a file in an archive has a header, and its node is a number.
 * So what is made of them is some times the table at most.
 */
function readChildren(
  from: TokenReader,
  path: string,
  within: Span,
  isPositioned: boolean,
): Children {
  from.next(false)
  const { kind, count } = from
  if (kind !== 'list' && kind !== 'map') throw damaged(path, 'has children that are no list or map')
  const valueBytes = within.end - within.start
  const tableBytes = from.end - from.at
  const values = Math.min(valueBytes, tableBytes / NODE_BYTES)
  const files = isPositioned ? 0 : Math.min(valueBytes / HEADER_BYTES, tableBytes)
  const most = Math.floor(Math.max(values, files))
  if (count > most) throw damaged(path, `has ${count} children, and room for ${most}`)
  const keys: unknown[] = []
  const offsets: number[] = []
  for (let left = count; left > 0; left--) {
    if (kind === 'map') keys.push(readKeyOf(from, path))
    offsets.push(from.at)
    skipValue(from)
  }
  return { keys: kind === 'map' ? keys : undefined, offsets }
}

/** A key, which may be a list or the like, but a small one: empty lists in one another are the dearest that a byte can be. */
function readKeyOf(from: TokenReader, path: string): unknown {
  const { at } = from
  from.next(true)
  const { kind, value } = from
  if (kind === 'scalar') return value
  from.at = at
  let heads = 0
  for (let pending = 1; pending > 0; pending--) {
    from.next(false)
    const { kind: inner, count } = from
    if (inner === 'scalar') continue
    if (++heads > MAX_KEY_HEADS) {
      throw damaged(path, `has a key of more than ${MAX_KEY_HEADS} lists, maps and tags`)
    }
    pending += inner === 'list' ? count : inner === 'map' ? 2 * count : 1
  }
  from.at = at
  return readKey(from)
}

function spanOf(start: unknown, end: unknown, path: string, within: Span): Span {
  if (isPosition(start) && isPosition(end)) {
    if (start >= within.start && start < end && end <= within.end) return { start, end }
  }
  throw damaged(path, `has a position outside of [${within.start}, ${within.end})`)
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
