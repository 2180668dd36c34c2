import type { Bytes } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { pointerStep } from '../../core/json.ts'
import { checkEnd, MAX_DEPTH, readItems, readWhole } from '../../formats/msglc/codecs/read-value.ts'
import type { TokenReader } from '../../formats/msglc/codecs/token-reader.ts'
import {
  HEADER_BYTES,
  type Header,
  type MagicOptions,
  readHeader,
} from '../../formats/msglc/header.ts'
import { type Span, Toc, type TocNode } from '../../formats/msglc/toc.ts'
import { OpenFiles } from './open-files.ts'
import type { RangeReader } from './range-reader.ts'
import { type RawFile, rawFile } from './raw-file.ts'

/** How many files may lie in one another. */
const MAX_FILES_DEPTH = 64

/** About what a reader takes beside its table of contents. */
const READER_BYTES = 1024

export interface FileReaderOptions extends MagicOptions {
  readonly maxTocBytes: number
}

/** A place that the table of contents knows. */
export interface Located {
  readonly file: FileReader
  readonly node: TocNode
  /** RFC 6901 JSON Pointer from the outermost file on. */
  readonly path: string
  /** What the children's positions must lie in. */
  readonly within: Span
  /** How many lists and maps it lies in, those of outer files among them. */
  readonly depth: number
  /** Whether it is the whole value of its file. */
  readonly isRoot: boolean
}

/** A place whose children the table of contents knows. */
export type ParentPlace = Located & {
  readonly node: Extract<TocNode, { kind: 'children' | 'archive' }>
}

/** One file: the outermost, or one that is embedded in an archive. */
export class FileReader {
  readonly header: Header
  /** The whole file, header and table of contents included, in the outermost one. */
  readonly span: Span
  readonly #ranges: RangeReader
  readonly #toc: Toc
  readonly #options: FileReaderOptions
  readonly #depth: number
  /** The embedded ones of the outermost file, at all depths. */
  readonly #opened: OpenFiles<FileReader>

  private constructor(
    ranges: RangeReader,
    header: Header,
    start: number,
    toc: Uint8Array,
    options: FileReaderOptions,
    depth: number,
    opened: OpenFiles<FileReader>,
  ) {
    const { codec, tocStart, tocBytes } = header
    this.header = header
    this.span = { start, end: start + HEADER_BYTES + tocStart + tocBytes }
    this.#ranges = ranges
    this.#toc = new Toc(codec, toc, tocStart)
    this.#options = options
    this.#depth = depth
    this.#opened = opened
  }

  /** The file that begins at `start` and ends at `end` at the latest: two ranges, unless they are known. */
  static async open(
    ranges: RangeReader,
    { start, end }: Span,
    options: FileReaderOptions,
    depth = 1,
    opened: OpenFiles<FileReader> = new OpenFiles(options.maxTocBytes),
  ): Promise<FileReader> {
    const headerEnd = Math.min(start + HEADER_BYTES, end)
    const [bytes = new Uint8Array(0)] = await ranges.read([{ start, end: headerEnd }])
    const header = readHeader(bytes, end - start, options)
    const { tocStart, tocBytes } = header
    if (tocBytes > options.maxTocBytes) {
      const message = `The table of contents has ${tocBytes} bytes; maxTocBytes allows ${options.maxTocBytes}`
      throw new SluiceError('too-large', message)
    }
    const tocFrom = start + HEADER_BYTES + tocStart
    const span = { start: tocFrom, end: tocFrom + tocBytes }
    const toc = await ranges.unkept(span, Number.POSITIVE_INFINITY)
    return new FileReader(ranges, header, start, toc, options, depth, opened)
  }

  /** The place of the file's value. */
  root(path = '', depth = 0): Located {
    return at(path, () => ({
      file: this,
      node: this.#toc.node(0, path),
      path,
      depth,
      within: { start: 0, end: this.header.tocStart },
      isRoot: true,
    }))
  }

