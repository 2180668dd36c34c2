import type {
  Chunk,
  LogSession,
  PendingFile,
  Row,
  Schema,
  UploadProgress,
} from '../../contracts/index.ts'
import { completedByHead } from '../../core/completed-by-head.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { ObjectUpload, sizeOfParts } from '../../core/object-upload.ts'
import { partPlan } from '../../core/part-plan.ts'
import { type ObjectWritten, PartsWriter } from '../../core/parts-writer.ts'
import { guidedInferrer } from '../../core/schemas/guided-inferrer.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { nextTurn } from '../../core/turn.ts'
import { withReceipts } from '../dead-letters/dead-letter.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { fileMetadata } from '../file-metadata.ts'
import { KeptUpload } from './kept-upload.ts'
import type { Publication } from './publication.ts'

/**
 * Encodes a sealed file from the log into its object, or the rest of it into the parts that are missing. An upload that the log
 * knows stays open when this fails; any other is aborted.
 */
export async function writeObject(
  file: PendingFile,
  earlier: UploadProgress | undefined,
  to: Publication,
): Promise<ObjectWritten> {
  const { session, format, signal, clock } = to
  const from = earlier?.checkpoint
  const schema = to.schema ?? (await inferred(file, to))
  const encoder = format.encoder({ schema, from })
  if (earlier && encoder.headBytes > 0) throw otherBytes(file, 'its first part is made last')
  const target = completedByHead(to.store)
  const plan = partPlan(file.key, target.capabilities, {
    partBytes: earlier?.partBytes ?? to.upload.partBytes,
  })
  const kept = new KeptUpload(plan, earlier, async (progress) => {
    // First, so that what the log could not be told of is ended, or gone on with, by the next attempt.
    to.onUpload(progress)
    await session.progress(file.id, progress)
  })
  const upload = new ObjectUpload(
    target,
    file.key,
    {
      contentType: format.contentType,
      metadata: fileMetadata(file),
      ...(to.createOnly && { ifNoneMatch: '*' as const }),
      concurrency: to.upload.concurrency,
      signal,
      clock,
    },
    plan,
    kept,
  )
  const writer = new PartsWriter(upload, encoder.headBytes)
  /** What the encoder gives again and the arrived parts have. */
  let doneBytes = sizeOfParts(kept.arrived) - (from?.bytes ?? 0)
  const send = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const chunk of chunks) {
      const done = Math.min(doneBytes, chunk.byteLength)
      doneBytes -= done
      if (done < chunk.byteLength) await writer.write(chunk.subarray(done))
    }
  }
  try {
    if (earlier) await upload.begin()
    kept.passed(encoder)
    for await (const rows of read(file, session, from?.rows)) {
      const chunks = await encoder.write(rows)
      await send(chunks)
      // Nothing new is behind one that has given no bytes, and for some formats it is dear to ask.
      if (chunks.length > 0) kept.passed(encoder)
    }
    const { chunks, head } = await encoder.close()
    await send(chunks)
    if (doneBytes > 0) throw otherBytes(file, 'it has more bytes than the file')
    return await writer.close(head)
  } catch (error) {
    const ended = await upload.end(error)
    // Whether the log's next owner has read of it, this one will never know.
    const isNobodys = !kept.survives() || (!kept.isKept && isSluiceError(ended, 'fenced'))
    if (isNobodys && isSluiceError(ended) && ended.uploadId !== undefined) {
      to.onUploadLeft({ key: file.key, uploadId: ended.uploadId })
    }
    throw ended
  }
}

function otherBytes({ key }: PendingFile, why: string): SluiceError {
  const message = `The upload of "${key}" cannot be gone on with: ${why}`
  return new SluiceError('not-supported', message, { key })
}

async function inferred(
  file: PendingFile,
  { session, format: { inference }, guide }: Publication,
): Promise<Schema> {
  const inferrer = guide ? guidedInferrer(guide, inference) : schemaInferrer(inference)
  for await (const rows of read(file, session)) inferrer.add(rows as readonly Row[])
  return inferrer.schema()
}

/**
 * The file's rows but the first `skipped`, with a turn for everything else now and then: a log in memory never waits, and an
 * encoder seldom.
 */
async function* read(
  file: PendingFile,
  session: LogSession<never>,
  skipped = 0,
): AsyncGenerator<readonly never[], void, undefined> {
  let position = file.begin
  const begin = file.begin + skipped
  for await (const batch of session.read(file)) {
    const rows = batch.slice(Math.max(0, begin - position))
    position += batch.length
    if (rows.length > 0) {
      const first = position - rows.length
      yield isDeadLetter(file.lane) ? (withReceipts(file.lane, first, rows) as never[]) : rows
    }
    await nextTurn()
  }
}
