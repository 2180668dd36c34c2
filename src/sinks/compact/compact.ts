import { nanoid } from 'nanoid'
import type {
  Awaitable,
  Bytes,
  CallOptions,
  Clock,
  Format,
  Lane,
  Row,
  Schema,
  SealedFile,
  Source,
  Store,
} from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { completedByHead } from '../../core/completed-by-head.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { objectWriter } from '../../core/object-writer.ts'
import type { ObjectWritten } from '../../core/parts-writer.ts'
import { iterate } from '../../core/reading.ts'
import { fingerprint } from '../../core/schemas/fingerprint.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { nextTurn } from '../../core/turn.ts'
import { fileMetadata } from '../file-metadata.ts'
import type { ManifestFile } from '../manifest/manifest.ts'
import { type ManifestWriter, openExistingManifest } from '../manifest/open-manifest.ts'
import { COMPACTED_NAME, nameTemplate } from '../policy/name.ts'
import { groupsOf } from './groups.ts'

export interface CompactOptions<R = Row> extends CallOptions {
  readonly store: Store
  /** One with a manifest, whose readers take the files from it. */
  readonly stream: string
  /** What the new files are written in. */
  readonly format: Format<R>
  /** The records of a file, in order. Its bytes are held while they are read. */
  readonly read: (bytes: Bytes, file: ManifestFile) => Awaitable<Source<R>>
  /** Whether nothing is to come to a lane any more. A lane that is still written may be compacted too, and again later. */
  readonly closed: (lane: Lane) => boolean
  /** Files are put together as long as they have no more bytes than this. Default 128 MiB. */
  readonly targetBytes?: number | undefined
  /**
   * The declared columns of the stream, now and before. A lane is told by their fingerprint, and left alone where they are not
   * given. Those of lanes without declared columns are inferred from the records, as the sink does.
   */
  readonly schemas?: readonly Schema[] | undefined
  readonly clock?: Clock | undefined
}

export interface Compacted {
  /** The new files. */
  readonly files: readonly ManifestFile[]
  /** How many files they stand for. Their objects stay until `deleteRemoved`. */
  readonly replaced: number
  /** Groups of files that somebody else replaced meanwhile. */
  readonly conflicts: number
}

const DEFAULT_TARGET_BYTES = 128 * 1024 * 1024

/** No shard has a space in it. */
const WRITER = 'sluice compact'

const nameOf = nameTemplate(COMPACTED_NAME)

/**
 * Makes few large files of many small ones: adjacent files of one lane become one with exactly their records, in their order. Each is
 * published by one entry that names it and names the others no longer, so a reader sees either. Dead letters stay as they are.
 *
 * Guaranteed: no record is lost or there twice, whoever else compacts, and wherever this is cut off: then a new object that nothing names
 * is all that is left behind, and the next call begins again. Holds one file's bytes, and what the format's encoder holds.
 *
 * Errors: `fenced` when another compaction of the stream has begun, `checksum-mismatch` when `read` gives another number of records
 * than the file has, `precondition-failed` for a file that was changed, `not-found` for one that is gone and for a stream without a manifest, what `read` throws,
 * those of `openManifest`, and the store's. What was compacted before stays.
 */
export async function compact<R extends object = Row>(
  options: CompactOptions<R>,
): Promise<Compacted> {
  const { store, stream, closed, targetBytes = DEFAULT_TARGET_BYTES, clock, signal } = options
  if (!(targetBytes > 0)) throw new SluiceError('invalid-options', 'targetBytes must be above 0')
  const schemas = new Map<string, Schema>()
  for (const schema of options.schemas ?? []) schemas.set(await fingerprint(schema), schema)
  const writer = await openExistingManifest({ store, stream, writer: WRITER, clock, signal })
  const candidates = writer.manifest.files.filter(
    ({ lane }) => (lane.schema === 'auto' || schemas.has(lane.schema)) && closed(lane),
  )
  const files: ManifestFile[] = []
  let replaced = 0
  let conflicts = 0
  for (const group of groupsOf(candidates, targetBytes)) {
    throwIfAborted(signal)
    const schema = schemas.get((group[0] as ManifestFile).lane.schema)
    const file = await replace(group, schema, writer, options)
    if (file) {
      files.push(file)
      replaced += group.length
    } else conflicts++
  }
  return { files, replaced, conflicts }
}

