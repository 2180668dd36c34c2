import type {
  CommittedFile,
  Format,
  LogSession,
  ObjectInfo,
  PendingFile,
  Row,
  Schema,
  Store,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { schemaInferrer } from '../core/infer.ts'
import { laneId } from '../core/lane.ts'
import { type ObjectWritten, objectWriter } from '../core/object-writer.ts'

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

/** An upload that an earlier process left open: its parts are of no use without the encoder that made them. */
async function abortEarlier(file: PendingFile, to: Publication): Promise<void> {
  if (!file.upload) return
  await to.store.resumeMultipart?.(file.upload).abort({ signal: to.signal })
  await to.session.progress(file.id, undefined)
}

async function write(file: PendingFile, to: Publication): Promise<ObjectWritten> {
  const { store, session, format, signal } = to
  const encoder = format.encoder({ schema: to.schema ?? (await inferred(file, session)) })
  await using writer = objectWriter(store, file.key, {
    contentType: format.contentType,
    metadata: {
      [METADATA.file]: file.id,
      [METADATA.lane]: laneId(file.lane),
      [METADATA.begin]: String(file.begin),
      [METADATA.end]: String(file.end),
    },
    ...(store.capabilities.conditionalPut && {
      ifNoneMatch: '*' as const,
      conditionFallback: 'head' as const,
    }),
    headBytes: encoder.headBytes,
    onUpload: (token) => session.progress(file.id, token),
    signal,
  })
  for await (const rows of session.read(file)) {
    for (const chunk of await encoder.write(rows)) await writer.write(chunk)
  }
  const { chunks, head } = await encoder.close()
  for (const chunk of chunks) await writer.write(chunk)
  return writer.close(head)
}

async function inferred(file: PendingFile, session: LogSession<never>): Promise<Schema> {
  const inferrer = schemaInferrer()
  for await (const rows of session.read(file)) inferrer.add(rows as readonly Row[])
  return inferrer.schema()
}

function isOurs(found: ObjectInfo, file: PendingFile): boolean {
  return found.metadata?.[METADATA.file] === file.id
}

function committed(file: PendingFile, etag: string, bytes: number): CommittedFile {
  const { upload: _, checkpoint: __, ...sealed } = file
  return { ...sealed, etag, bytes }
}
