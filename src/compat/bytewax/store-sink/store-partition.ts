import { SluiceError } from '../../../core/errors.ts'
import type { StatefulSinkPartition } from '../outputs.ts'
import { EpochFile, type EpochFileOptions } from './epoch-file.ts'
import type { Leftovers, PartFolder } from './part-folder.ts'
import { type PreparedFile, publishFile } from './prepared-file.ts'

/** Where a partition of a `StoreSink` is. */
export interface StoreSinkState {
  /** How many records it has, which is the position of the next one. */
  readonly end: number
  /** The file with the last of them, where it may not be visible yet. */
  readonly file: PreparedFile | undefined
}

/** Builds a partition: makes visible what its state says, and finds all else that is behind it, to be dropped. */
export async function openStorePartition<R>(
  folder: PartFolder,
  options: EpochFileOptions<R>,
  state: StoreSinkState | undefined,
): Promise<StatefulSinkPartition<R, StoreSinkState>> {
  if (state !== undefined) checkState(state, folder)
  if (state?.file) await publishFile(options.store, state.file, options.clock)
  if (!state) await folder.refuseFiles()
  const end = state?.end ?? 0
  return new StorePartition(folder, options, end, await folder.leftFrom(end))
}

/** That of another kind of sink, such as a place in a file, would be taken for the beginning, and everything be dropped. */
function checkState(state: unknown, folder: PartFolder): void {
  const { end, file } = (state ?? {}) as Partial<StoreSinkState>
  const isPosition = Number.isSafeInteger(end) && (end as number) >= 0
  if (isPosition && (file === undefined || folder.holds(file.token?.key))) return
  const message = `The snapshot of "${folder.path}" is none of a StoreSink that writes there`
  throw new SluiceError('invalid-options', message)
}

class StorePartition<R> implements StatefulSinkPartition<R, StoreSinkState> {
  readonly #folder: PartFolder
  readonly #options: EpochFileOptions<R>
  #end: number
  #left: Leftovers | undefined
  #open: EpochFile<R> | undefined
  #prepared: PreparedFile | undefined

  constructor(folder: PartFolder, options: EpochFileOptions<R>, end: number, left: Leftovers) {
    this.#folder = folder
    this.#options = options
    this.#end = end
    this.#left = left
  }

  async writeBatch(rows: readonly R[]): Promise<void> {
    for (const row of rows) {
      const rejection = this.#options.format.check(row)
      if (rejection) throw new SluiceError(rejection.code, rejection.message)
    }
    if (rows.length === 0) return
    this.#open ??= new EpochFile(this.#folder.keyOf(this.#end), this.#options)
    await this.#open.write(rows)
    this.#end += rows.length
  }

  async snapshot(): Promise<StoreSinkState> {
    if (this.#open) {
      this.#prepared = await this.#open.prepare()
      this.#open = undefined
    }
    return { end: this.#end, file: this.#prepared }
  }

  async committed(): Promise<void> {
    // The snapshot was kept, so whoever ran before is fenced, and what was found at the building is of nobody else.
    if (this.#left) await this.#folder.drop(this.#left)
    this.#left = undefined
    if (this.#prepared) await publishFile(this.#options.store, this.#prepared, this.#options.clock)
    this.#prepared = undefined
  }
}
