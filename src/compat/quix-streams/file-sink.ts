import type { Store } from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { limiter } from '../../core/limiter.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { approximateBytes } from '../../core/sizes.ts'
import { tryCondition } from '../../sinks/publish/probe.ts'
import { type Destination, destinationOf } from './destinations/destination.ts'
import type { FileSinkOptions } from './file-sink-options.ts'
import {
  type KnownOfPartition,
  PartitionFiles,
  type WriteMode,
  type WrittenFile,
} from './files/partition-files.ts'
import type { BatchFormat } from './formats/batch-format.ts'
import { formatOf } from './formats/format-of.ts'
import { Folders } from './layout.ts'
import type { SinkItem, SinkRecord, TopicPartition } from './sink-record.ts'

/** Partitions that are written at once: a Worker and a page have six connections. */
const CONCURRENCY = 4
/** Quix's own wait before a sink that was refused is tried again. */
const RETRY_AFTER_MS = 5000
/** Kafka's largest: a signed integer of 64 bits. */
const MAX_OFFSET = 2n ** 63n - 1n
const DEFAULT_PENDING_BYTES = 64 * 1024 * 1024

const OPTIONS: OptionNames<FileSinkOptions> = {
  directory: true,
  format: true,
  destination: true,
  layout: true,
  append: true,
  exactlyOnce: true,
  maxPendingBytes: true,
  onClientConnectSuccess: true,
  onClientConnectFailure: true,
}

export interface FileSink {
  /** Whether it was made with `exactlyOnce`. */
  readonly exactlyOnce: boolean
  /** Size of the messages that wait for a flush, as JSON, about. */
  readonly pendingBytes: number
  /** How large that may become. */
  readonly maxPendingBytes: number
  /**
   * Checks that the destination is there, and calls one of the callbacks; then, by a small object that is deleted again, that it honours conditions. Once it was, it
   * is not checked again. Errors: what the destination says; `not-supported` where conditions are ignored or refused, whatever the callbacks are.
   */
  setup(): Promise<void>
  /**
   * Puts a message into the batch of its partition. Errors, each of which leaves the batch as it was: `invalid-record` for what the format cannot hold, `slow-down`
   * when `maxPendingBytes` wait, `invalid-options` for an offset that is not above those before it.
   */
  add(record: SinkRecord): void
  /**
   * Writes the batches of all partitions, or of one. A batch that could not be written stays, and is written by the next flush; the others are
   * written all the same, and the first failure is what this rejects with. What is added once a batch is being written goes into the next file.
   *
   * Errors: `slow-down` for whatever may be better soon, with `retryAfterMs`: Quix's `SinkBackpressureError`. `fenced`, with
   * `exactlyOnce`, where another consumer has written from the same offset on: `resume` goes behind it. `already-exists` for a file that is none of
   * this sink's; `conflict` for one of another topic. What else the store rejects with.
   */
  flush(partition?: TopicPartition): Promise<readonly WrittenFile[]>
  /** Forgets what waits, of all partitions or of one: the consumer reads it again, or somebody else does. */
  onPaused(partition?: TopicPartition): void
  /**
   * With `exactlyOnce`, before the first `add` of a partition, after each assignment, and after `fenced`: forgets what waits, and looks where the last file ends, which is
   * where the consumer must go on. `undefined` when there is no file yet: then it goes to wherever it likes, and the first file is named 0.
   *
   * Errors: `already-exists` for a file that does not say where it ends; `conflict` for one of another topic; `invalid-options`
   * without `exactlyOnce`; the store's.
   */
  resume(partition: TopicPartition, known?: KnownOfPartition): Promise<bigint | undefined>
}

