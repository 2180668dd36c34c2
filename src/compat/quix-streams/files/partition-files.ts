import type { Store } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { BatchFormat } from '../formats/batch-format.ts'
import { digits } from '../layout.ts'
import { SinkBatch } from '../sink-batch.ts'
import type { SinkItem, TopicPartition } from '../sink-record.ts'
import { appendFile, isAppendable } from './append-file.ts'
import { checkTopicName, endOf, startOf } from './file-marks.ts'
import { endOfFile, lastFile } from './last-file.ts'
import { coverFile, createFile, type EncodedFile, madeAnew } from './put-file.ts'

/** How files come to be; what each promises is told at `fileSink`. */
export type WriteMode = 'cover' | 'chain' | 'append'

/** What a flush has made sure of. */
export interface WrittenFile extends TopicPartition {
  readonly key: string
  /** The offset in its name; of what was appended, that of its first message. */
  readonly begin: bigint
  /** The offset to be committed: that behind its last message. */
  readonly end: bigint
  /** How many messages the flush brought. */
  readonly records: number
}

/** What Kafka says of a partition that is resumed. */
export interface KnownOfPartition {
  /** What the consumer group has committed. But a hint where to look for the last file: right or wrong, it is found. */
  readonly committed?: bigint | undefined
  /** Kafka's id of the topic. Kept in the metadata of each file (`sluice-topic`), and held against that of the last one. */
  readonly topicId?: string | undefined
}

/** What is to become a file. */
interface Pending {
  readonly id: string
  readonly batch: SinkBatch
  bytes: number
  begun: boolean
}

/** The files of one partition, and what is to go into the next one. */
export class PartitionFiles {
  readonly #place: TopicPartition & { readonly folder: string }
  readonly #format: BatchFormat
  readonly #mode: WriteMode
  readonly #account: (bytes: number) => void
  /** One whose writing was begun stays as it is until it is written; what comes meanwhile is the next one's. */
  #pending: Pending[] = []
  /** Of a chain: where the next file begins. */
  #position: bigint | undefined
  #topicId: string | undefined
  #writing: Promise<unknown> = Promise.resolve()

  /** `account` is told of each change of what waits, in bytes. */
  constructor(
    place: TopicPartition & { readonly folder: string },
    format: BatchFormat,
    mode: WriteMode,
    account: (bytes: number) => void,
  ) {
    this.#place = place
    this.#format = format
    this.#mode = mode
    this.#account = account
  }

  /** The offset that the next message has at least. */
  get next(): bigint {
    return this.#pending.at(-1)?.batch.endOffset ?? this.#position ?? 0n
  }

  get isReady(): boolean {
    return this.#mode !== 'chain' || this.#position !== undefined
  }

  /** `bytes` is what it weighs. */
  add(item: SinkItem, bytes: number): void {
    let last = this.#pending.at(-1)
    if (!last || last.begun) {
      const batch = new SinkBatch(this.#place)
      last = { id: crypto.randomUUID(), batch, bytes: 0, begun: false }
      this.#pending.push(last)
    }
    last.batch.append(item)
    last.bytes += bytes
    this.#account(bytes)
  }

  /** Forgets what was added and not written. */
  drop(): void {
    for (const { bytes } of this.#pending) this.#account(-bytes)
    this.#pending = []
  }

  /**
   * Of a chain: goes behind its last file, and answers with that one's end. A first file has one name, 0, wherever its messages begin: of consumers that would
   * begin at different offsets, each with a name of its own, there would be as many chains.
   */
  async resume(
    store: Store,
    { committed, topicId }: KnownOfPartition = {},
  ): Promise<bigint | undefined> {
    await this.#writing.catch(() => {})
    this.drop()
    const last = await lastFile(store, this.#place.folder, committed)
    const end = last && endOfFile(last, this.#place.topic, topicId)
    this.#position = end ?? 0n
    this.#topicId = topicId
    return end
  }

  /** Writes all batches, one after the other. Those that fail stay. */
  flush(store: Store): Promise<WrittenFile[]> {
    const flushed = this.#writing.catch(() => {}).then(() => this.#write(store))
    this.#writing = flushed
    return flushed
  }

  async #write(store: Store): Promise<WrittenFile[]> {
    const { topic, partition } = this.#place
    const written: WrittenFile[] = []
    for (const pending of [...this.#pending]) {
      pending.begun = true
      const { batch, id } = pending
      const { endOffset: end, size: records } = batch
      const { begin, key } = await this.#writeBatch(store, batch, id)
      if (this.#mode === 'chain') this.#position = end
      if (this.#pending[0] === pending) {
        // It was not dropped meanwhile.
        this.#pending.shift()
        this.#account(-pending.bytes)
      }
      written.push({ topic, partition, key, begin, end, records })
    }
    return written
  }

  async #writeBatch(
    store: Store,
    batch: SinkBatch,
    id: string,
  ): Promise<{ begin: bigint; key: string }> {
    if (this.#mode === 'append') {
      const { startOffset: begin } = batch
      const key = await this.#append(store, batch, id)
      if (key) return { begin, key }
    }
    const begin = (this.#mode === 'chain' ? this.#position : undefined) ?? batch.startOffset
    const file = await this.#encoded(batch, id, begin)
    await (this.#mode === 'chain' ? createFile(store, file) : coverFile(store, file))
    return { begin, key: file.key }
  }

  /** The file that has the batch now; `undefined` when a new one is to begin with it. */
  async #append(store: Store, batch: SinkBatch, id: string): Promise<string | undefined> {
    const { topic, folder } = this.#place
    const last = await lastFile(store, folder, batch.startOffset)
    if (last) checkTopicName(last, topic)
    const { fileExtension } = this.#format
    // One that a sink without marks, or with another format, has left is none to go on with.
    if (!last?.key.endsWith(fileExtension)) return undefined
    const end = endOf(last)
    if (end === undefined) return undefined
    const start = startOf(last) ?? ''
    if (batch.contradicts(start)) throw madeAnew(last.key)
    if (batch.endOffset <= end) return last.key
    // It was in a flush that was taken for failed, or was not committed.
    batch.dropBefore(end)
    if (!isAppendable(store, last)) return undefined
    const body = await this.#bodyOf(batch)
    await appendFile(store, last, body, { id, end: batch.endOffset, start, topic })
    return last.key
  }

  async #encoded(batch: SinkBatch, id: string, begin: bigint): Promise<EncodedFile> {
    const key = `${this.#place.folder}${digits(begin)}${this.#format.fileExtension}`
    const body = await this.#bodyOf(batch)
    const { endOffset: end, startMark: start } = batch
    return { key, body, id, end, start, topic: this.#place.topic, topicId: this.#topicId }
  }

  async #bodyOf(batch: SinkBatch): Promise<Blob> {
    const { contentType: type = 'application/octet-stream' } = this.#format
    const body: unknown = await this.#format.serialize(batch)
    if (body instanceof Blob) return new Blob([body], { type })
    if (body instanceof Uint8Array) return new Blob([body as BlobPart], { type })
    throw new SluiceError('invalid-options', 'serialize() must give a Uint8Array or a Blob')
  }
}
