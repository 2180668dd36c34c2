import type { Chunk } from '../../contracts/index.ts'
import { ByteStack } from './byte-stack.ts'
import type { ByteWriter } from './codecs/byte-writer.ts'
import type { Codec } from './codecs/codec.ts'
import { blocksOf, readLengths, writeLength } from './lengths.ts'
import type { Thresholds } from './options.ts'
import { type Block, TocWriter } from './toc-writer.ts'

/** A list or a map whose values are being written. */
interface Division {
  readonly kind: 'list' | 'map'
  /** Where its head begins. */
  readonly start: number
  /** Where its contents begin. */
  readonly contentStart: number
  /** Where its children's nodes begin. */
  readonly nodesStart: number
  readonly lengthsStart: number
  /** Whether all of its values so far are trivial. Those of a list are then only kept as their lengths. */
  trivial: boolean
}

/**
 * Makes the table of contents of a value that is being written: the reference writer's rules of what is read by itself. Holds the table
 * so far, and the lengths of values that may come to be listed in it.
 */
export class Divider {
  readonly #thresholds: Thresholds
  readonly #toc: TocWriter
  /** The lengths of the values of lists that are trivial as yet. */
  readonly #lengths = new ByteStack()
  readonly #divisions: Division[] = []
  readonly #onGrowth: () => void

  /** `onGrowth` is called for each step by which it may have grown. */
  constructor(codec: Codec, thresholds: Thresholds, onGrowth: () => void) {
    this.#thresholds = thresholds
    this.#toc = new TocWriter(codec)
    this.#onGrowth = onGrowth
  }

  get heldBytes(): number {
    return this.#toc.nodes.length + this.#lengths.length
  }

  /** Where the key of a map's next value goes. */
  get keys(): ByteWriter {
    return this.#toc.nodes.tail
  }

  /** The table, when all is done. */
  take(): { readonly bytes: number; readonly toc: readonly Chunk[] } {
    return { bytes: this.#toc.nodes.length, toc: this.#toc.nodes.take() }
  }

  /** A list or a map whose head lies in `[start, contentStart)`. */
  open(kind: 'list' | 'map', start: number, contentStart: number): void {
    const nodesStart = this.#toc.nodes.length
    const lengthsStart = this.#lengths.length
    this.#divisions.push({ kind, start, contentStart, nodesStart, lengthsStart, trivial: true })
  }

  /** The list or the map that was opened last has ended, after so many values. */
  close(count: number, end: number): void {
    const division = this.#divisions.pop() as Division
    const { kind, start, nodesStart, lengthsStart, trivial } = division
    const isSmall = end - start < this.#thresholds.smallBytes
    let blocks = 0
    if (!isSmall && trivial && kind === 'list') for (const _ of this.#blocks(division)) blocks++
    if (isSmall || (trivial && blocks < 2)) {
      this.#lengths.truncate(lengthsStart)
      this.#toc.nodes.truncate(nodesStart)
      this.leaf(start, end)
      return
    }
    if (trivial) {
      this.#toc.blocked(blocks)
      for (const block of this.#blocks(division)) {
        this.#toc.block(block)
        this.#grown()
      }
      this.#lengths.truncate(lengthsStart)
    } else this.#toc.indexed(nodesStart, kind, count, start, end)
    this.#list(nodesStart)
    this.#grown()
  }

  /** A value has been written that is read as a whole. */
  leaf(start: number, end: number): void {
    const parent = this.#divisions.at(-1)
    const isTrivial = end - start <= this.#thresholds.trivialBytes
    if (parent?.trivial && parent.kind === 'list' && isTrivial) {
      writeLength(this.#lengths.tail, end - start)
    } else {
      const from = this.#toc.nodes.length
      this.#toc.leaf(start, end)
      if (!isTrivial) this.#list(from)
    }
    this.#grown()
  }

  /** Something that is not trivial lies in the innermost, so each of its values is listed: those that came before, too. */
  #list(nodeStart: number): void {
    const division = this.#divisions.at(-1)
    if (!division?.trivial) return
    division.trivial = false
    if (division.kind === 'map') return
    const middle = this.#toc.nodes.length
    let at = division.contentStart
    for (const length of readLengths(this.#lengths.from(division.lengthsStart))) {
      this.#toc.leaf(at, at + length)
      this.#grown()
      at += length
    }
    this.#lengths.truncate(division.lengthsStart)
    this.#toc.nodes.moveBefore(nodeStart, middle)
  }

  #blocks({ contentStart, lengthsStart }: Division): Iterable<Block> {
    const lengths = readLengths(this.#lengths.from(lengthsStart))
    return blocksOf(lengths, contentStart, this.#thresholds.smallBytes)
  }

  #grown(): void {
    this.#toc.nodes.settle()
    this.#lengths.settle()
    this.#onGrowth()
  }
}