/**
 * Quix Streams' `FileSink`: messages of topics in, a file for each flush and partition out, named by an offset:
 * `{directory}/{topic}/{partition}/0000000000000000123.jsonl`. Whoever consumes calls `flush()` and then commits the offsets; `runKafkaSink` of
 * `sluice/kafka` is such a loop.
 *
 * **At least once**, the default: a file is named by the offset of its first message. A message is in a file before its offset is
 * committed; after a crash it may be in two. A file is replaced only by one with as many messages and more: a late write of a consumer
 * that has lost the partition changes nothing.
 *
 * **At least once, appending** (`append`): the same, into the last file of the partition, which is replaced as a whole under a condition. Messages that are in it already
 * are left out: those whose offsets lie before its end. That they are of a topic that was made anew is seen (`already-exists`) where the first of the file comes again.
 *
 * **Exactly once** (`exactlyOnce`): the files of a partition are a chain. Each is named by the position at which the one before it ends, the first one by 0 (offsets
 * that no message has, as transactions and compaction leave them, lie within), is only created, never replaced, and has its own end in its metadata (`sluice-end`, exclusive). So of two
 * consumers that believe to own the partition one has its file, and the other one is told, whatever Kafka's own offsets say.
 * All consumers of a directory must use it alike, and with one format. Not guaranteed: anything about a folder whose last file was taken away
 * while a consumer runs.
 *
 * Holds `maxPendingBytes` of messages as JSON, which weigh more as objects, and for each of the partitions that are written at once its file.
 *
 * Errors: `invalid-options`, `invalid-key` for the directory; `not-supported` for `append` with a format that cannot be appended to, and for a store without
 * conditions, such as Google Cloud Storage and Backblaze B2 by their S3 API, on which a late write would replace a newer file. Sends nothing.
 */
export function fileSink(options: FileSinkOptions): FileSink {
  return new BatchingFileSink(options)
}

class BatchingFileSink implements FileSink {
  readonly exactlyOnce: boolean
  readonly maxPendingBytes: number
  readonly #destination: Destination
  readonly #format: BatchFormat
  readonly #folders: Folders
  readonly #mode: WriteMode
  readonly #partitions = new Map<string, PartitionFiles>()
  readonly #options: FileSinkOptions
  readonly #inTurn = limiter(CONCURRENCY)
  #checked = false
  #pendingBytes = 0

