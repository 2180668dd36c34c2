import { SluiceError } from '../../core/errors.ts'
import type { SinkItem, TopicPartition } from './sink-record.ts'

/** What one file is made of: messages of one partition, ascending by their offsets. It is read by a format's `serialize`. */
export class SinkBatch implements TopicPartition {
  readonly topic: string
  readonly partition: number
  #items: SinkItem[] = []

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
  }

  get size(): number {
    return this.#items.length
  }

  get empty(): boolean {
    return this.size === 0
  }

  /** Of the first message. `invalid-options` when there is none. */
  get startOffset(): bigint {
    return this.#first.offset
  }

  /** Behind the last message. `invalid-options` when there is none. */
  get endOffset(): bigint {
    return (this.#items.at(-1) ?? this.#first).offset + 1n
  }

  /** What tells the first message from one that has its offset in another topic of the same name. */
  get startMark(): string {
    return markOf(this.#first)
  }

  /** Whether it has another message at the offset of such a mark. */
  contradicts(startMark: string): boolean {
    const item = this.#items.find(({ offset }) => startMark.startsWith(`${offset}-`))
    return item !== undefined && markOf(item) !== startMark
  }

  append(item: SinkItem): void {
    this.#items.push(item)
  }

  /** Leaves out what lies before an offset. */
  dropBefore(offset: bigint): void {
    this.#items = this.#items.filter((item) => item.offset >= offset)
  }

  clear(): void {
    this.#items = []
  }

  /** In pieces of `size`, of which the last may be shorter. `invalid-options` for a size below 1. */
  *iterChunks(size: number): Generator<readonly SinkItem[], void, undefined> {
    if (!(Number.isSafeInteger(size) && size >= 1)) {
      throw new SluiceError('invalid-options', `A chunk has 1 message or more, not ${size}`)
    }
    for (let at = 0; at < this.size; at += size) yield this.#items.slice(at, at + size)
  }

  [Symbol.iterator](): IterableIterator<SinkItem> {
    return this.#items[Symbol.iterator]()
  }

  get #first(): SinkItem {
    const [first] = this.#items
    if (first) return first
    throw new SluiceError('invalid-options', 'An empty batch has no offsets')
  }
}

function markOf({ offset, timestamp }: SinkItem): string {
  return `${offset}-${timestamp}`
}
