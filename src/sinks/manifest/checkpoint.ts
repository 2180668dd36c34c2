import type { Bytes, CallOptions, Store } from '../../contracts/index.ts'
import { compareKeys } from '../../core/keys.ts'
import { fileFields, MAX_CHECKPOINT_BYTES, manifestBytes, readManifestObject } from './json.ts'
import { checkpointKey, checkpointPrefix } from './keys.ts'
import { ManifestState } from './state.ts'

/**
 * Keeps the state, so that readers begin there. Only created: two writers of one number have the same state. A checkpoint only
 * shortens reading, so nothing depends on its being written: a state that is too large for one is left out.
 */
export async function writeCheckpoint(
  store: Store,
  state: ManifestState,
  { signal }: CallOptions,
): Promise<void> {
  const body = checkpointBytes(state)
  if (body.byteLength > MAX_CHECKPOINT_BYTES) return
  const key = checkpointKey(state.stream, state.version)
  await store
    .put(key, body, { ifNoneMatch: '*', contentType: 'application/json', signal })
    .catch(() => {})
}

function checkpointBytes(state: ManifestState): Bytes {
  const { version, files, lanes, removed } = state.snapshot()
  return manifestBytes({
    number: version,
    writers: [...state.epochs]
      .sort(([a], [b]) => compareKeys(a, b))
      .map(([name, epoch]) => ({ name, epoch })),
    lanes: lanes.map(({ lane: { partition, shard, schema }, added }) => ({
      partition,
      shard,
      schema,
      added,
    })),
    files: files.map(fileFields),
    removed: removed.map(({ key, id, version }) => ({ key, id, number: version })),
  })
}

/** The state of the newest checkpoint; of no entry at all when there is none. */
export async function readCheckpoint(
  store: Store,
  stream: string,
  { signal }: CallOptions,
): Promise<ManifestState> {
  const state = new ManifestState(stream)
  for await (const found of store.list({ prefix: checkpointPrefix(stream), signal })) {
    if (found.kind !== 'object') continue
    const fields = await readManifestObject(store, found.key, MAX_CHECKPOINT_BYTES, { signal })
    if (!fields) continue
    state.restoreVersion(fields.count('number'))
    for (const file of fields.objects('files')) state.restoreFile(file.file(stream))
    for (const lane of fields.objects('lanes')) {
      const names = ['partition', 'shard', 'schema'] as const
      const [partition, shard, schema] = names.map((name) => lane.text(name)) as [
        string,
        string,
        string,
      ]
      const added = lane.intervals('added')
      state.restoreLane({ lane: { stream, partition, shard, schema }, added })
    }
    for (const file of fields.objects('removed')) {
      const [key, id] = [file.text('key'), file.text('id')]
      state.restoreRemoved({ key, id, version: file.count('number') })
    }
    for (const writer of fields.objects('writers')) {
      state.restoreEpoch(writer.text('name'), writer.count('epoch'))
    }
    break
  }
  return state
}
