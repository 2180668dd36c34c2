import type { Chunk, Encoder, Format, Row, Schema } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { schemaInferrer, textSchemaInferrer } from '../core/schemas/schema-inferrer.ts'
import { approximateBytes } from '../core/sizes.ts'
import { csv } from '../formats/csv.ts'
import { gzip } from '../formats/gzip.ts'
import { jsonl } from '../formats/jsonl.ts'
import { parquet } from '../formats/parquet/index.ts'
import type { TextKind } from './names.ts'
import { type Packed, textRecords } from './records.ts'

/** What `--format` takes. Parquet compresses its own pages, so it has no `.gz`. */
export const FORMATS: Readonly<Record<string, () => Format>> = {
  jsonl: () => jsonl(),
  csv: () => csv(),
  parquet: () => parquet(),
  'jsonl.gz': () => gzip(jsonl()),
  'csv.gz': () => gzip(csv()),
}

/** Enough for an encoder to work in one go, little enough to hold. */
const BATCH_BYTES = 256 * 1024

/**
 * The schema that every record fits, the types of CSV's texts included. CSV without a record has the columns of its
 * header. Reads the input once, to its end.
 */
export async function inferSchema(source: Packed, from: TextKind): Promise<Schema> {
  const inferrer = from === 'csv' ? textSchemaInferrer() : schemaInferrer()
  let columns: readonly string[] = []
  const onHeader = (names: readonly string[]): void => {
    columns = names
  }
  for await (const rows of batches(textRecords(source, from, { onHeader }))) {
    inferrer.add(rows)
    columns = []
  }
  // A record without values stands for the columns that nothing else is known of.
  if (columns.length > 0) inferrer.add([Object.fromEntries(columns.map((name) => [name, null]))])
  return inferrer.schema()
}

/** The chunks of a file with the input's records. All of them, or it throws: a record that the format refuses ends it. */
export async function* encoded(
  source: Packed,
  reading: { readonly from: TextKind; readonly schema: Schema },
  writing: { readonly format: Format; readonly encoder: Encoder },
): AsyncGenerator<Chunk, void, undefined> {
  const { format, encoder } = writing
  let number = 0
  for await (const rows of batches(textRecords(source, reading.from, reading))) {
    for (const row of rows) {
      number++
      const rejection = format.check(row)
      if (!rejection) continue
      throw new SluiceError(rejection.code, `Record ${number}: ${rejection.message}`)
    }
    yield* await encoder.write(rows)
  }
}

async function* batches(rows: AsyncIterable<Row>): AsyncGenerator<Row[], void, undefined> {
  let batch: Row[] = []
  let bytes = 0
  for await (const row of rows) {
    batch.push(row)
    bytes += approximateBytes(row)
    if (bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
