import { createReadStream } from 'node:fs'
import type { Rejected, Row, Schema } from 'sluice'
import { httpSink } from 'sluice/client'
import { csvBatches, csvRows, type RecordBatch, textSchemaInferrer } from 'sluice/inputs/csv'
import { jsonArrayBatches, ndjsonBatches } from 'sluice/inputs/json'
import type { DataSet } from './data-sets.ts'

/** One request. */
const BATCH = { batchRecords: 5000, batchBytes: 4 * 1024 * 1024 }

/** A record that the sink answered for with a reason, and what it was as far as anybody could read it. */
export interface RejectedRecord extends Rejected {
  readonly record: Row | string
}

export interface SendOptions {
  readonly url: string
  readonly token: string
  /** Told how many records have been acknowledged. */
  readonly onProgress?: (acknowledged: number) => void
}

export interface Sent {
  readonly accepted: number
  readonly rejected: readonly RejectedRecord[]
  /** The keys of the files that the receipts name, dead letters included. */
  readonly files: readonly string[]
}

/** Streams a data set through the Worker and waits until every receipt says that its records are in a visible file. */
export async function send(dataSet: DataSet, options: SendOptions): Promise<Sent> {
  const { url, token, onProgress } = options
  await using sink = httpSink({ url, token, stream: dataSet.stream })
  const rejected: RejectedRecord[] = []
  let acknowledged = 0
  for await (const batch of await batchesOf(dataSet)) {
    const records = inOrder(batch)
    const ack = await sink.write(batch.rows, { refused: batch.refused })
    for (const one of ack.rejected) {
      const record = records[one.index]
      if (record === undefined) throw new Error('The sink rejected a record that was not sent')
      rejected.push({ ...one, index: acknowledged + one.index, record })
    }
    acknowledged += records.length
    onProgress?.(acknowledged)
  }
  const { accepted, files } = await sink.close()
  return { accepted, rejected, files: files.map(({ key }) => key) }
}

/** Every record of the batch in its place: a row, or the text of what could not be read as one. */
function inOrder({ rows, refused }: RecordBatch): (Row | string)[] {
  const records: (Row | string)[] = [...rows]
  for (const { index, raw } of refused) records.splice(index, 0, raw)
  return records
}

async function batchesOf({ path, kind }: DataSet): Promise<AsyncIterable<RecordBatch>> {
  switch (kind) {
    case 'json-array':
      return jsonArrayBatches(createReadStream(path), BATCH)
    case 'ndjson':
      return ndjsonBatches(createReadStream(path), BATCH)
    case 'csv':
      return csvBatches(createReadStream(path), { ...BATCH, schema: await csvSchema(path) })
  }
}

/** The types of a CSV file's columns, found by reading all of it once. */
async function csvSchema(path: string): Promise<Schema> {
  const inferrer = textSchemaInferrer()
  for await (const row of csvRows(createReadStream(path), { onReject: () => {} }))
    inferrer.add([row])
  const { fields } = inferrer.schema()
  return {
    // Records travel as JSON, which has no dates: they stay the text that they are.
    fields: fields.map((field) =>
      field.type === 'timestamp' ? { ...field, type: 'string' } : field,
    ),
  }
}
