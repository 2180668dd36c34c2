/**
 * A JSON array of records from a URL becomes Parquet files in a bucket:
 *
 *     node examples/node.ts URL BUCKET
 *
 * From Node 24 on. Older ones do not know `await using`, and get what a compiler makes of this file:
 *
 *     npx esbuild examples/node.ts --target=es2022 --outfile=node.mjs && node node.mjs URL BUCKET
 */
import { createSink, toWritable } from 'sluice'
import { parquet } from 'sluice/formats/parquet'
import { fromJsonArray } from 'sluice/inputs/json'
import { s3FromEnvironment } from 'sluice/node'

const [url = '', bucket = ''] = process.argv.slice(2)
const response = await fetch(url)
if (!response.ok) throw new Error(`${url} answered ${response.status}`)
const store = s3FromEnvironment({ bucket })
await using sink = createSink({ store, format: parquet() })
await response.body?.pipeThrough(fromJsonArray()).pipeTo(toWritable(sink))
const { files } = await sink.close()
for (const { key, records, bytes } of files) console.log(key, records, bytes)
