import type { Clock, LogSession, OpenedEvent, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { type ManifestWriter, openManifest } from '../manifest/open-manifest.ts'
import { type Honoured, probeKey, tryCondition } from './probe.ts'

/** How files become visible. */
export interface Prepared {
  /** Whether an object is only created, and never replaced. */
  readonly createOnly: boolean
  /** Names the files of a stream that has one. */
  readonly manifest: Pick<ManifestWriter, 'commit'> | undefined
  readonly opened: Pick<OpenedEvent, 'design' | 'weaker'>
}

export interface PrepareOptions {
  readonly store: Store
  /** Whose owner writes the manifest under the shard's name. */
  readonly session: LogSession<never>
  readonly stream: string
  readonly shard: string
  /** Whether the store is tried, or taken at its word. */
  readonly probe: boolean
  readonly manifest: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Finds out what the store can promise, and takes over the stream's manifest where it has one.
 *
 * Errors, with a manifest: `fenced` for a store without conditions, which could make no promise to anybody; and those of
 * `openManifest`.
 */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { store, session, stream, shard, probe, clock, signal } = options
  const honoured =
    store.capabilities.conditionalPut &&
    (!probe || (await tryCondition(store, probeKey(stream), { clock, signal })))
  const createOnly = honoured !== false
  const weaker = weaknesses(store, honoured)
  if (!options.manifest) {
    const design = createOnly ? 'create-only' : 'overwrite'
    return { createOnly, manifest: undefined, opened: { design, weaker } }
  }
  if (!createOnly) {
    throw new SluiceError(
      'fenced',
      `The manifest of "${stream}" needs a store that honours conditions, and this one (${store.kind}) replaced an object that ` +
        'was to be only created',
    )
  }
  const manifest = await openManifest({
    store,
    stream,
    writer: shard,
    stillOwner: () => session.commit([]),
    clock,
    signal,
  })
  return { createOnly, manifest, opened: { design: 'manifest', weaker } }
}

/** What a user of this store does without. */
function weaknesses({ capabilities }: Store, honoured: Honoured): string[] {
  const { conditionalComplete, multipart, listUploads } = capabilities
  const weaker: string[] = []
  if (honoured === false) {
    weaker.push(
      'The store honours no conditions: a file is written again under its key after a crash, and an object that another writer ' +
        'of the same stream and shard has put there is replaced without notice',
    )
  } else if (multipart && !conditionalComplete) {
    weaker.push(
      'The completion of an upload takes no condition: the key is looked at just before, and an object that another writer of ' +
        'the same stream and shard puts there in between is replaced without notice',
    )
  }
  if (typeof honoured === 'object') {
    weaker.push(
      `Whether the store honours conditions could not be tried (${honoured.unknown}): it is taken at its word`,
    )
  }
  if (multipart && !listUploads) {
    weaker.push(
      'Open uploads cannot be listed: one that a crash leaves between its creation and the log stays until a lifecycle rule ends it',
    )
  }
  return weaker
}
