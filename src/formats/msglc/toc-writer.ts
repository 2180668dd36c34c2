import { ByteStack } from './byte-stack.ts'
import type { Codec } from './codecs/codec.ts'

/** `count` values, one behind the other: what a list of many small values is divided into. */
export interface Block {
  readonly count: number
  readonly start: number
  readonly end: number
}

/** Writes the nodes of a table of contents, each behind what it holds or instead of it. */
export class TocWriter {
  readonly nodes: ByteStack = new ByteStack()
  readonly #codec: Codec

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** A value that is read whole: `{"p":[start,end]}`. */
  leaf(start: number, end: number): void {
    this.#codec.map(this.nodes.tail, 1)
    this.#span(start, end)
  }

  /** `{"p":[[count,start,end],…]}`, of which so many blocks are to follow. */
  blocked(blocks: number): void {
    this.#codec.map(this.nodes.tail, 1)
    this.#codec.scalar(this.nodes.tail, 'p')
    this.#codec.list(this.nodes.tail, blocks)
  }

  block({ count, start, end }: Block): void {
    this.#codec.list(this.nodes.tail, 3)
    for (const number of [count, start, end]) this.#codec.scalar(this.nodes.tail, number)
  }

  /** `{"p":[start,end],"t":…}` around the children, which have been written from `from` on. */
  indexed(from: number, kind: 'list' | 'map', count: number, start: number, end: number): void {
    const middle = this.nodes.length
    this.#codec.map(this.nodes.tail, 2)
    this.#span(start, end)
    this.#codec.scalar(this.nodes.tail, 't')
    this.#codec[kind](this.nodes.tail, count)
    this.nodes.moveBefore(from, middle)
  }

  #span(start: number, end: number): void {
    this.#codec.scalar(this.nodes.tail, 'p')
    this.#codec.list(this.nodes.tail, 2)
    this.#codec.scalar(this.nodes.tail, start)
    this.#codec.scalar(this.nodes.tail, end)
  }
}
