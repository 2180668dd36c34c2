import type { Chunk, LogSession, PendingFile, Rows, UploadProgress } from '../../contracts/index.ts'
import { completedByHead } from '../../core/completed-by-head.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { ObjectUpload, sizeOfParts } from '../../core/object-upload.ts'
import { partPlan } from '../../core/part-plan.ts'
import { type ObjectWritten, PartsWriter } from '../../core/parts-writer.ts'
import { nextTurn } from '../../core/turn.ts'
import { withReceipts } from '../dead-letters/dead-letter.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { fileMetadata } from '../file-metadata.ts'
import { inferredSchema } from './inferred-schema.ts'
import { begunOf, KeptUpload } from './kept-upload.ts'
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
  const begun = begunOf(earlier)
  const schema = begun
    ? begun.schema
    : (to.schema ?? (await inferredSchema(read(file, session), to)))
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
  const writer = new PartsWriter(upload, encoder.headBytes, to.upload.spare)
  /** What the encoder gives again and the arrived parts have. */
  let doneBytes = Math.max(0, sizeOfParts(kept.arrived) - (from?.bytes ?? 0))
  const send = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const chunk of chunks) {
      const done = Math.min(doneBytes, chunk.byteLength)
      doneBytes -= done
      if (done < chunk.byteLength) await writer.write(chunk.subarray(done))
    }
  }
  try {
    if (earlier) await upload.begin()
    if (begun) await writer.write(begun.tail)
    kept.passed(encoder)
    let encoded = from?.rows ?? 0
    for await (const rows of read(file, session, from?.rows, begun)) {
      const chunks = [...(await encoder.write(rows))]
      encoded += rows.length
      // As the call has done whose parts may still be on their way.
      if (encoded === begun?.until) chunks.push(...((await encoder.pause?.()) ?? []))
      await send(chunks)
      // Nothing new is behind one that has given no bytes, and for some formats it is dear to ask.
      if (chunks.length > 0) kept.passed(encoder)
    }
    const { chunks, head } = await encoder.close()
    await send(chunks)
    if (doneBytes > 0) throw otherBytes(file, 'it has more bytes than the file')
    return await writer.close(head)
  } catch (error) {
    const ended = await upload.end(error, 'protocol')
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

/**
 * The file's rows but the first `skipped`, with a turn for everything else now and then: a log in memory never waits, and an
 * encoder seldom. The log no longer has those that a begun file has taken, and one batch ends with those that it was to take next.
 */
async function* read(
  file: PendingFile,
  session: LogSession<never>,
  skipped = 0,
  { rows: taken, until } = { rows: 0, until: 0 },
): AsyncGenerator<Rows<never>, void, undefined> {
  let position = file.begin + taken
  for await (const batch of session.read(file)) {
    let first = Math.max(position, file.begin + skipped)
    const rows = batch.slice(first - position)
    position += batch.length
    for (const piece of divided(rows, file.begin + until - first)) {
      yield isDeadLetter(file.lane)
        ? (withReceipts(file.lane, first, [...piece]) as never[])
        : piece
      first += piece.length
    }
    await nextTurn()
  }
}

/** The first `count`, and the others. */
function divided<R>(rows: Rows<R>, count: number): readonly Rows<R>[] {
  const pieces =
    count > 0 && count < rows.length ? [rows.slice(0, count), rows.slice(count)] : [rows]
  return pieces.filter(({ length }) => length > 0)
}
