import type { Format } from '../../contracts/index.ts'
import { type Address, addressText, type BucketOptions, parseObjectAddress } from '../address.ts'
import { type ByteSource, byteSource } from '../byte-source.ts'
import { byteTarget } from '../byte-target.ts'
import { encoded, FORMATS, inferSchema } from '../convert.ts'
import type { CliIo } from '../io.ts'
import { withProgress } from '../progress.ts'
import { kindByName, type TextKind } from '../records.ts'
import { spool } from '../spool.ts'
import { usageError } from '../usage-error.ts'

export interface PutOptions extends BucketOptions {
  readonly format?: string | undefined
  readonly from?: TextKind | undefined
}

/**
 * Writes one object, whole or not at all: the bytes as they are, or, with a format, the records that they hold. What was
 * there before is replaced when the last byte has arrived. An interruption aborts the upload.
 */
export async function put(from: string, to: string, options: PutOptions, io: CliIo): Promise<void> {
  const target = parseObjectAddress(to)
  if (options.format === undefined) {
    if (options.from) throw usageError('--from says how records are read: it goes with --format')
    await copyBytes(await byteSource(from, io, options), target, options, io)
    return
  }
  const format = (FORMATS[options.format] as () => Format)()
  const kind = options.from ?? textKind(from)
  const source = await byteSource(from, io, options)
  if (source.repeatable) {
    await convert(source, { kind, format, target, options, io })
    return
  }
  // The columns are only known behind the last record, and memory is no place for a pipe of any length.
  await using kept = await spool(source, io.signal)
  await convert(kept, { kind, format, target, options, io })
}

function textKind(from: string): TextKind {
  if (from === '-') throw usageError('--format needs to know what standard input is: add --from')
  const kind = kindByName(from)
  if (kind === undefined) {
    throw usageError('the name of the file does not say what it holds: add --from')
  }
  if (kind === 'parquet') {
    throw usageError('records are read from CSV, NDJSON and JSON, not from Parquet')
  }
  return kind
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

interface Conversion {
  readonly kind: TextKind
  readonly format: Format
  readonly target: Address
  readonly options: BucketOptions
  readonly io: CliIo
}

/** Reads the source twice: for the columns, and for the records. */
async function convert(source: ByteSource, conversion: Conversion): Promise<void> {
  const { kind, format, target, options, io } = conversion
  const schema = await inferSchema((await source.open()).body, kind)
  const encoder = format.encoder({ schema })
  const { contentType } = format
  const { headBytes } = encoder
  await using writer = await byteTarget(target, { contentType, headBytes }, io, options)
  const { body, sizeBytes } = await source.open()
  const shown = withProgress(body, { io, label: addressText(target), totalBytes: sizeBytes })
  for await (const chunk of encoded(shown, { from: kind, schema }, { format, encoder })) {
    await writer.write(chunk)
  }
  const { chunks, head } = await encoder.close()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close(head)
}
