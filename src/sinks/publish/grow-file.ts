import type {
  BegunFile,
  BegunUpload,
  Chunk,
  LaneState,
  MultipartUpload,
  Rows,
  Schema,
} from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { ObjectUpload, type Resumption } from '../../core/object-upload.ts'
import { partPlan } from '../../core/part-plan.ts'
import { PartsWriter } from '../../core/parts-writer.ts'
import { nextTurn } from '../../core/turn.ts'
import { fileMetadata } from '../file-metadata.ts'
import { inferredSchema } from './inferred-schema.ts'
import type { Publication } from './publication.ts'

/** What it takes to write a file before it is sealed. */
export interface Growth
  extends Pick<
    Publication,
    'store' | 'format' | 'schema' | 'guide' | 'upload' | 'signal' | 'clock'
  > {
  /** The lane's open rows that the file does not have yet; may be asked again. */
  readonly rows: () => AsyncIterable<Rows<never>>
}

/**
 * Encodes what is open of the lane up to its `end` into the file that it goes into, and sends whole parts. The file is neither ended nor visible: `writeObject` does
 * that, or the next call goes on, from what this answers. What fails is made again from where the last call has ended, by parts of the same numbers.
 *
 * Errors: `not-supported` where the format cannot be gone on with, and nothing was sent; the store's.
 */
export async function growFile(
  { lane, begin, end, begun }: LaneState,
  { id, key }: Pick<BegunFile, 'id' | 'key'>,
  to: Growth,
): Promise<BegunFile> {
  const { store, format, signal, clock } = to
  const before = begun?.upload
  const from = before?.checkpoint
  const schema = before ? before.begun.schema : await columnsOf(to)
  const encoder = format.encoder({ schema, from })
  if (!encoder.checkpoint || encoder.headBytes > 0) throw cannotGrow(key)
  const { concurrency } = to.upload
  const { partBytes } = before ?? to.upload
  const plan = partPlan(key, store.capabilities, { partBytes })
  const { contentType } = format
  const metadata = fileMetadata({ id, lane, begin })
  const options = { contentType, metadata, concurrency, signal, clock }
  const upload = new ObjectUpload(store, key, options, plan, goneOnWith(before))
  const writer = new PartsWriter(upload, 0, to.upload.spare)
  const send = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const chunk of chunks) await writer.write(chunk)
  }
  try {
    await upload.begin()
    if (before) await writer.write(before.begun.tail)
    for await (const rows of to.rows()) {
      await send(await encoder.write(rows))
      await nextTurn()
    }
    await send((await encoder.pause?.()) ?? [])
    const checkpoint = encoder.checkpoint()
    const rows = end - begin
    if (checkpoint?.rows !== rows) throw cannotGrow(key)
    const { token, parts } = await upload.sent()
    const taken = { rows, until: rows, schema, tail: writer.leaveRest() }
    return {
      id,
      key,
      upload: { token, partBytes: plan.partBytes, parts, checkpoint, begun: taken },
    }
  } catch (error) {
    throw await upload.end(error, 'protocol')
  }
}

/** All nullable: what comes later may lack them. */
async function columnsOf(to: Growth): Promise<Schema | undefined> {
  if (to.schema || to.format.takesAnyKeys) return to.schema
  const { fields } = await inferredSchema(to.rows(), to)
  return { fields: fields.map((field) => ({ ...field, nullable: true })) }
}

/** One that fails stays open only where records are in it. */
function goneOnWith(before: BegunUpload | undefined): Resumption {
  return {
    token: before?.token,
    arrived: before?.parts ?? [],
    open: async () => {},
    putPart: (upload: MultipartUpload, partNumber, body, signal) =>
      upload.putPart(partNumber, body, { signal }),
    checkEnd() {},
    survives: () => before !== undefined,
  }
}

function cannotGrow(key: string): SluiceError {
  const message = `"${key}" cannot be begun before its last record is known: its format cannot be gone on with`
  return new SluiceError('not-supported', message, { key })
}
