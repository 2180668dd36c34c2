import type { Row } from '../../contracts/index.ts'
import { jsonText } from '../../core/json.ts'
import { collectBytes } from '../../core/streams.ts'
import { type BucketOptions, parseObjectAddress } from '../address.ts'
import { byteSource, MAX_HELD_BYTES } from '../byte-source.ts'
import { type CliIo, print } from '../io.ts'
import { GZIP_NAME, type Kind, kindByName, type TextKind } from '../names.ts'
import { bytesBuffer, type ParquetFile, parquetFile, parquetHead } from '../parquet-file.ts'
import { textRecords, unpacked } from '../records.ts'
import { table } from '../table.ts'
import { usageError } from '../usage-error.ts'

export interface HeadOptions extends BucketOptions {
  readonly records: number
  readonly from?: Kind | undefined
}

/**
 * The first records of a CSV, NDJSON, JSON or Parquet object, gzip or not: as a table on a terminal, else as one line of
 * JSON each. Of a Parquet object only what holds those records is read.
 */
export async function head(argument: string, options: HeadOptions, io: CliIo): Promise<void> {
  const kind = options.from ?? kindByName(argument)
  if (kind === undefined) {
    throw usageError(
      argument === '-'
        ? 'the kind of standard input is unknown: add --from'
        : 'the name of the object does not say what it holds: add --from',
    )
  }
  const rows =
    kind === 'parquet' ? parquetRows(argument, options, io) : textRows(argument, kind, options, io)
  if (!io.stdout.isTTY) {
    for await (const row of rows) await print(io.stdout, `${jsonText(row)}\n`)
    return
  }
  const shown: Row[] = []
  for await (const row of rows) shown.push(row)
  await print(io.stdout, table(shown, io.stdout.columns ?? 80))
}

async function* textRows(
  argument: string,
  kind: TextKind,
  options: HeadOptions,
  io: CliIo,
): AsyncGenerator<Row, void, undefined> {
  const source = await (await byteSource(argument, io, options)).open()
  let left = options.records
  for await (const row of textRecords(source, kind)) {
    yield row
    if (--left === 0) return
  }
}

async function* parquetRows(
  argument: string,
  options: HeadOptions,
  io: CliIo,
): AsyncGenerator<Row, void, undefined> {
  const source = await byteSource(argument, io, options)
  const inParts = source.repeatable && !GZIP_NAME.test(argument)
  const file: ParquetFile = inParts
    ? await parquetFile(parseObjectAddress(argument), io, options)
    : bytesBuffer(await collectBytes(unpacked(await source.open()), MAX_HELD_BYTES))
  yield* await parquetHead(file, options.records)
}
