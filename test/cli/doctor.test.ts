import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { environmentOf, sluice } from './tools.ts'

const running: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})

async function gateway(store: Store, origins?: readonly string[]): Promise<TestServer> {
  const server = await startGateway(store, origins)
  running.push(() => server.stop())
  return server
}

async function leftIn(store: Store): Promise<unknown[]> {
  const left: unknown[] = []
  for await (const entry of store.list()) left.push(entry)
  for await (const upload of store.listMultipart?.('') ?? []) left.push(upload)
  return left
}

/** What each check said: its word by its name. */
function words(stdout: string): Record<string, string> {
  const lines = stdout.trimEnd().split('\n')
  return Object.fromEntries(
    lines.map((line) => [line.slice(6, 28).trim(), line.slice(0, 4).trim()]),
  )
}

const ALL_WELL = {
  credentials: 'ok',
  bucket: 'ok',
  clock: 'ok',
  region: 'ok',
  etag: 'ok',
  write: 'ok',
  read: 'ok',
  'conditional put': 'ok',
  multipart: 'ok',
  'conditional complete': 'ok',
  'list uploads': 'ok',
  copy: 'ok',
  'conditional copy': 'ok',
  'part copy': 'ok',
  checksums: 'ok',
  'clean up': 'ok',
}

describe('a bucket', () => {
  test('that can do all of it', async () => {
    const store = memoryStore()
    const server = await gateway(store)
    const done = await sluice(['doctor', `s3://${server.bucket}/some/where/`], {
      env: environmentOf(server),
    })
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(words(done.stdout)).toEqual(ALL_WELL)
    expect(await leftIn(store)).toEqual([])
  })

  test('that ignores conditions', async () => {
    const store = memoryStore()
    const server = await gateway({
      ...store,
      put: (key, body, options = {}) =>
        store.put(key, body, { ...options, ifNoneMatch: undefined, ifMatch: undefined }),
    })
    const done = await sluice(['doctor', `s3://${server.bucket}`], { env: environmentOf(server) })
    expect(done.status).toBe(1)
    expect(words(done.stdout)).toEqual({ ...ALL_WELL, 'conditional put': 'FAIL' })
    expect(done.stdout).toContain('If-None-Match on a put is ignored')
    expect(done.stderr).toBe('sluice: not-supported: 1 of the checks above failed\n')
    expect(await leftIn(store)).toEqual([])
  })

  test('that is to serve a page, and lets none in', async () => {
    const server = await gateway(memoryStore(), [])
    const args = ['doctor', `s3://${server.bucket}`, '--origin', 'https://app.example']
    const done = await sluice(args, { env: environmentOf(server) })
    expect(words(done.stdout)).toEqual({ ...ALL_WELL, cors: 'FAIL' })
    expect(done.stdout).toContain('add a CORS rule with AllowedOrigins https://app.example')
    expect(done.stderr).toMatch(/^sluice: permission-denied: /)
  })

  test('whose uploads are not listed: a note, and no failure', async () => {
    const memory = memoryStore()
    const server = await gateway({ ...memory, listMultipart: async function* () {} })
    const done = await sluice(['doctor', `s3://${server.bucket}`], { env: environmentOf(server) })
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(words(done.stdout)).toEqual({ ...ALL_WELL, 'list uploads': 'note' })
  })

  test('that does not exist', async () => {
    const server = await gateway(memoryStore())
    const done = await sluice(['doctor', 's3://another-bucket'], { env: environmentOf(server) })
    expect(done.status).toBe(1)
    expect(words(done.stdout)).toMatchObject({ credentials: 'ok', bucket: 'FAIL' })
    expect(done.stdout).toContain('create the bucket')
    expect(done.stderr).toMatch(/^sluice: not-found: /)
  })

  test('that may not be written', async () => {
    const store = memoryStore()
    const server = await gateway(store)
    const done = await sluice(['doctor', `s3://${server.bucket}`], {
      env: { ...environmentOf(server), AWS_SECRET_ACCESS_KEY: 'not-the-secret' },
    })
    expect(done.status).toBe(1)
    expect(words(done.stdout)).toMatchObject({ credentials: 'ok', bucket: 'FAIL' })
    expect(done.stdout).not.toContain('not-the-secret')
    expect(done.stderr).toMatch(/^sluice: unauthenticated: /)
    expect(await leftIn(store)).toEqual([])
  })
})

test('no credentials at all', async () => {
  const done = await sluice(['doctor', 's3://bucket'])
  expect(done.status).toBe(1)
  expect(words(done.stdout)).toEqual({ credentials: 'FAIL' })
  expect(done.stdout.split('AWS_ACCESS_KEY_ID')).toHaveLength(2)
})

test('plain http to another machine', async () => {
  const args = ['doctor', 's3://bucket', '--endpoint', 'http://198.51.100.7']
  const done = await sluice(args, {
    env: { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' },
  })
  expect(done.status).toBe(1)
  expect(done.stdout).toMatch(/use https, or add --allow-insecure\n$/)
})

test('nobody at the endpoint', async () => {
  // The discard service's port, where nobody listens: one that was free may be somebody's by now.
  const server = { ...(await gateway(memoryStore())), endpoint: 'http://127.0.0.1:9' }
  const done = await sluice(['doctor', `s3://${server.bucket}`], { env: environmentOf(server) })
  expect(done.status).toBe(1)
  expect(words(done.stdout)).toEqual({ credentials: 'ok', bucket: 'FAIL' })
  expect(done.stdout).toContain('check --endpoint')
  expect(done.stderr).toMatch(/^sluice: network: /)
})

test('a clock that is far off', async () => {
  const late: Server = createServer((_, response) => {
    response.sendDate = false
    response.writeHead(403, { date: new Date(Date.now() - 3_600_000).toUTCString() })
    response.end('<Error><Code>RequestTimeTooSkewed</Code></Error>')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => late.once('listening', resolve))
  running.push(async () => void late.close())
  const done = await sluice(['doctor', 's3://bucket'], {
    env: {
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(late.address() as AddressInfo).port}`,
    },
  })
  expect(done.status).toBe(1)
  expect(words(done.stdout)).toMatchObject({ clock: 'FAIL' })
  expect(done.stdout).toContain("set this machine's clock")
})