/** The file that stands for the group from now on; `undefined` when somebody else was first. */
async function replace<R extends object>(
  group: readonly ManifestFile[],
  declared: Schema | undefined,
  writer: ManifestWriter,
  options: CompactOptions<R>,
): Promise<ManifestFile | undefined> {
  const { store, signal } = options
  const sealed = sealedFor(group, options)
  const schema = declared ?? (await inferred(group, options))
  const { etag, bytes } = await write(group, sealed, schema, options)
  const file = { ...sealed, etag, bytes }
  try {
    await writer.commit({ files: [file], remove: group.map(({ key }) => key) })
    return file
  } catch (error) {
    // Of these it is known that nothing names the new object. After any other failure something may.
    const isOver = isSluiceError(error, 'conflict') || isSluiceError(error, 'fenced')
    if (!isOver || error.retryable) throw error
    await store.delete(file.key, { signal }).catch(() => {})
    if (error.code === 'fenced') throw error
    return undefined
  }
}

function sealedFor<R>(
  group: readonly ManifestFile[],
  { format, clock = systemClock }: CompactOptions<R>,
): SealedFile {
  const [first] = group as readonly [ManifestFile]
  const { lane, begin, run } = first
  const end = (group.at(-1) as ManifestFile).end
  const openedAtMs = Math.min(...group.map((file) => file.openedAtMs))
  const id = nanoid()
  return {
    id,
    key: nameOf({ lane, begin, end, id, openedAtMs, extension: format.extension }),
    lane,
    begin,
    end,
    reason: 'compact',
    openedAtMs,
    sealedAtMs: clock.now(),
    ...(run !== undefined && { run }),
  }
}

async function inferred<R extends object>(
  group: readonly ManifestFile[],
  options: CompactOptions<R>,
): Promise<Schema> {
  const inferrer = schemaInferrer(options.format.inference)
  for await (const rows of rowsOf(group, options)) inferrer.add(rows as readonly Row[])
  return inferrer.schema()
}

async function write<R extends object>(
  group: readonly ManifestFile[],
  file: SealedFile,
  schema: Schema,
  options: CompactOptions<R>,
): Promise<ObjectWritten> {
  const { store, format, clock, signal } = options
  const encoder = format.encoder({ schema })
  const writer = objectWriter(completedByHead(store), file.key, {
    contentType: format.contentType,
    metadata: fileMetadata(file),
    ifNoneMatch: '*',
    headBytes: encoder.headBytes,
    signal,
    clock,
  })
  try {
    for await (const rows of rowsOf(group, options)) {
      for (const chunk of await encoder.write(rows)) await writer.write(chunk)
    }
    const { chunks, head } = await encoder.close()
    for (const chunk of chunks) await writer.write(chunk)
    return await writer.close(head)
  } catch (error) {
    await writer.abort(error).catch(() => {})
    throw error
  }
}

/** Rows in one batch. */
const BATCH_ROWS = 4096

/** The records of the files, one file after the other; all that each has, or an error. */
async function* rowsOf<R>(
  group: readonly ManifestFile[],
  { store, read, signal }: CompactOptions<R>,
): AsyncGenerator<readonly R[], void, undefined> {
  for (const file of group) {
    const { key, etag, begin, end } = file
    const found = await store.get(key, { ifMatch: etag, signal })
    if (!found) throw new SluiceError('not-found', `"${key}" is gone from the store`, { key })
    let count = 0
    let batch: R[] = []
    for await (const row of iterate(await read(await found.bytes(), file))) {
      batch.push(row)
      count++
      if (batch.length < BATCH_ROWS) continue
      yield batch
      batch = []
      await nextTurn()
    }
    if (count !== end - begin) {
      throw new SluiceError(
        'checksum-mismatch',
        `"${key}" was read as ${count} records, and holds ${end - begin}`,
        { key, retryable: false },
      )
    }
    if (batch.length > 0) yield batch
  }
}
