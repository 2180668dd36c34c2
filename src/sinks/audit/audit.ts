import type { CallOptions, LanePosition, LaneRange, Source, Store } from '../../contracts/index.ts'
import { iterate } from '../../core/reading.ts'
import { checkWord } from '../check-word.ts'
import { isDeadLetter, originalLane } from '../dead-letters/lane.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { readManifest } from '../manifest/read-manifest.ts'
import { DEFAULT_NAME } from '../policy/name.ts'
import { Found, type FoundKeys } from './found.ts'
import { type AuditedLane, LaneTally } from './lane-tally.ts'
import { namePrefix } from './name-parser.ts'
import { type StreamObject, streamObjects } from './stream-objects.ts'

export type { Interval, Intervals } from '../manifest/intervals.ts'
export type { AuditedLane, FoundKeys }

export interface AuditOptions extends CallOptions {
  readonly store: Store
  readonly stream: string
  /** The sink's `name`. Default: the default one. Where it does not say which records a file holds, each file's metadata is asked. */
  readonly name?: string | undefined
  /** What the sink's log knows, its session's `positions()`: tells what is missing at a lane's end. Default: not asked. */
  readonly positions?: Source<LanePosition> | undefined
}

export interface AuditReport {
  /** Every record that the lanes number is in exactly one file that readers see, as far as the bucket can tell. */
  readonly ok: boolean
  /** The version of the manifest by which readers see files; `undefined` where they see what is listed. */
  readonly manifest: number | undefined
  readonly lanes: readonly AuditedLane[]
  /** Named by the manifest, and not in the bucket, or of another size. */
  readonly missing: FoundKeys
  /** Files of the stream that its manifest does not name: an upload that was not published, or is being published now. */
  readonly orphans: FoundKeys
  /**
   * Files that do not say where they end, since they were begun before that was known, and that no manifest names. Each is taken to hold what no
   * other file of its lane does, up to the next one or to where the lane is known to reach: what is missing right behind it is no gap.
   */
  readonly endless: FoundKeys
  /** Files that the manifest no longer names, kept for readers of an older list until `deleteRemoved`. */
  readonly removed: number
  /** Objects among the files that are none of the stream's. */
  readonly foreign: FoundKeys
  /** Keys of uploads that were begun and not ended; `undefined` where the store cannot list them. */
  readonly uploads: FoundKeys | undefined
}

/**
 * Holds a stream's files against the numbers of its records: each lane counts from 0, so what is missing in between, or there twice,
 * shows in the names alone. Dead letters are lanes like the others, replayed or not. Where the stream has a manifest, only what it names
 * counts as a file of records.
 *
 * Not seen: what is missing at a lane's end, unless `positions` or a manifest tells, or behind a file of `endless`, or a whole lane. Files that were deleted on purpose
 * are gaps. While a sink writes, a file that comes during the listing may show as one too: audit again. Of the bytes only a file's
 * size is looked at, and only where a manifest has it.
 *
 * Memory grows with the lanes and their gaps, and with the manifest's files.
 *
 * Errors: `invalid-options`, those of `readManifest`, and the store's.
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { store, stream, name = DEFAULT_NAME, positions, signal } = options
  checkWord('stream', stream)
  const manifest = await readManifest({ store, stream, signal })
  // Dead letters lie below the stream, whatever the name says.
  const prefixes = outermost([namePrefix(stream, name), `${stream}/`])
  const objects = streamObjects({ store, stream, name, prefixes, signal })
  const lanes = new LaneTally()
  const seen =
    manifest.version > 0
      ? await holdAgainst(manifest, objects, lanes, options)
      : await tallyListed(objects, lanes)
  if (positions) {
    for await (const { lane, committed } of iterate(positions)) lanes.reaches(lane, committed)
  }
  const audited = lanes.lanes()
  const isWhole = audited.every(({ gaps, overlaps }) => gaps.length + overlaps.length === 0)
  return {
    ok: isWhole && seen.missing.count === 0,
    lanes: audited,
    ...seen,
    uploads: await openUploads(store, prefixes, signal),
  }
}

type Seen = Omit<AuditReport, 'ok' | 'lanes' | 'uploads'>

/** Readers see what is listed. */
async function tallyListed(objects: AsyncIterable<StreamObject>, lanes: LaneTally): Promise<Seen> {
  const foreign = new Found()
  const endless = new Found()
  for await (const { object, range } of objects) {
    if (!range) foreign.add(object.key)
    else if (range.end !== undefined) tally({ ...range, end: range.end }, lanes)
    else {
      lanes.addEndless(range.lane, range.begin)
      endless.add(object.key)
    }
  }
  const none = new Found()
  return { manifest: undefined, missing: none, orphans: none, endless, removed: 0, foreign }
}

function tally(range: LaneRange, lanes: LaneTally): void {
  const lane = originalLane(range.lane)
  // Of a file of dead letters that is being moved, both may be there.
  const isMoved = lane !== range.lane && lanes.holds({ ...range, lane })
  if (!isMoved) lanes.add({ ...range, lane })
}

/** Readers see what the manifest names. Dead letters are listed everywhere. */
async function holdAgainst(
  manifest: Manifest,
  objects: AsyncIterable<StreamObject>,
  lanes: LaneTally,
  { store, stream, signal }: AuditOptions,
): Promise<Seen> {
  for (const file of manifest.files) lanes.add(file)
  for (const { lane, added } of manifest.lanes) {
    for (const [begin, end] of added) lanes.account({ lane, begin, end })
  }
  const unseen = new Map(manifest.files.map(({ key, bytes }) => [key, bytes]))
  const gone = new Set(manifest.removed.map(({ key }) => key))
  const foreign = new Found()
  const unnamed: string[] = []
  let removed = 0
  for await (const { object, range } of objects) {
    const { key, sizeBytes } = object
    if (unseen.get(key) === sizeBytes) unseen.delete(key)
    else if (gone.has(key)) removed++
    else if (!range) foreign.add(key)
    else if (isDeadLetter(range.lane) && range.end) tally({ ...range, end: range.end }, lanes)
    else if (!unseen.has(key)) unnamed.push(key)
  }
  const missing = new Found()
  const orphans = new Found()
  // The stream went on while it was listed: only what is still so is told.
  const after =
    unseen.size + unnamed.length > 0 ? await readManifest({ store, stream, signal }) : manifest
  const named = new Map(after.files.map(({ key, bytes }) => [key, bytes]))
  const goneByNow = new Set(after.removed.map(({ key }) => key))
  for (const key of unnamed) if (!named.has(key) && !goneByNow.has(key)) orphans.add(key)
  for (const key of unseen.keys()) {
    if (!named.has(key)) continue
    const found = await store.head(key, { signal })
    if (found?.sizeBytes !== named.get(key)) missing.add(key)
  }
  return { manifest: manifest.version, missing, orphans, endless: new Found(), removed, foreign }
}

async function openUploads(
  store: Store,
  prefixes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<FoundKeys | undefined> {
  if (!store.listMultipart) return undefined
  const uploads = new Found()
  for (const prefix of prefixes) {
    for await (const { key } of store.listMultipart(prefix, { signal })) uploads.add(key)
  }
  return uploads
}

/** Without those that lie within another. */
function outermost(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)].filter(
    (one, _, all) => !all.some((other) => other !== one && one.startsWith(other)),
  )
}
