/**
 * A JSON array of records from a URL becomes Parquet files in a bucket:
 *
 *     bun examples/bun.ts URL BUCKET
 */
import { createSink, toWritable } from 'sluice'
import { parquet } from 'sluice/formats/parquet'
import { fromJsonArray } from 'sluice/inputs/json'
import { s3FromEnvironment } from 'sluice/node'

declare const Bun: { readonly argv: readonly string[] }

const [url = '', bucket = ''] = Bun.argv.slice(2)
const response = await fetch(url)
if (!response.ok) throw new Error(`${url} answered ${response.status}`)
const store = s3FromEnvironment({ bucket })
await using sink = createSink({ store, format: parquet() })
await response.body?.pipeThrough(fromJsonArray()).pipeTo(toWritable(sink))
const { files } = await sink.close()
for (const { key, records, bytes } of files) console.log(key, records, bytes)
