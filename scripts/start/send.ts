import { createReadStream } from 'node:fs'
import type { Refused, Rejected, Row, Schema } from 'sluice'
import { httpSink } from 'sluice/client'
import { csvRows, textSchemaInferrer } from 'sluice/inputs/csv'
import { jsonArrayRows, ndjsonRows } from 'sluice/inputs/json'
import type { DataSet } from './data-sets.ts'

/** Records in one request. */
const BATCH = 5000

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
  let batch: (Row | Refused)[] = []
  let isRefused: boolean[] = []
  let acknowledged = 0

  const post = async (): Promise<void> => {
    const records = batch
    const refused = records.flatMap((record, index) =>
      isRefused[index] ? [{ ...(record as Refused), index }] : [],
    )
    const rows = records.filter((_, index) => !isRefused[index]) as Row[]
    batch = []
    isRefused = []
    const ack = await sink.write(rows, { refused })
    for (const one of ack.rejected) {
      const record = records[one.index]
      if (record === undefined) throw new Error('The sink rejected a record that was not sent')
      const raw = refused.find(({ index }) => index === one.index)?.raw
      rejected.push({ ...one, index: acknowledged + one.index, record: raw ?? (record as Row) })
    }
    acknowledged += records.length
    onProgress?.(acknowledged)
  }

  const onReject = (refused: Refused): void => {
    batch.push(refused)
    isRefused.push(true)
  }
  for await (const row of await rowsOf(dataSet, onReject)) {
    batch.push(row)
    isRefused.push(false)
    if (batch.length >= BATCH) await post()
  }
  if (batch.length > 0) await post()
  const { accepted, files } = await sink.close()
  return { accepted, rejected, files: files.map(({ key }) => key) }
}

async function rowsOf(
  { path, kind }: DataSet,
  onReject: (refused: Refused) => void,
): Promise<AsyncIterable<Row>> {
  switch (kind) {
    case 'json-array':
      return jsonArrayRows(createReadStream(path), { onReject })
    case 'ndjson':
      return ndjsonRows(createReadStream(path), { onReject })
    case 'csv':
      return csvRows(createReadStream(path), { onReject, schema: await csvSchema(path) })
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
