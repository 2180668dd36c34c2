import { nanoid } from 'nanoid'
import type { Clock, SealedFile, Store } from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { SluiceError } from '../../core/errors.ts'
import { limiter } from '../../core/limiter.ts'
import { retry } from '../../core/retry.ts'
import { type CommitOptions, changeOf } from './change.ts'
import { writeCheckpoint } from './checkpoint.ts'
import { type Change, type Entry, entryBytes, readEntry } from './entry.ts'
import { CHECKPOINT_EVERY, entryKey } from './keys.ts'
import type { Manifest } from './manifest.ts'
import { loadManifest } from './read-manifest.ts'
import type { ManifestState } from './state.ts'

export interface OpenManifestOptions {
  /** Its `put` must honour conditions. */
  readonly store: Store
  readonly stream: string
  /**
   * Who writes, 1 to 200 characters: a sink's shard, say. Opening under the same name fences the one before out; writers of different
   * names write side by side.
   */
  readonly writer: string
  /**
   * Rejects when the opener is no longer the one who may write under this name: the owner of a log, say, that has lost it. Asked between
   * each reading of the manifest and the entry that takes the next number, so one who was overtaken never fences the one who did.
   */
  readonly stillOwner?: (() => Promise<void>) | undefined
  readonly clock?: Clock | undefined
  /** Ends the opening, and every later call. */
  readonly signal?: AbortSignal | undefined
}

/** The right to publish files in a stream's manifest, until somebody else opens it under the same name. */
export interface ManifestWriter {
  /** The manifest as this writer knows it: with its own commits, and with those of others up to its last one. */
  readonly manifest: Manifest
  /** Whether the file was published, as far as this writer knows: by itself, or as a part of one that stands for it. */
  has(file: SealedFile): boolean
  /**
   * Publishes the files, and removes others, in one entry: readers see all of it or nothing. May be made again after any failure: what
   * was published before is skipped. A run is one writer's: two that publish under one `run` replace each other's files.
   *
   * Errors: `fenced` when another process has opened the manifest as this writer, or, with a `key`, when that file's records were
   * published by another file; `conflict`, not retryable, when the files stand for some that are no longer named; `too-large` for
   * more files than an entry can hold (some 40,000); `invalid-options` for files that overlap. After these nothing was published.
   * After the store's own errors it may have been.
   */
  commit(options: CommitOptions): Promise<void>
}

/**
 * Takes over the writing of a stream's manifest under a name: a log of numbered entries, `{stream}/_log/{number}.json`, each of which is
 * created once and never changed. Any number of writers may write at once: one that comes second takes what the first one wrote, and
 * writes the next number.
 *
 * Guaranteed: no number is left out; of what is committed nothing is lost and nothing there twice; a writer that was fenced
 * commits nothing more, whatever was on its way.
 *
 * Not guaranteed: anything when entries are deleted or changed by others: keep lifecycle rules off `_log/`. The writer holds the list of
 * the stream's files, a few hundred bytes for each.
 *
 * Errors: `not-supported` for a store without conditional writes; `invalid-options`; and those of `stillOwner` and `readManifest`.
 */
export async function openManifest(options: OpenManifestOptions): Promise<ManifestWriter> {
  return openManifestLog(options)
}

export async function openManifestLog(options: OpenManifestOptions): Promise<ManifestLog> {
  const log = await loadedLog(options)
  await log.fence()
  return log
}

/**
 * For who changes what is there: `not-found` for a stream without a manifest, which would have one from then on, and name none of its
 * files.
 */
export async function openExistingManifest(options: OpenManifestOptions): Promise<ManifestLog> {
  const log = await loadedLog(options)
  if (log.manifest.version === 0) {
    throw new SluiceError('not-found', `The stream "${options.stream}" has no manifest`)
  }
  await log.fence()
  return log
}

