import type { CommittedFile } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { laneId } from '../../core/lane.ts'
import type { Change } from './entry.ts'
import { type Interval, type Intervals, overlaps, tile, withInterval } from './intervals.ts'
import type { ManifestFile } from './manifest.ts'
import { type ManifestState, standsFor } from './state.ts'

export interface CommitOptions {
  /** Files whose objects are in the store. One that was published before is skipped, so a commit may be made again. */
  readonly files: readonly CommittedFile[]
  /** The run that the files belong to. What the manifest names of that run by now is removed in the same entry. */
  readonly run?: string | undefined
  /** Keys that are named no longer from then on. With `files` that stand for them, all must still be named: else `conflict`. */
  readonly remove?: readonly string[] | undefined
}

/**
 * What a commit has to change in this state; `undefined` when nothing is left to do. Throws `conflict` when what the files stand for is
 * no longer named, and `fenced`, with the key, when their records were published by somebody else.
 */
export function changeOf(
  state: ManifestState,
  { files, run, remove = [] }: CommitOptions,
): Change | undefined {
  const add = files
    .filter((file) => !state.has(file))
    .map((file) => (run === undefined ? file : { ...file, run }))
  // One entry did all of it: what it removed beside the files is removed as well.
  if (files.length > 0 && add.length === 0) return undefined
  const named = remove.filter((key) => state.files.has(key))
  if (add.length > 0 && named.length < remove.length) throw gone(state, remove)
  checkDisjoint(add)
  for (const file of add) checkNew(state, file, named)
  const all = new Set([...named, ...filesOfRun(state, run, files)])
  if (add.length === 0 && all.size === 0) return undefined
  return { add, remove: [...all], forget: [] }
}

/**
 * What the run published before, without what it publishes now: of that a part may be named already, by itself, or, where a commit was
 * cut off and its files compacted meanwhile, by one that stands for it.
 */
function filesOfRun(
  state: ManifestState,
  run: string | undefined,
  files: readonly CommittedFile[],
): string[] {
  if (run === undefined) return []
  const known = files.filter((file) => state.has(file))
  const ids = new Set(known.map(({ id }) => id))
  return [...state.files.values()]
    .filter((file) => file.run === run && !ids.has(file.id))
    .filter((file) => !known.some((one) => standsFor(file, one)))
    .map(({ key }) => key)
}

function checkDisjoint(add: readonly ManifestFile[]): void {
  const lanes = new Map<string, Intervals>()
  const keys = new Set<string>()
  for (const { lane, begin, end, key } of add) {
    const word = laneId(lane)
    const before = lanes.get(word) ?? []
    if (keys.has(key) || overlaps(before, [begin, end])) {
      throw new SluiceError(
        'invalid-options',
        `"${key}" holds what another file of the commit does`,
        { key },
      )
    }
    keys.add(key)
    lanes.set(word, withInterval(before, [begin, end]))
  }
}

/** A position is published once, but for files that take the place of others with exactly their records. */
function checkNew(
  state: ManifestState,
  { lane, begin, end, key }: ManifestFile,
  removed: readonly string[],
): void {
  const word = laneId(lane)
  const range: Interval = [begin, end]
  const isTaken = state.files.has(key) || state.removed.has(key)
  if (!isTaken && !overlaps(state.added(lane), range)) return
  const pieces = removed
    .map((one) => state.files.get(one) as ManifestFile)
    .filter((piece) => laneId(piece.lane) === word && overlaps([[piece.begin, piece.end]], range))
    .map((piece): Interval => [piece.begin, piece.end])
  if (!isTaken && tile(pieces, range)) return
  throw new SluiceError(
    'fenced',
    `The manifest of "${state.stream}" has had records ${begin} to ${end} of "${key}" from another file; another writer uses the same shard`,
    { key },
  )
}

function gone(state: ManifestState, remove: readonly string[]): SluiceError {
  const key = remove.find((one) => !state.files.has(one))
  return new SluiceError(
    'conflict',
    `The manifest of "${state.stream}" names "${key}" no longer: somebody else has replaced or removed it`,
    { key, retryable: false },
  )
}