  constructor(options: FileSinkOptions) {
    checkOptionNames('fileSink', options, OPTIONS)
    const { directory = '', layout = 'plain', append = false, exactlyOnce = false } = options
    const { maxPendingBytes = DEFAULT_PENDING_BYTES } = options
    if (!(maxPendingBytes >= 1)) {
      const message = `maxPendingBytes must be above 0, not ${maxPendingBytes}`
      throw new SluiceError('invalid-options', message)
    }
    this.exactlyOnce = exactlyOnce
    this.maxPendingBytes = maxPendingBytes
    this.#options = options
    this.#format = formatOf(options.format ?? 'json')
    this.#folders = new Folders(directory, layout)
    this.#destination = destinationOf(options.destination)
    this.#mode = modeOf(append, exactlyOnce, this.#format, this.#destination.store)
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  async setup(): Promise<void> {
    if (this.#checked) return
    const { onClientConnectSuccess, onClientConnectFailure } = this.#options
    try {
      await this.#destination.check()
    } catch (error) {
      if (!onClientConnectFailure) throw error
      await onClientConnectFailure(error as Error)
      return
    }
    await this.#tryCondition()
    this.#checked = true
    await onClientConnectSuccess?.()
  }

  add(record: SinkRecord): void {
    const item = itemOf(record)
    const files = this.#filesOf(record)
    if (!files.isReady) {
      const message = `Partition ${record.partition} of "${record.topic}" was not resumed: exactly once begins where its last file ends`
      throw new SluiceError('invalid-options', message)
    }
    if (item.offset < files.next) {
      const message = `Offset ${item.offset} of "${record.topic}", partition ${record.partition}, comes after ${files.next - 1n}: onPaused() or resume() goes back`
      throw new SluiceError('invalid-options', message)
    }
    const rejection = this.#format.check?.(item)
    if (rejection) throw new SluiceError(rejection.code, rejection.message)
    if (this.#pendingBytes >= this.maxPendingBytes) {
      const message = `${this.#pendingBytes} bytes of messages wait for a flush`
      throw new SluiceError('slow-down', message, { retryAfterMs: RETRY_AFTER_MS })
    }
    files.add(item, approximateBytes(item.value) + approximateBytes(item.key))
  }

  async flush(partition?: TopicPartition): Promise<readonly WrittenFile[]> {
    const chosen = partition ? [this.#filesOf(partition)] : [...this.#partitions.values()]
    const { store } = this.#destination
    const flushing = chosen.map((files) => this.#inTurn(() => files.flush(store)))
    const written: WrittenFile[] = []
    const failures: unknown[] = []
    for (const outcome of await Promise.allSettled(flushing)) {
      if (outcome.status === 'fulfilled') written.push(...outcome.value)
      else failures.push(outcome.reason)
    }
    if (failures.length > 0) throw asBackpressure(failures[0])
    return written
  }

  onPaused(partition?: TopicPartition): void {
    const chosen = partition ? [this.#filesOf(partition)] : this.#partitions.values()
    for (const files of chosen) files.drop()
  }

  async resume(partition: TopicPartition, known?: KnownOfPartition): Promise<bigint | undefined> {
    if (!this.exactlyOnce) {
      const message = 'Only a sink with exactlyOnce knows by its files where to go on'
      throw new SluiceError('invalid-options', message)
    }
    try {
      return await this.#filesOf(partition).resume(this.#destination.store, known)
    } catch (error) {
      throw asBackpressure(error)
    }
  }

  /** What a server is not known for is taken at its word, and what stands between may drop a header. Where nothing can be found out, files have conditions all the same. */
  async #tryCondition(): Promise<void> {
    const { store } = this.#destination
    const key = `${this.#folders.directory}.sluice-probe`
    const honoured = await tryCondition(store, key, { clock: systemClock })
    if (honoured === true) return
    if (honoured === false) throw noConditions(store.kind, 'ignores')
    if (honoured.unknown === 'not-supported') throw noConditions(store.kind, 'refuses')
  }

  #filesOf(of: TopicPartition): PartitionFiles {
    const { topic, partition } = of
    const name = `${partition} ${topic}`
    let files = this.#partitions.get(name)
    if (!files) {
      checkPartition(of)
      const account = (bytes: number): void => {
        this.#pendingBytes += bytes
      }
      const place = { topic, partition, folder: this.#folders.of(of) }
      files = new PartitionFiles(place, this.#format, this.#mode, account)
      this.#partitions.set(name, files)
    }
    return files
  }
}

function modeOf(
  append: boolean,
  exactlyOnce: boolean,
  format: BatchFormat,
  store: Store,
): WriteMode {
  const { kind, capabilities } = store
  if (append && exactlyOnce) {
    const message = 'append changes files, and exactlyOnce never does: choose one'
    throw new SluiceError('invalid-options', message)
  }
  if (append && !format.supportsAppend) {
    const message = `A ${format.fileExtension} file cannot be appended to: leave append out`
    throw new SluiceError('not-supported', message)
  }
  // In each mode: between a look and a plain put another consumer's file may come, and would be replaced.
  if (!capabilities.conditionalPut) throw noConditions(kind, 'does not take')
  if (append) return 'append'
  return exactlyOnce ? 'chain' : 'cover'
}

function noConditions(kind: string, why: string): SluiceError {
  const message = `A file sink needs conditional writes, which this store (${kind}) ${why}: a late one would replace a newer file. S3, R2, MinIO, rustfs, versitygw and folders take them`
  return new SluiceError('not-supported', message)
}

function itemOf({ value, key, timestamp, headers, offset }: SinkRecord): SinkItem {
  const time = Number(timestamp)
  const isOffset = typeof offset === 'bigint' ? offset >= 0n : Number.isSafeInteger(offset)
  if (!isOffset || offset < 0 || offset > MAX_OFFSET || !Number.isSafeInteger(time)) {
    const message = `A message needs an offset and a timestamp, not ${offset} and ${timestamp}`
    throw new SluiceError('invalid-options', message)
  }
  return {
    value: value ?? null,
    key: key ?? null,
    timestamp: time,
    headers,
    offset: BigInt(offset),
  }
}

function checkPartition({ topic, partition }: TopicPartition): void {
  if (typeof topic === 'string' && topic !== '' && Number.isSafeInteger(partition)) {
    if (partition >= 0) return
  }
  const message = `A message is of a topic and a partition, not of ${JSON.stringify(topic)} and ${partition}`
  throw new SluiceError('invalid-options', message)
}

/** What may be better soon, as the one error that a consumer pauses for. */
function asBackpressure(error: unknown): unknown {
  if (!isSluiceError(error) || !error.retryable) return error
  const { key, retryAfterMs = RETRY_AFTER_MS } = error
  const message = `The files cannot be written now: ${error.message}`
  return new SluiceError('slow-down', message, { key, retryAfterMs, cause: error })
}
