/**
 * The package's own S3 server over a store in memory, in a process of its own. Its address goes to the process that started it; asked
 * by any message, it tells how many records lie in its Parquet files, and forgets them.
 */
import { parquetMetadata } from 'hyparquet'
import { memoryStore, type Store } from 'sluice'
import { s3Gateway } from 'sluice/http/s3-gateway'
import { fetchServer } from 'sluice/node'
import { CREDENTIALS } from './contenders.ts'

const buckets: Record<string, Store> = { bench: memoryStore() }
const server = await fetchServer(s3Gateway({ buckets, credentials: CREDENTIALS }))
process.once('disconnect', () => process.exit())
process.on('message', async () => {
  let records = 0
  const store = buckets.bench as Store
  for await (const entry of store.list()) {
    if (entry.kind !== 'object') continue
    const bytes = await (await store.get(entry.key))?.bytes()
    if (bytes) records += Number(parquetMetadata(bytes.buffer).num_rows)
  }
  buckets.bench = memoryStore()
  process.send?.(records)
})
process.send?.(server.url)
