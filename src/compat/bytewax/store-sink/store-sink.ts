import type { Clock, Format, Row, Schema, Store } from '../../../contracts/index.ts'
import { systemClock } from '../../../core/clock.ts'
import { SluiceError } from '../../../core/errors.ts'
import { checkKey } from '../../../core/keys.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { partPlan } from '../../../core/part-plan.ts'
import { adler32 } from '../adler32.ts'
import { partNames } from '../files/dir-sink.ts'
import type { FixedPartitionedSink, StatefulSinkPartition } from '../outputs.ts'
import type { EpochFileOptions } from './epoch-file.ts'
import { PartFolder } from './part-folder.ts'
import { openStorePartition, type StoreSinkState } from './store-partition.ts'

export interface StoreSinkOptions<R> {
  /** How a file is written, such as `jsonl()` or `parquet()`. */
  readonly format: Format<R>
  /** The columns, for formats that have some. Default: those that the format finds in the first rows of each file. */
  readonly schema?: Schema | undefined
  /** The name of a partition, by its index and the number of partitions. Default `part_{index}`. */
  readonly partNamer?: ((index: number, partCount: number) => string) | undefined
  /** Which partition a key goes to, as `partFn` of a sink. Default `adler32`. */
  readonly assignPart?: ((key: string) => number) | undefined
  /** Size of a part of an upload, and of what is held before it is sent. Default 8 MiB, or the store's minimum. */
  readonly partBytes?: number | undefined
  /** Parts of one partition in flight at once. Default 4. */
  readonly concurrency?: number | undefined
  /** For the waits between attempts. */
  readonly clock?: Clock | undefined
}

const OPTIONS: OptionNames<StoreSinkOptions<never>> = {
  format: true,
  schema: true,
  partNamer: true,
  assignPart: true,
  partBytes: true,
  concurrency: true,
  clock: true,
}

/**
 * Bytewax's `DirSink` for object stores, where nothing can be truncated: a folder for each partition, `{prefix}/{part}/`, and in it a
 * file for each epoch in which the partition was written, `{19 digits}.{extension}`, named by the position of its first record in the partition.
 *
 * Guaranteed, in a run with a recovery: each record is in one visible file once, whatever crashes and whoever still runs elsewhere. A file
 * is an upload whose parts are sent as records come; the snapshot has the upload, and it is completed when the epoch is. So nothing
 * of an epoch that is not complete is ever seen, and an execution that resumes completes what the one before could not. A partition
 * holds `(concurrency + 2) * partBytes` at most, and what its format's encoder does.
 *
 * Not guaranteed: that a run without a recovery can be repeated. Uploads that a crash has left are ended by the next run; where that may
 * not, or the store does not list them (the R2 binding), by the bucket's lifecycle rule, which must leave them as long as a run may stand still.
 *
 * Errors: `not-supported` for a store without multipart uploads; `already-exists` for a folder with files that no state knows of;
 * `invalid-record` for what the format cannot hold, which ends the run; `not-found` for an upload of a complete epoch that somebody has
 * ended; `fenced` for another writer's file; and the store's.
 */
export class StoreSink<R extends object = Row> implements FixedPartitionedSink<R, StoreSinkState> {
  readonly #prefix: string
  readonly #names: readonly string[]
  readonly #assignPart: (key: string) => number
  readonly #file: EpochFileOptions<R>

  constructor(store: Store, prefix: string, partCount: number, options: StoreSinkOptions<R>) {
    checkOptionNames('StoreSink', options, OPTIONS)
    const { format, schema, partNamer, assignPart = adler32 } = options
    const { partBytes, concurrency, clock = systemClock } = options
    if (prefix !== '') checkKey(prefix)
    if (!store.capabilities.multipart) {
      const message = `A StoreSink needs multipart uploads, which this store (${store.kind}) does not have`
      throw new SluiceError('not-supported', message)
    }
    partPlan(prefix, store.capabilities, { partBytes })
    this.#prefix = prefix
    this.#names = partNames(partCount, partNamer, (name) => typeof name === 'string')
    this.#assignPart = assignPart
    this.#file = { store, format, schema, partBytes, concurrency, clock }
  }

  listParts(): readonly string[] {
    return this.#names
  }

  partFn(itemKey: string): number {
    return this.#assignPart(itemKey)
  }

  buildPart(
    _stepId: string,
    forPart: string,
    resumeState: StoreSinkState | undefined,
  ): Promise<StatefulSinkPartition<R, StoreSinkState>> {
    const { store, format } = this.#file
    const folder = new PartFolder(store, this.#prefix, forPart, format.extension)
    return openStorePartition(folder, this.#file, resumeState)
  }
}