async function loadedLog(options: OpenManifestOptions): Promise<ManifestLog> {
  const { store, stream, writer, signal } = options
  if (writer === '' || writer.length > 200) {
    throw new SluiceError('invalid-options', 'The writer of a manifest has 1 to 200 characters')
  }
  if (!store.capabilities.conditionalPut) {
    throw new SluiceError(
      'not-supported',
      `A manifest needs conditional writes, which this store (${store.kind}) does not have`,
    )
  }
  return new ManifestLog(options, await loadManifest({ store, stream, signal }))
}

/** After so many entries of others in a row it is quicker to read the newest checkpoint. */
const READ_ANEW_AFTER = 10

/** A `ManifestWriter`, and what only this room calls. */
export class ManifestLog implements ManifestWriter {
  readonly #options: OpenManifestOptions
  readonly #turn = limiter(1)
  #state: ManifestState
  #epoch = 0

  constructor(options: OpenManifestOptions, state: ManifestState) {
    this.#options = options
    this.#state = state
  }

  get manifest(): Manifest {
    return this.#state.snapshot()
  }

  has(file: SealedFile): boolean {
    return this.#state.has(file)
  }

  async commit(options: CommitOptions): Promise<void> {
    await this.change((state) => changeOf(state, options))
  }

  /** Raises the epoch. An entry of an older one that is on its way comes before this, and is seen, or never. */
  async fence(): Promise<Entry> {
    const { writer, stillOwner } = this.#options
    const entry = await this.#append(
      (state) => ({
        add: [],
        remove: [],
        forget: [],
        epoch: (state.epochs.get(writer) ?? 0) + 1,
      }),
      stillOwner,
    )
    this.#epoch = (entry as Entry).epoch
    return entry as Entry
  }

  /** One entry with what `make` finds to be changed in the state that the entry follows. */
  async change(make: (state: ManifestState) => Change | undefined): Promise<void> {
    const { writer, stream } = this.#options
    await this.#append((state) => {
      if (state.epochs.get(writer) !== this.#epoch) {
        throw new SluiceError(
          'fenced',
          `Another process has opened the manifest of "${stream}" as "${writer}"`,
        )
      }
      const change = make(state)
      return change && { ...change, epoch: this.#epoch }
    })
  }

  #append(
    make: (state: ManifestState) => (Change & { readonly epoch: number }) | undefined,
    mayStill?: () => Promise<void>,
  ): Promise<Entry | undefined> {
    return this.#turn(async () => {
      const { store, stream, writer, signal } = this.#options
      // The same for every number that is tried: whichever answer is lost, the entry is known by it.
      const id = nanoid()
      for (let others = 1; ; others++) {
        // Whoever takes over after this answer finds the number taken, or takes it: then this one is asked again.
        await mayStill?.()
        const made = make(this.#state)
        if (!made) return undefined
        const number = this.#state.version + 1
        const own = { ...made, number, id, writer }
        const found = await this.#create(own)
        this.#state.apply(found)
        if (found.id === id) {
          if (number % CHECKPOINT_EVERY === 0) await writeCheckpoint(store, this.#state, { signal })
          return found
        }
        if (others % READ_ANEW_AFTER === 0) {
          this.#state = await loadManifest({ store, stream, signal })
        }
      }
    })
  }

  /** The entry that stands under the number in the end, ours or another's. */
  #create(entry: Entry): Promise<Entry> {
    const { store, stream, clock = systemClock, signal } = this.#options
    const key = entryKey(stream, entry.number)
    const body = entryBytes(entry)
    return retry(
      async () => {
        try {
          await store.put(key, body, {
            ifNoneMatch: '*',
            contentType: 'application/json',
            signal,
          })
          return entry
        } catch (error) {
          // Refused, or perhaps taken and never answered: what is there tells.
          const found = await readEntry(store, stream, entry.number, { signal })
          if (found) return found
          throw error
        }
      },
      { clock, signal },
    )
  }
}
