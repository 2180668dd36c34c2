import type {
  Clock,
  CommittedFile,
  Format,
  LogSession,
  ObjectInfo,
  PendingFile,
  Row,
  Schema,
  Store,
  UploadProgress,
} from '../../contracts/index.ts'
import { completedByHead } from '../../core/completed-by-head.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { schemaInferrer } from '../../core/infer.ts'
import { laneId } from '../../core/lane.ts'
import { objectWriter } from '../../core/object-writer.ts'
import type { ObjectWritten } from '../../core/parts-writer.ts'
import { nextTurn } from '../../core/turn.ts'
import { withReceipts } from '../dead-letters/dead-letter.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'

/** Under these names an object says which file it is. */
const METADATA = {
  file: 'sluice-file',
  lane: 'sluice-lane',
  begin: 'sluice-begin',
  end: 'sluice-end',
} as const

export interface Publication {
  readonly store: Store
  readonly session: LogSession<never>
  readonly format: Format<never>
  /** Fixes the columns; else they are inferred from every record of the file. */
  readonly schema: Schema | undefined
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly partBytes: number
  readonly concurrency: number
  /** Told of the upload that is open for this file, and when there is none any more. */
  readonly onUpload: (upload: UploadProgress | undefined) => void
}

/**
 * Makes a sealed file visible under its key, once, however often this is called and whoever crashed before: the key and
 * the range were fixed when it was sealed, the object is only created, never replaced, and its metadata says whose it is.
 *
 * Where the store takes no conditions at all, the same key is written again with the same records instead.
 *
 * Errors: `fenced` when the key is somebody else's object; else the store's.
 */
export async function publish(file: PendingFile, to: Publication): Promise<CommittedFile> {
  await abortEarlier(file, to)
  try {
    const { etag, bytes } = await write(file, to)
    return committed(file, etag, bytes)
  } catch (error) {
    // An earlier attempt of ours may have won although we never heard of it.
    if (!isSluiceError(error, 'precondition-failed')) throw error
    const found = await to.store.head(file.key, { signal: to.signal })
    if (found && isOurs(found, file)) return committed(file, found.etag, found.sizeBytes)
    throw new SluiceError(
      'fenced',
      `"${file.key}" exists and is not this sink's file; another writer uses the same stream and shard`,
      { key: file.key, cause: error },
    )
  }
}

/** An upload that an earlier attempt left open: its parts are of no use without the encoder that made them. */
async function abortEarlier(file: PendingFile, to: Publication): Promise<void> {
  if (!file.upload) return
  try {
    await to.store.resumeMultipart?.(file.upload.token).abort({ signal: to.signal })
  } catch (error) {
    // Who may not abort may still publish: the bucket's lifecycle rule is left to clean up.
    if (isSluiceError(error) && error.retryable) throw error
  }
  await to.session.progress(file.id, undefined)
  to.onUpload(undefined)
}

async function write(file: PendingFile, to: Publication): Promise<ObjectWritten> {
  const { store, session, format, signal, clock, partBytes, concurrency } = to
  const encoder = format.encoder({ schema: to.schema ?? (await inferred(file, session)) })
  const writer = objectWriter(completedByHead(store), file.key, {
    contentType: format.contentType,
    metadata: {
      [METADATA.file]: file.id,
      [METADATA.lane]: laneId(file.lane),
      [METADATA.begin]: String(file.begin),
      [METADATA.end]: String(file.end),
    },
    ...(store.capabilities.conditionalPut && { ifNoneMatch: '*' as const }),
    headBytes: encoder.headBytes,
    onUpload: async (token) => {
      const upload = { token, partBytes: 0, parts: [] }
      to.onUpload(upload)
      await session.progress(file.id, upload)
    },
    partBytes,
    concurrency,
    signal,
    clock,
  })
  try {
    for await (const rows of read(file, session)) {
      for (const chunk of await encoder.write(rows)) await writer.write(chunk)
    }
    const { chunks, head } = await encoder.close()
    for (const chunk of chunks) await writer.write(chunk)
    return await writer.close(head)
  } catch (error) {
    // What cannot be aborted now is remembered, and aborted before the next attempt.
    await writer.abort(error).catch(() => {})
    throw error
  }
}

async function inferred(file: PendingFile, session: LogSession<never>): Promise<Schema> {
  const inferrer = schemaInferrer()
  for await (const rows of read(file, session)) inferrer.add(rows as readonly Row[])
  return inferrer.schema()
}

/** The file's rows, with a turn for everything else now and then: a log in memory never waits, and an encoder seldom. */
async function* read(
  file: PendingFile,
  session: LogSession<never>,
): AsyncGenerator<readonly never[], void, undefined> {
  let position = file.begin
  for await (const rows of session.read(file)) {
    yield isDeadLetter(file.lane) ? (withReceipts(file.lane, position, rows) as never[]) : rows
    position += rows.length
    await nextTurn()
  }
}

function isOurs(found: ObjectInfo, file: PendingFile): boolean {
  return found.metadata?.[METADATA.file] === file.id
}

function committed(file: PendingFile, etag: string, bytes: number): CommittedFile {
  const { id, lane, begin, end, key, reason, openedAtMs, sealedAtMs, run } = file
  return {
    ...{ id, lane, begin, end, key, reason, openedAtMs, sealedAtMs },
    ...(run !== undefined && { run }),
    etag,
    bytes,
  }
}
