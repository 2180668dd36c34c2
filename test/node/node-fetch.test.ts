import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fetchServer } from '../../src/node/fetch-server.ts'
import { nodeFetch } from '../../src/node/node-fetch.ts'
import { s3Client } from '../../src/s3/client.ts'
import { putObject } from '../../src/s3/objects.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { failure } from '../s3/scripted-fetch.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { registerSuite } from '../stores/register.ts'

const BODY = new TextEncoder().encode('hello')

async function serving(handler: (request: Request) => Promise<Response>): Promise<string> {
  const server = await fetchServer(handler)
  onTestFinished(() => server.close())
  return server.url
}

/** A server that does with each connection what it is told to. */
async function answering(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('bytes and headers go both ways', async () => {
  const url = await serving(async (request) => {
    const said = [request.method, request.headers.get('x-a'), request.headers.get('content-length')]
    const body = `${said.join(' ')} ${await request.text()}`
    return new Response(body, { status: 201, headers: { 'x-b': 'c' } })
  })
  const response = await nodeFetch(url, { method: 'PUT', body: BODY, headers: { 'x-a': 'b' } })
  expect([response.status, response.headers.get('x-b'), await response.text()]).toEqual([
    ...[201, 'c', 'PUT b 5 hello'],
  ])
})

test('a range comes as its bytes, which nothing could decode', async () => {
  const asked: (string | null)[][] = []
  const url = await serving(async ({ headers }) => {
    asked.push([headers.get('range'), headers.get('accept-encoding')])
    const range = { 'content-encoding': 'gzip', 'content-range': 'bytes 2-6/9' }
    return new Response(BODY, { status: 206, headers: range })
  })
  const response = await nodeFetch(url, { headers: { range: 'bytes=2-6' } })
  expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 2-6/9'])
  expect(await response.text()).toBe('hello')
  expect(asked).toEqual([['bytes=2-6', null]])
})

test('a range that nobody wants to the end lets its connection go', async () => {
  const gone = Promise.withResolvers<void>()
  const url = await answering((socket) => {
    socket.once('close', () => gone.resolve())
    socket.once('data', () => socket.write('HTTP/1.1 206 \r\ncontent-length: 9\r\n\r\nsome'))
  })
  const { body } = await nodeFetch(url, { headers: { range: 'bytes=0-8' } })
  const reader = body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('some')
  await reader?.cancel()
  await gone.promise
})

test('a range that is cut short is an error', async () => {
  const url = await answering((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 206 \r\ncontent-length: 9\r\n\r\nsome'))
  })
  const response = await nodeFetch(url, { headers: { range: 'bytes=0-8' } })
  await expect(response.text()).rejects.toThrow('aborted')
})

test.each([301, 307])('%i is not followed', async (status) => {
  const location = 'http://127.0.0.1:1/'
  const url = await serving(async () => new Response(null, { status, headers: { location } }))
  const response = await nodeFetch(url, { method: 'PUT', body: BODY })
  expect([response.status, response.headers.get('location')]).toEqual([status, location])
})

test('an answer without a body has none', async () => {
  const url = await serving(async () => new Response(null, { status: 204 }))
  expect((await nodeFetch(url, { method: 'PUT', body: BODY })).body).toBeNull()
})

test('an answer that comes before all was sent is the answer', async () => {
  const url = await answering((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
    })
  })
  const response = await nodeFetch(url, { method: 'PUT', body: new Uint8Array(64 * 1024 ** 2) })
  expect([response.status, await response.text()]).toEqual([403, 'no'])
})

test.each(['before', 'after'])('the signal ends a request %s its answer', async (when) => {
  const url = await answering((socket) => {
    if (when === 'after') socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel')
  })
  const controller = new AbortController()
  const { signal } = controller
  const asking = nodeFetch(url, { method: 'PUT', body: BODY, signal })
  if (when === 'before') setImmediate(() => controller.abort())
  const reading = asking.then((response) => {
    controller.abort()
    return response.text()
  })
  await expect(reading).rejects.toThrow(/abort/)
})

test('a connection that fails is an error of the network to the client', async () => {
  for (const say of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<a>']) {
    const endpoint = await answering((socket) => {
      socket.once('data', () => {
        socket.write(say)
        socket.destroy()
      })
    })
    const client = s3Client({
      bucket: 'bucket',
      endpoint,
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
      retry: { attempts: 1 },
      fetch: nodeFetch,
    })
    const error = await failure(putObject(client, 'key', BODY))
    expect(['network', 'protocol']).toContain(error.code)
  }
})

describe('the store suite over nodeFetch', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startGateway()
  })
  afterAll(() => server.stop())
  // Those that send bytes: the rest goes to `fetch`.
  registerSuite(
    storeSuite({
      async create() {
        const { bucket, remove } = await server.newBucket()
        const { endpoint, region } = server
        return {
          store: s3Store({ bucket, endpoint, region, credentials: server, fetch: nodeFetch }),
          close: remove,
        }
      },
    }).filter(({ name }) => /^(objects|headers|conditions|multipart: (parts|a Blob))/.test(name)),
  )
})
