import type { CallOptions, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { readCheckpoint } from './checkpoint.ts'
import { readEntry } from './entry.ts'
import { entryKey, entryNumber, manifestPrefix } from './keys.ts'
import type { Manifest } from './manifest.ts'
import type { ManifestState } from './state.ts'

export interface ReadManifestOptions extends CallOptions {
  readonly store: Store
  readonly stream: string
}

/**
 * The stream's files as of the last entry: those of a commit are all there or none, and no file is there that was replaced. Reads the
 * newest checkpoint and the entries since, 100 or so. Of a stream without a manifest: no files, and version 0.
 *
 * Not guaranteed: that an object is still there when it is read long after this. Whoever calls `deleteRemoved` gives readers time.
 *
 * Errors: `protocol` for a damaged entry or one that is missing, `too-large`, `not-supported` for what a later version of Sluice
 * wrote; and the store's.
 */
export async function readManifest(options: ReadManifestOptions): Promise<Manifest> {
  return (await loadManifest(options)).snapshot()
}

/** The same, for whoever goes on from there. */
export async function loadManifest(options: ReadManifestOptions): Promise<ManifestState> {
  const state = await readCheckpoint(options.store, options.stream, options)
  await follow(options.store, state, options)
  return state
}

/** Entries that are read at once: each may be large. */
const AT_ONCE = 4

/** Brings the state up to the last entry there is. */
async function follow(store: Store, state: ManifestState, { signal }: CallOptions): Promise<void> {
  const { stream } = state
  let last = state.version
  const wanted: number[] = []
  const take = async (): Promise<void> => {
    const numbers = wanted.splice(0)
    const entries = await Promise.all(
      numbers.map((number) => readEntry(store, stream, number, { signal })),
    )
    for (const [i, entry] of entries.entries()) {
      if (!entry) throw missing(entryKey(stream, numbers[i] as number))
      state.apply(entry)
    }
  }
  const listing = store.list({
    prefix: manifestPrefix(stream),
    // Folds the checkpoints into one.
    delimiter: '/',
    ...(last > 0 && { startAfter: entryKey(stream, last) }),
    signal,
  })
  for await (const found of listing) {
    const number = found.kind === 'object' ? entryNumber(stream, found.key) : undefined
    if (number === undefined) continue
    // A listing may pass a number just before its entry is written, and then see the next one.
    while (last < number) {
      wanted.push(++last)
      if (wanted.length === AT_ONCE) await take()
    }
  }
  await take()
}

function missing(key: string): SluiceError {
  return new SluiceError('protocol', `The manifest's entry "${key}" is missing`, { key })
}
