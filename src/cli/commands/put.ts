import { type Address, addressText, type BucketOptions, parseObjectAddress } from '../address.ts'
import { type ByteSource, byteSource } from '../byte-source.ts'
import { byteTarget } from '../byte-target.ts'
import { type Conversion, type ConversionOptions, conversionOf } from '../conversion.ts'
import { encoded, inferSchema } from '../convert.ts'
import type { CliIo } from '../io.ts'
import { withProgress } from '../progress.ts'
import { spool } from '../spool.ts'

export interface PutOptions extends BucketOptions, ConversionOptions {}

/**
 * Writes one object, whole or not at all: the bytes as they are, or, as `conversionOf` has it, the records that they hold
 * in another format. What was there before is replaced when the last byte has arrived. An interruption aborts the upload.
 */
export async function put(from: string, to: string, options: PutOptions, io: CliIo): Promise<void> {
  const target = parseObjectAddress(to)
  const conversion = conversionOf(from, to, options)
  const source = await byteSource(from, io, options)
  if (!conversion) {
    await copyBytes(source, target, options, io)
    return
  }
  if (source.repeatable) {
    await convert(source, { ...conversion, target, options, io })
    return
  }
  // The columns are only known behind the last record, and memory is no place for a pipe of any length.
  await using kept = await spool(source, io.signal)
  await convert(kept, { ...conversion, target, options, io })
}

async function copyBytes(
  source: ByteSource,
  target: Address,
  options: BucketOptions,
  io: CliIo,
): Promise<void> {
  const { body, sizeBytes } = await source.open()
  await using writer = await byteTarget(target, {}, io, options)
  const label = addressText(target)
  for await (const chunk of withProgress(body, { io, label, totalBytes: sizeBytes })) {
    await writer.write(chunk)
  }
  await writer.close()
}

interface Task extends Conversion {
  readonly target: Address
  readonly options: BucketOptions
  readonly io: CliIo
}

/** Reads the source twice: for the columns, and for the records. */
async function convert(source: ByteSource, task: Task): Promise<void> {
  const { kind, format, target, options, io } = task
  const schema = await inferSchema(await source.open(), kind)
  const encoder = format.encoder({ schema })
  const { contentType } = format
  const { headBytes } = encoder
  await using writer = await byteTarget(target, { contentType, headBytes }, io, options)
  const { sizeBytes, ...packed } = await source.open()
  const label = addressText(target)
  const body = withProgress(packed.body, { io, label, totalBytes: sizeBytes })
  for await (const chunk of encoded(
    { ...packed, body },
    { from: kind, schema },
    { format, encoder },
  )) {
    await writer.write(chunk)
  }
  const { chunks, head } = await encoder.close()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close(head)
}
