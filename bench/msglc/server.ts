/**
 * `node bench/msglc/server.ts FOLDER LATENCY_MS`: the package's own S3 server over a folder, with latency before each answer, in a
 * process of its own. `GET /counts` tells how many other requests came, and the bytes of their bodies and of what they got. Its
 * address goes to the process that started it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { s3Gateway } from 'sluice/http/s3-gateway'
import { fetchServer, fsStore } from 'sluice/node'
import { BUCKET, CREDENTIALS } from './tasks.ts'

const [folder = '', latencyMs = ''] = process.argv.slice(2)
const gateway = s3Gateway({ buckets: { [BUCKET]: fsStore(folder) }, credentials: CREDENTIALS })
const counts = { requests: 0, bytes: 0 }

const server = await fetchServer(async (request) => {
  if (new URL(request.url).pathname === '/counts') return Response.json(counts)
  counts.requests++
  counts.bytes += lengthOf(request.headers)
  await delay(Number(latencyMs))
  const response = await gateway(request)
  if (request.method !== 'HEAD') counts.bytes += lengthOf(response.headers)
  return response
})
process.once('disconnect', () => process.exit())
process.send?.(server.url)

function lengthOf(headers: Headers): number {
  return Number(headers.get('content-length') ?? 0)
}
