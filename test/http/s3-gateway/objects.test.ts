import { AwsClient } from 'aws4fetch'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import { sha256Hex } from '../../../src/core/hash.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { startGateway } from '../../servers.ts'
import { type Ask, answerOf, CREDENTIALS, gateway } from './tools.ts'

describe('who may', () => {
  test('nothing works unsigned, and an error is S3’s document', async () => {
    const handler = s3Gateway({ buckets: { bucket: memoryStore() }, credentials: CREDENTIALS })
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/bucket'],
      ['GET', '/bucket?list-type=2'],
      ['PUT', '/bucket/key'],
      ['DELETE', '/bucket/key'],
      ['GET', '/none/key'],
    ] as const) {
      const found = await answerOf(await handler(new Request(`https://s3.test${path}`, { method })))
      expect(found).toMatchObject({ status: 403, code: 'AccessDenied' })
      expect(found.xml?.text('RequestId')).toBe(found.headers.get('x-amz-request-id'))
      expect(found.xml?.text('HostId')).toBe(found.headers.get('x-amz-id-2'))
    }
    const head = await handler(new Request('https://s3.test/bucket/key', { method: 'HEAD' }))
    expect([head.status, await head.text()]).toEqual([403, ''])
  })

  test.each([
    { accessKeyId: '', secretAccessKey: 'SECRET' },
    { accessKeyId: 'AKID', secretAccessKey: '' },
    { accessKeyId: 'AKID', secretAccessKey: undefined as unknown as string },
  ])('credentials that anybody could guess are refused: %j', (credentials) => {
    expect(() => s3Gateway({ buckets: {}, credentials })).toThrow(/credentials lack/)
  })

  test('a clock that is wrong is told the right time', async () => {
    const clock = virtualClock(Date.now() + 3600_000)
    const handler = s3Gateway({ buckets: {}, credentials: CREDENTIALS, clock })
    const aws = new AwsClient({ ...CREDENTIALS, service: 's3', region: 'us-east-1' })
    const found = await answerOf(await handler(await aws.sign('https://s3.test/bucket/key')))
    expect(found).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' })
    expect(Date.parse(found.xml?.text('ServerTime') ?? '')).toBe(clock.now())
  })

  test('a bucket that is none, be it a name that JavaScript knows', async () => {
    const ask = gateway()
    for (const bucket of ['none', 'constructor', '__proto__']) {
      expect(await ask('GET', `/${bucket}/key`)).toMatchObject({
        status: 404,
        code: 'NoSuchBucket',
      })
    }
    expect((await ask('HEAD', '/bucket')).status).toBe(200)
    expect((await ask('HEAD', '/none')).status).toBe(404)
  })
})

