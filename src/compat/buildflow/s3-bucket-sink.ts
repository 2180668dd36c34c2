import type {
  Ack,
  CallOptions,
  Clock,
  FileInfo,
  Receipt,
  SinkResult,
} from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { renamedKey } from '../../core/renamed-key.ts'
import { retry } from '../../core/retry.ts'
import { disposeWriter } from '../../core/streams.ts'
import type { FileSink } from '../../sinks/create-sink.ts'
import type { SinkReplica } from './primitive.ts'
import { recordsOf } from './records-of.ts'

export interface S3BucketSinkOptions {
  readonly sink: FileSink<object>
  /** What the sink's keys lack. */
  readonly folder: string
  readonly durable: boolean
  readonly clock: Clock | undefined
}

/**
 * One replica of an `S3Bucket`. What it was pushed becomes one file: visible as a whole when it is closed, or not at all. Leaving an `await using`
 * scope without `close()` aborts.
 */
export class S3BucketSink implements SinkReplica, AsyncDisposable {
  readonly durable: boolean
  readonly #sink: FileSink<object>
  readonly #folder: string
  readonly #clock: Clock | undefined
  #producer: string = crypto.randomUUID()
  #seq = 0

  constructor({ sink, folder, durable, clock }: S3BucketSinkOptions) {
    this.durable = durable
    this.#sink = sink
    this.#folder = folder
    this.#clock = clock
  }

  /**
   * Takes records of any kind that can be converted to data: plain objects, instances of classes, what has `toJSON`; with `Map` and `Set`,
   * `Date`, `bigint` and bytes in them. Lists and sets of them are flattened, `undefined` and `null` left out; `undefined` comes back when nothing is left. What
   * cannot be converted is rejected in the answer, by its index among the records, and becomes a dead letter: the others are taken.
   *
   * What fails in a way that may pass is tried again, and kept once. Errors: those of `Sink.write`, and nothing of the batch was kept, or what was is
   * kept once more when it is pushed again.
   */
  async push(batch: Iterable<unknown>, options: CallOptions = {}): Promise<Ack | undefined> {
    const records = recordsOf(batch) as object[]
    if (records.length === 0) return undefined
    const producer = { id: this.#producer, epoch: 0, seq: this.#seq++ }
    const { signal } = options
    try {
      const ack = await retry(() => this.#sink.write(records, { producer, signal }), {
        clock: this.#clock,
        signal,
      })
      return { ...ack, receipt: this.#placedReceipt(ack.receipt) }
    } catch (error) {
      // Whether the number was used nobody knows.
      this.#producer = crypto.randomUUID()
      this.#seq = 0
      throw this.#placedError(error)
    }
  }

  /** Ends the file, as `rotate` would, and resolves when it is visible. What comes next goes into another one. */
  async flush(options: CallOptions = {}): Promise<readonly FileInfo[]> {
    return this.#placed(await this.#named(() => this.#sink.flush(options)))
  }

  /** Ends the file, and says what became of everything. May be called again when it has failed. */
  async close(): Promise<SinkResult> {
    const close = () => retry(() => this.#sink.close(), { clock: this.#clock })
    const result = await this.#named(close)
    return { ...result, files: this.#placed(result.files) }
  }

  /** Stops. What no log keeps is gone, and nothing of it is ever visible. */
  abort(reason?: unknown): Promise<void> {
    return this.#sink.abort(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disposeWriter(this)
  }

  #placedReceipt(receipt: Receipt): Receipt {
    return {
      id: receipt.id,
      ranges: receipt.ranges,
      committed: async (options) => {
        const committed = await this.#named(() => receipt.committed(options))
        return { ...committed, files: this.#placed(committed.files) }
      },
      progress: async () => {
        const progress = await receipt.progress()
        return { ...progress, files: this.#placed(progress.files) }
      },
    }
  }

  /** What it fails with names keys in the bucket, too. */
  async #named<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw this.#placedError(error)
    }
  }

  #placedError(error: unknown): unknown {
    if (!isSluiceError(error) || error.key === undefined || this.#folder === '') return error
    return renamedKey(error, error.key, this.#folder + error.key)
  }

  /** With their keys in the bucket. */
  #placed(files: readonly FileInfo[]): FileInfo[] {
    return files.map((file) => ({ ...file, key: this.#folder + file.key }))
  }
}
