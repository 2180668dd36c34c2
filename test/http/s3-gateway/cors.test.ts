import { expect, test } from 'vitest'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { CREDENTIALS, signedRequest } from './tools.ts'

const PAGE = 'https://app.example'

async function answered(
  origins: readonly string[] | undefined,
  request: Request,
): Promise<Response> {
  const cors = origins && { origins }
  return s3Gateway({ buckets: { bucket: memoryStore() }, credentials: CREDENTIALS, cors })(request)
}

function preflight(headers: Record<string, string> = {}): Request {
  return new Request('https://s3.test/bucket/key', {
    method: 'OPTIONS',
    headers: { origin: PAGE, 'access-control-request-method': 'PUT', ...headers },
  })
}

test.each([
  [[PAGE], PAGE],
  [['https://x.example', PAGE], PAGE],
  [['*'], '*'],
])('a page of %j may ask, and see ETags', async (origins, allowed) => {
  const asked = { 'access-control-request-headers': 'x-amz-date,content-type' }
  const before = await answered(origins, preflight(asked))
  expect(before.status).toBe(200)
  expect(before.headers.get('access-control-allow-origin')).toBe(allowed)
  expect(before.headers.get('access-control-allow-methods')).toContain('PUT')
  expect(before.headers.get('access-control-allow-headers')).toBe('x-amz-date,content-type')
  const headers = { origin: PAGE, 'x-amz-meta-a': '1' }
  const put = await answered(
    origins,
    await signedRequest('PUT', '/bucket/key', { body: 'x', headers }),
  )
  expect([put.status, put.headers.get('access-control-allow-origin')]).toEqual([200, allowed])
  const exposed = put.headers.get('access-control-expose-headers')?.split(', ')
  // What a page could not tell of an object otherwise.
  expect(exposed).toEqual(
    expect.arrayContaining(['ETag', 'Content-Disposition', 'Content-Encoding', 'Content-Range']),
  )
  expect(put.headers.get('vary')).toBe('Origin')
})

test('a refusal can be read as well', async () => {
  const request = new Request('https://s3.test/bucket/key', { headers: { origin: PAGE } })
  const refused = await answered([PAGE], request)
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, PAGE])
})

test.each([
  ['where nobody asked for CORS', undefined, {}],
  ['of another origin', ['https://x.example'], {}],
  ['of an origin that only begins so', [PAGE], { origin: `${PAGE}.evil.example` }],
  ['for another method', [PAGE], { 'access-control-request-method': 'PATCH' }],
])('a preflight %s is refused', async (_, origins, headers) => {
  const refused = await answered(origins, preflight(headers))
  expect(refused.status).toBe(403)
  expect(await refused.text()).toContain('<Code>AccessForbidden</Code>')
})

test('without the option no answer speaks of origins', async () => {
  const headers = { origin: PAGE }
  const put = await answered(
    undefined,
    await signedRequest('PUT', '/bucket/key', { body: 'x', headers }),
  )
  expect(put.status).toBe(200)
  expect([...put.headers.keys()].filter((name) => /^access-|^vary$/.test(name))).toEqual([])
})