  /** A child of a node, by its place among the children. */
  child({ node, path, within, depth }: ParentPlace, index: number): Located {
    if (depth >= MAX_DEPTH) throw tooDeep(path)
    const { keys, offsets } = node.children
    const childPath = path + pointerStep(String(keys ? keys[index] : index))
    const place = { file: this, path: childPath, depth: depth + 1, isRoot: false }
    if (node.kind === 'archive') {
      return { ...place, node: { kind: 'file', ...(node.files[index] as Span) }, within }
    }
    const { span } = node
    const offset = offsets[index] as number
    return {
      ...place,
      node: at(childPath, () => this.#toc.node(offset, childPath, span)),
      within: span,
    }
  }

  /** The embedded file that a node stands for. */
  async embedded({ start, end }: Span, path: string, depth: number): Promise<Located> {
    if (this.#depth >= MAX_FILES_DEPTH) {
      throw new SluiceError(
        'protocol',
        `${path}: more than ${MAX_FILES_DEPTH} files lie in one another`,
      )
    }
    const [span] = this.#outer([{ start, end }]) as [Span]
    const opening = this.#opened.get(span.start, () =>
      FileReader.open(this.#ranges, span, this.#options, this.#depth + 1, this.#opened),
    )
    const file = await located(path, opening)
    return file.root(path, depth)
  }

  /** What it holds: its table of contents, and itself. */
  get heldBytes(): number {
    return this.header.tocBytes + READER_BYTES
  }

  /** All of it, from its header on. */
  raw(): RawFile {
    return rawFile(this.#ranges, this.span)
  }

  /** The bytes of spans of the payload. */
  bytes(spans: readonly Span[]): Promise<Uint8Array[]> {
    return this.#ranges.read(this.#outer(spans))
  }

  /** The bytes of one span, read past the cache: what is read once, and is much. They may lie in `place`, which is as long. */
  unkept(span: Span, place: Bytes): Promise<Uint8Array> {
    const [outer] = this.#outer([span]) as [Span]
    return this.#ranges.unkept(outer, undefined, place)
  }

  /** What a node says that lies in so many bytes of the payload, decoded: one value, or those of blocks as a list. */
  decode(place: Located, bytes: Uint8Array): unknown {
    const { node, path, depth } = place
    if (node.kind === 'blocks') return this.items(place, bytes, node.length)
    return at(path, () => readWhole(this.header.codec.reader(bytes), depth + 1))
  }

  /** So many values of a list, one behind the other. */
  items({ path, depth }: Located, bytes: Uint8Array, count: number): unknown[] {
    return at(path, () => {
      if (depth >= MAX_DEPTH) throw tooDeep(path)
      const from = this.header.codec.reader(bytes)
      const values = readItems(from, count, depth + 2)
      checkEnd(from)
      return values
    })
  }

  /** All of the bytes by `decode`, when so many are behind them that belong to the same value. */
  decodeWith(
    path: string,
    bytes: Uint8Array,
    behindBytes: number,
    decode: (from: TokenReader) => void,
  ): void {
    at(path, () => {
      const from = this.header.codec.reader(bytes)
      from.behindBytes = behindBytes
      decode(from)
      checkEnd(from)
    })
  }

  #outer(spans: readonly Span[]): Span[] {
    const from = this.span.start + HEADER_BYTES
    return spans.map(({ start, end }) => ({ start: from + start, end: from + end }))
  }
}

/** What a node spans of its payload. `undefined` for archives and what lies in them. */
export function spanOf(node: TocNode): Span | undefined {
  if (node.kind === 'leaf') return node
  if (node.kind === 'children') return node.span
  if (node.kind !== 'blocks') return undefined
  const { blocks } = node
  return { start: blocks[0]?.start ?? 0, end: blocks.at(-1)?.end ?? 0 }
}

export function tooDeep(path: string): SluiceError {
  const message = `${path || 'The value'} is nested deeper than ${MAX_DEPTH} levels`
  return new SluiceError('protocol', message)
}

/** What is damaged is told with the place. */
function at<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw withPath(path, error)
  }
}

async function located<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw withPath(path, error)
  }
}

function withPath(path: string, error: unknown): unknown {
  if (path === '' || !isSluiceError(error, 'protocol') || error.message.startsWith(`${path}: `))
    return error
  return new SluiceError('protocol', `${path}: ${error.message}`, { cause: error })
}
