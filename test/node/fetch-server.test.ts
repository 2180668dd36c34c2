import { once } from 'node:events'
import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type FetchServer, fetchServer } from '../../src/node/fetch-server.ts'

async function serving(handler: (request: Request) => Promise<Response>): Promise<FetchServer> {
  const server = await fetchServer(handler)
  onTestFinished(() => server.close())
  return server
}

/** The status of a path that no URL parser has seen. */
async function statusOf(server: FetchServer, path: string, host?: string): Promise<number> {
  const { hostname, port } = new URL(server.url)
  const headers = host === undefined ? {} : { host }
  const sent = request({ hostname, port, path, headers }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  return response.statusCode
}

test('bodies and headers go both ways', async () => {
  const server = await serving(async (request) => {
    const text = await request.text()
    return new Response(`${request.method} ${text}`, { status: 201, headers: { 'x-a': 'b' } })
  })
  const response = await fetch(server.url, { method: 'POST', body: 'hello' })
  expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([
    ...[201, 'b', 'POST hello'],
  ])
})

test('a path that a URL parser would change never reaches the handler', async () => {
  const paths: string[] = []
  const server = await serving(async ({ url }) => {
    paths.push(new URL(url).pathname)
    return new Response()
  })
  for (const path of [
    '/a/../b',
    '/a/%2E%2e/b',
    '/./a',
    '/a/.',
    '/a\\..\\b',
    '/a#b',
    'http://x/a',
  ]) {
    expect(await statusOf(server, path), path).toBe(400)
  }
  for (const host of ['a/b', 'a?b', 'user@host', ' ']) {
    expect(await statusOf(server, '/a', host), host).toBe(400)
  }
  expect(paths).toEqual([])
  expect(await statusOf(server, '/a/..b/c.?x=/../')).toBe(200)
  expect(paths).toEqual(['/a/..b/c.'])
})

test('a client that goes away aborts the request and its body', async () => {
  let body: Promise<unknown> | undefined
  let signal: AbortSignal | undefined
  const arrived = Promise.withResolvers<void>()
  const server = await serving(async (request) => {
    signal = request.signal
    body = request.arrayBuffer().catch(() => 'broken off')
    arrived.resolve()
    await body
    return new Response()
  })
  const sent = request(server.url, { method: 'PUT', headers: { 'content-length': 10 } })
  sent.on('error', () => {})
  sent.write('half')
  await arrived.promise
  sent.destroy()
  expect(await body).toBe('broken off')
  await server.close()
  expect(signal?.aborted).toBe(true)
})

test('closing waits for what is under way, and then no more', async () => {
  const arrived = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<Response>()
  const server = await fetchServer(async () => {
    arrived.resolve()
    return answer.promise
  })
  const asked = fetch(server.url)
  await arrived.promise
  const closing = server.close(60_000)
  answer.resolve(new Response('in time'))
  expect(await (await asked).text()).toBe('in time')
  await closing
  await expect(fetch(server.url)).rejects.toThrow()
})