describe('bodies', () => {
  test.each([
    ['no length', { 'content-length': undefined }, 'MissingContentLength'],
    ['a length that is none', { 'content-length': 'five' }, 'MissingContentLength'],
    ['more than declared', { 'content-length': '4' }, 'IncompleteBody'],
    ['less than declared', { 'content-length': '6' }, 'IncompleteBody'],
    ['more than a put may have', { 'content-length': String(6 * 1024 ** 3) }, 'EntityTooLarge'],
    [
      'another hash than signed',
      { 'x-amz-content-sha256': '0'.repeat(64) },
      'XAmzContentSHA256Mismatch',
    ],
    ['a checksum that is none', { 'x-amz-checksum-sha256': 'AAAA' }, 'InvalidRequest'],
    ['another CRC32', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
    ['another CRC32C', { 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    ['another CRC64NVME', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['another SHA-1', { 'x-amz-checksum-sha1': `${'A'.repeat(27)}=` }, 'BadDigest'],
    ['another SHA-256', { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` }, 'BadDigest'],
    ['a checksum of an unknown kind', { 'x-amz-checksum-xxhash': 'AAAA' }, 'NotImplemented'],
    ['another MD5', { 'content-md5': `${'A'.repeat(22)}==` }, 'BadDigest'],
    ['an MD5 that is none', { 'content-md5': 'AAAA' }, 'InvalidDigest'],
    ['a header that is not kept', { expires: 'Thu, 01 Jan 2099 00:00:00 GMT' }, 'NotImplemented'],
    ['encryption', { 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
    ['another version of the API', { 'x-amz-api-version': '2007-01-01' }, 'NotImplemented'],
    ['metadata with a bad name', { 'x-amz-meta-a_b': 'c' }, 'InvalidArgument'],
    ['If-None-Match with an ETag', { 'if-none-match': '"x"' }, 'NotImplemented'],
  ])('%s is refused, and nothing is written', async (_, headers, code) => {
    const store = memoryStore()
    const ask = gateway({ bucket: store })
    expect(await ask('PUT', '/bucket/key', { body: 'hello', headers })).toMatchObject({ code })
    expect(await store.head('key')).toBeUndefined()
  })

  // As AWS's SDK for C++ does, and so pyarrow.
  test('the version of the API may be named', async () => {
    const ask = gateway()
    const headers = { 'x-amz-api-version': '2006-03-01' }
    expect((await ask('PUT', '/bucket/key', { body: 'hello', headers })).status).toBe(200)
  })

  test('right digests are taken', async () => {
    const hash = await sha256Hex(utf8('hello'))
    const headers = {
      'x-amz-content-sha256': hash,
      'x-amz-checksum-crc32': 'NhCmhg==',
      'x-amz-checksum-crc32c': 'mnG7TA==',
      'x-amz-checksum-crc64nvme': 'M3eFcAZSQlc=',
      'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
      'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==',
    }
    const put = await gateway()('PUT', '/bucket/key', { body: 'hello', headers })
    expect(put.status).toBe(200)
    expect(put.headers.get('x-amz-checksum-crc32')).toBe('NhCmhg==')
  })

  test('a body that nobody reads is refused when it is signed', async () => {
    const headers = { 'x-amz-content-sha256': await sha256Hex(utf8('hello')) }
    const found = await gateway()('POST', '/bucket/key?uploads', { body: 'hello', headers })
    expect(found.code).toBe('XAmzContentSHA256Mismatch')
  })
})

test.each([
  ['GET', '/?prefix=b'],
  ['DELETE', '/'],
  ['GET', '/bucket?acl'],
  ['GET', '/bucket/key?acl'],
  ['GET', '/bucket/key?versionId=x'],
  ['GET', '/bucket?list-type=2&unknown=1'],
  ['PUT', '/bucket'],
  ['PUT', '/bucket/key?tagging'],
  ['POST', '/bucket/key'],
  ['DELETE', '/bucket'],
])('%s %s is not implemented, and says so', async (method, path) => {
  const found = await gateway()(method, path, method === 'PUT' ? { body: '' } : {})
  expect(found).toMatchObject({ status: 501, code: 'NotImplemented' })
})

test('a parameter given twice, and a path that is no UTF-8, are refused', async () => {
  const ask = gateway()
  expect((await ask('GET', '/bucket?list-type=2&prefix=a&prefix=b')).code).not.toBeUndefined()
  const handler = s3Gateway({ buckets: {}, credentials: CREDENTIALS })
  const found = await answerOf(await handler(new Request('https://s3.test/bucket/%ff')))
  expect(found).toMatchObject({ status: 400, code: 'InvalidURI' })
})

describe('reading', () => {
  async function stored(): Promise<{ ask: Ask; etag: string }> {
    const ask = gateway()
    const headers = { 'content-type': 'text/x', 'x-amz-meta-a': '=?UTF-8?B?w7w=?=' }
    const put = await ask('PUT', '/bucket/key', { body: '0123456789', headers })
    return { ask, etag: put.headers.get('etag') ?? '' }
  }

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=1-2,4-5', 200, '0123456789', null],
  ])('range %s', async (range, status, text, contentRange) => {
    const { ask } = await stored()
    const found = await ask('GET', '/bucket/key', { headers: { range } })
    expect(found).toMatchObject({ status, text })
    expect(found.headers.get('content-range')).toBe(contentRange)
    expect(found.headers.get('content-length')).toBe(String(text.length))
  })

  test.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=5-4'])(
    'range %s is refused',
    async (range) => {
      const { ask } = await stored()
      const found = await ask('GET', '/bucket/key', { headers: { range } })
      expect(found).toMatchObject({ status: 416, code: 'InvalidRange' })
    },
  )

  const past = 'Sat, 01 Jan 2000 00:00:00 GMT'
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT'
  test.each([
    [{ 'if-match': 'ETAG' }, 200],
    [{ 'if-match': '"x", ETAG' }, 200],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-none-match': 'ETAG' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-modified-since': past }, 200],
    [{ 'if-modified-since': future }, 304],
    [{ 'if-unmodified-since': past }, 412],
    [{ 'if-unmodified-since': future }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': future }, 200],
    [{ 'if-match': 'ETAG', 'if-unmodified-since': past }, 200],
  ])('%j gets %i', async (conditions, status) => {
    const { ask, etag } = await stored()
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [name, value.replace('ETAG', etag)]),
    )
    for (const method of ['GET', 'HEAD']) {
      expect((await ask(method, '/bucket/key', { headers })).status, method).toBe(status)
    }
  })

  test('a HEAD has the range, and none of the body', async () => {
    const { ask } = await stored()
    const found = await ask('HEAD', '/bucket/key', { headers: { range: 'bytes=2-4' } })
    expect([found.status, found.headers.get('content-length'), found.text]).toEqual([206, '3', ''])
  })

  test('a range under If-Range is of that version, or none', async () => {
    const { ask, etag } = await stored()
    for (const [ifRange, text] of [
      [etag, '234'],
      ['"x"', '0123456789'],
    ]) {
      const headers = { range: 'bytes=2-4', 'if-range': ifRange }
      expect((await ask('GET', '/bucket/key', { headers })).text).toBe(text)
    }
  })

  test('the reader may choose headers of the answer', async () => {
    const { ask } = await stored()
    const wanted =
      'response-content-type=text%2Fy&response-expires=never&response-content-language=de'
    const { headers } = await ask('GET', `/bucket/key?${wanted}`)
    expect(
      ['content-type', 'expires', 'content-language'].map((name) => headers.get(name)),
    ).toEqual([...['text/y', 'never', 'de']])
    const found = await ask('GET', '/bucket/key?response-content-type=a%0D%0Ab')
    expect(found.code).toBe('InvalidArgument')
  })

  test('a deletion under a condition is refused', async () => {
    const { ask, etag } = await stored()
    const headers = { 'if-match': etag }
    expect((await ask('DELETE', '/bucket/key', { headers })).code).toBe('NotImplemented')
    expect((await ask('HEAD', '/bucket/key')).status).toBe(200)
  })

  test('metadata goes out as it came in', async () => {
    const { ask } = await stored()
    const { headers, text } = await ask('HEAD', '/bucket/key')
    expect(headers.get('x-amz-meta-a')).toBe('=?UTF-8?B?w7w=?=')
    expect(headers.get('content-type')).toBe('text/x')
    expect([headers.get('content-length'), text]).toEqual(['10', ''])
  })
})

test('what a store fails with is told as S3 would, without its own words', async () => {
  const failing = {
    ...memoryStore(),
    head: () => Promise.reject(new Error('secret path')),
    get: () => Promise.reject(new Error('secret path')),
  }
  const found = await gateway({ bucket: failing })('GET', '/bucket/key')
  expect(found).toMatchObject({ status: 500, code: 'InternalError' })
  expect(found.text).not.toContain('secret')
})

test('a path with dot segments does not reach the handler behind the test server', async () => {
  const { request } = await import('node:http')
  const server = await startGateway()
  try {
    for (const path of [
      '/sluice-test/a/../b',
      '/sluice-test/%2e%2e/b',
      '/sluice-test/a/.',
      '/sluice-test/a\\..\\b',
    ]) {
      const status = await new Promise((resolve, reject) => {
        const { hostname, port } = new URL(server.endpoint)
        const sent = request({ hostname, port, path, method: 'GET' }, (found) => {
          found.resume()
          resolve(found.statusCode)
        })
        sent.on('error', reject).end()
      })
      expect(status, path).toBe(400)
    }
  } finally {
    await server.stop()
  }
})
