/**
 * `node serve.ts KIND`: one server for all runtimes. Prints a `ServedServer` as one line of JSON, and goes on until its standard
 * input ends, which it does when whoever started it is gone. A server that is not here is said to be `missing`.
 */
import { once } from 'node:events'
import process from 'node:process'
import { fetchServer } from '../../src/node/fetch-server.ts'
import {
  allowPages,
  type NewBucket,
  PROFILES,
  realServers,
  type ServerKind,
  startServer,
} from '../servers.ts'
import type { Cut } from './client-suite/tools.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import type { ServedServer } from './served-server.ts'

const kind = process.argv[2] as ServerKind
const missing = realServers().find((server) => server.kind === kind)?.missing
if (missing !== undefined) {
  process.stdout.write(`${JSON.stringify({ kind, missing })}\n`)
  process.exit()
}
const server = await startServer(kind)
// A signature names the host that it is for, which behind https is the one that the server knows itself by.
const proxy = server.endpoint.startsWith('https:')
  ? undefined
  : await startCuttingProxy(server.endpoint)
if (!proxy) console.error(`${kind} speaks https: the cases of answers that are cut are left out`)
const buckets = new Map<string, NewBucket>()

const PAGES = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, PUT, DELETE',
}

async function answer(request: Request): Promise<Response> {
  const [, what, bucket = ''] = new URL(request.url).pathname.split('/')
  const asked = `${request.method} ${what}`
  if (asked === 'POST buckets') {
    const made = await server.newBucket()
    await allowPages(server, made.bucket).catch((error) => {
      if (kind !== 'environment') throw error
      console.error(`Pages will not be let in: ${error}`)
    })
    buckets.set(made.bucket, made)
    return new Response(made.bucket, { headers: PAGES })
  }
  if (asked === 'DELETE buckets') {
    await buckets.get(bucket)?.remove()
    buckets.delete(bucket)
  } else if (asked === 'PUT cuts') {
    proxy?.cut(bucket, (await request.json()) as readonly Cut[])
  } else if (request.method !== 'OPTIONS') {
    return new Response(null, { status: 404 })
  }
  return new Response(null, { headers: PAGES })
}

const control = await fetchServer((request) =>
  answer(request).catch((error) => new Response(String(error), { status: 500, headers: PAGES })),
)
const { endpoint, region, accessKeyId, secretAccessKey } = server
const { capabilities, checksums, lacks, exceptions, clientExceptions } = PROFILES[kind]
const served: ServedServer = {
  // Somebody else's server may be one of those known here.
  kind: (kind === 'environment' && process.env.SLUICE_S3_KIND) || kind,
  ...{ endpoint, region, credentials: { accessKeyId, secretAccessKey } },
  ...{ capabilities, checksums, lacks, exceptions, clientExceptions },
  bucketsAtOnce: server.bucketsAtOnce,
  proxy: proxy?.url,
  control: control.url,
}
process.stdout.write(`${JSON.stringify(served)}\n`)

await once(process.stdin.resume(), 'end')
await control.close()
await proxy?.close()
await server.stop()
