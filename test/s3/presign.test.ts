import { describe, expect, test } from 'vitest'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { putObject } from '../../src/s3/objects.ts'
import { type PresignRequest, presign } from '../../src/s3/presign.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, failure, script, xmlError } from './scripted-fetch.ts'
import { expectedSignature } from './signature-reference.ts'

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
const TOKEN = { ...CREDENTIALS, sessionToken: 'tok+en/==' }
const NOW = Date.UTC(2026, 0, 1)
const DAY_MS = 24 * 3_600_000

function client(options: object = {}): S3Client {
  return s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials: CREDENTIALS,
    clock: virtualClock(NOW),
    ...options,
  })
}

async function search(request: PresignRequest, options = {}): Promise<URLSearchParams> {
  return new URL((await presign(client(options), request)).url).searchParams
}

describe('the signature is right, as the AWS SDK computes it from what arrives', () => {
  const part = { partNumber: 7, uploadId: 'a+b/c=' }
  test.each<PresignRequest>([
    { method: 'GET', key: "a b/ü+~*'()!😀" },
    {
      method: 'GET',
      key: 'k',
      query: { 'response-content-disposition': 'attachment; x="a b+c~"' },
    },
    { method: 'PUT', key: 'k', headers: { 'content-type': 'text/plain', 'content-length': '5' } },
    { method: 'PUT', key: 'k', headers: { 'if-none-match': '*', 'x-amz-meta-a': 'b' } },
    { method: 'HEAD', key: 'k' },
    { method: 'DELETE', key: '/lead//k' },
    { method: 'PUT', key: 'k', query: part },
    { method: 'GET', query: { 'list-type': 2, prefix: 'a b' } },
  ])('$method $key $query $headers', async (request) => {
    for (const credentials of [CREDENTIALS, TOKEN]) {
      const signed = await presign(client({ credentials }), request)
      const url = new URL(signed.url)
      const headers = new Headers(signed.headers)
      const { method } = request
      const wanted = await expectedSignature(method, url, headers, credentials, 'us-east-1')
      expect(url.searchParams.get('X-Amz-Signature')).toBe(wanted)
      expect(url.searchParams.get('X-Amz-Security-Token')).toBe(
        'sessionToken' in credentials ? credentials.sessionToken : null,
      )
      for (const [name, value] of Object.entries(request.query ?? {})) {
        expect(url.searchParams.get(name)).toBe(String(value))
      }
      expect(signed).toMatchObject({ method, headers: request.headers ?? {} })
    }
  })
})

test('the query is escaped as RFC 3986 has it', async () => {
  const { url } = await presign(client(), {
    method: 'GET',
    key: 'k',
    query: { 'response-content-type': 'a b+c*~' },
  })
  expect(url).toContain('response-content-type=a%20b%2Bc%2A~&')
  expect(url).not.toContain('+')
})

test('only what the caller gives is signed, and never a checksum of nothing', async () => {
  const signedHeaders = async (headers?: Record<string, string>): Promise<string | null> =>
    (await search({ method: 'PUT', key: 'k', headers })).get('X-Amz-SignedHeaders')
  expect(await signedHeaders()).toBe('host')
  expect(await signedHeaders({ 'content-type': 'a/b', range: 'bytes=0-1' })).toBe(
    'content-type;host;range',
  )
  const { url, headers } = await presign(client(), { method: 'PUT', key: 'k' })
  expect(url).not.toMatch(/checksum|content-sha256|crc/i)
  expect(headers).toEqual({})
})

describe('it expires', () => {
  async function life(expiresInMs?: number, options = {}): Promise<[string | null, string]> {
    const { url, expiresAt } = await presign(client(options), {
      method: 'GET',
      key: 'k',
      expiresInMs,
    })
    const seconds = new URL(url).searchParams.get('X-Amz-Expires')
    expect(expiresAt.getTime()).toBe(NOW + Number(seconds) * 1000)
    return [seconds, new URL(url).searchParams.get('X-Amz-Date') ?? '']
  }

  test('after 15 minutes, what is asked for in whole seconds, or 7 days', async () => {
    expect(await life()).toEqual(['900', '20260101T000000Z'])
    expect(await life(1999)).toEqual(['1', '20260101T000000Z'])
    for (const ms of [7 * DAY_MS, 7 * DAY_MS + 1000, Number.POSITIVE_INFINITY]) {
      expect(await life(ms)).toEqual(['604800', '20260101T000000Z'])
    }
  })

  test('with the credentials, if they end before', async () => {
    const ending = (ms: number): object => ({
      credentials: () => ({ ...TOKEN, expiration: new Date(NOW + ms) }),
    })
    expect(await life(DAY_MS, ending(3_600_500))).toEqual(['3600', '20260101T000000Z'])
    expect(await life(1000, ending(3_600_500))).toEqual(['1', '20260101T000000Z'])
    for (const ms of [999, 0, -1, Number.NaN]) {
      expect(await failure(life(1000, ending(ms)))).toMatchObject({ code: 'unauthenticated' })
    }
  })

  test.each([0, 999, -1000, Number.NaN])('not after %d ms', async (ms) => {
    expect(await failure(life(ms))).toMatchObject({ code: 'invalid-options' })
  })
})

test('the time is the server’s, once it has complained of ours', async () => {
  const skewed = answer(
    403,
    xmlError('RequestTimeTooSkewed', '<ServerTime>2026-01-01T02:00:00Z</ServerTime>'),
  )
  const stored = answer(200, '', { etag: '"tag"' })
  const { options } = script([skewed, stored], { clock: virtualClock(NOW) })
  const own = s3Client(options)
  const date = async (): Promise<string | null> =>
    new URL((await presign(own, { method: 'GET', key: 'k' })).url).searchParams.get('X-Amz-Date')
  expect(await date()).toBe('20260101T000000Z')
  await putObject(own, 'key', new Uint8Array())
  expect(await date()).toBe('20260101T020000Z')
})

describe('refuses', () => {
  test.each<[string, PresignRequest, string]>([
    ['a dot segment', { method: 'GET', key: 'a/../b' }, 'invalid-key'],
    ['an empty key', { method: 'GET', key: '' }, 'invalid-key'],
    ['a lone surrogate', { method: 'GET', key: '\ud800' }, 'invalid-key'],
    ['a header beyond ASCII', { method: 'PUT', key: 'k', headers: { a: 'ü' } }, 'invalid-options'],
    [
      'two headers in one',
      { method: 'PUT', key: 'k', headers: { a: '1\r\nb: 2' } },
      'invalid-options',
    ],
    [
      'a query of the signature',
      { method: 'PUT', key: 'k', query: { 'X-Amz-Expires': 9 } },
      'invalid-options',
    ],
    [
      'the same in lower case',
      { method: 'PUT', key: 'k', query: { 'x-amz-date': '' } },
      'invalid-options',
    ],
  ])('%s', async (_, request, code) => {
    expect(await failure(presign(client(), request))).toMatchObject({ code })
  })

  test('clients without a key', async () => {
    const none = presignedClient({ bucket: 'bucket', sign: () => ({ url: '' }) })
    for (const keyless of [client({ credentials: 'anonymous' }), none, { ...client() }]) {
      const error = await failure(presign(keyless, { method: 'GET', key: 'k' }))
      expect(error).toMatchObject({ code: 'unauthenticated' })
    }
  })
})
