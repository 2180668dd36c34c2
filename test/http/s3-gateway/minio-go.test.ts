import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, cp, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { fetchServer } from '../../../src/node/fetch-server.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { CREDENTIALS } from './tools.ts'

/** The gateway in the hands of a client that signs each chunk over plain http, as the older SDKs do. */
const run = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const BUILD_MS = 240_000

let program = ''
let missing: string | undefined

/** The program, built once of what is pinned; or why there is none. */
async function build(): Promise<string> {
  const sources = await Promise.all(
    ['go.mod', 'go.sum', 'main.go'].map((name) => readFile(here(`minio-go/${name}`))),
  )
  const digest = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16)
  const folder = here(`../../.out/minio-go-${digest}`)
  const built = join(folder, 'minio-go.exe')
  if (
    await access(built).then(
      () => true,
      () => false,
    )
  )
    return built
  const go = (args: string[], cwd: string) => run('go', args, { cwd, timeout: BUILD_MS })
  await go(['version'], here('.')).catch(() => {
    throw new Error('go is not on the PATH')
  })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(here('minio-go'), folder, { recursive: true })
  try {
    await go(['build', '-o', `${built}.new`, '.'], folder)
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr || error).trim()
    throw new Error(`it cannot be built: ${said.split('\n').at(-1)}`)
  }
  await rename(`${built}.new`, built)
  return built
}

beforeAll(async () => {
  try {
    program = await build()
  } catch (error) {
    missing = `minio-go: ${(error as Error).message}`
    console.warn(`skipped: signed chunks through the gateway: ${missing}`)
  }
}, BUILD_MS + 10_000)

test('minio-go signs its chunks, and its trailers', { timeout: 60_000 }, async ({ skip }) => {
  skip(missing !== undefined, missing)
  const seen = new Set<string | null>()
  const gateway = s3Gateway({ buckets: { bucket: memoryStore() }, credentials: CREDENTIALS })
  const server = await fetchServer((request) => {
    if (request.method === 'PUT') seen.add(request.headers.get('x-amz-content-sha256'))
    return gateway(request)
  })
  try {
    await run(program, [], {
      timeout: 60_000,
      env: {
        ENDPOINT: server.url,
        BUCKET: 'bucket',
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        AWS_REGION: 'us-east-1',
      },
    })
  } finally {
    await server.close()
  }
  // What is empty has no chunks.
  expect(seen).toContain('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
  expect(seen).toContain('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER')
})
