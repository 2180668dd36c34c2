import { AwsClient } from 'aws4fetch'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import { sha256Hex } from '../../../src/core/hash.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { altered, answerOf, CREDENTIALS, signedRequest } from './tools.ts'

const NOW = Date.UTC(2026, 0, 1)
const DATE = '20260101T000000Z'

interface Presigning {
  readonly method?: string
  readonly path?: string
  readonly expires?: string
  readonly headers?: Record<string, string>
  readonly credentials?: object
}

/** A URL signed by aws4fetch at `NOW`. */
async function presigned({
  method = 'GET',
  path = '/bucket/key',
  expires = '60',
  headers = {},
  credentials = {},
}: Presigning = {}): Promise<URL> {
  const aws = new AwsClient({ ...CREDENTIALS, ...credentials, service: 's3', region: 'us-east-1' })
  const url = new URL(`https://s3.test${path}`)
  url.searchParams.set('X-Amz-Expires', expires)
  const signing = { signQuery: true, datetime: DATE, allHeaders: true }
  return new URL((await aws.sign(url, { method, headers, aws: signing })).url)
}

async function ask(
  url: URL | string,
  init: RequestInit = {},
  { atMs = NOW, credentials = CREDENTIALS } = {},
): ReturnType<typeof answerOf> {
  const store = memoryStore()
  await store.put('key', utf8('hello'))
  const clock = virtualClock(atMs)
  const handler = s3Gateway({ buckets: { bucket: store }, credentials, clock })
  return answerOf(await handler(new Request(url, init)))
}

describe('a presigned URL', () => {
  test('is an answer to anybody who has it', async () => {
    expect(await ask(await presigned())).toMatchObject({ status: 200, text: 'hello' })
    expect(await ask(await presigned({ method: 'HEAD' }), { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    })
  })

  test('lives as long as it says, and not a second longer', async () => {
    const url = await presigned({ expires: '60' })
    expect(await ask(url, {}, { atMs: NOW + 60_000 })).toMatchObject({ status: 200 })
    const late = await ask(url, {}, { atMs: NOW + 60_001 })
    expect(late).toMatchObject({ status: 403, code: 'AccessDenied' })
    expect(late.xml?.text('Message')).toBe('Request has expired')
    const week = await presigned({ expires: '604800' })
    expect(await ask(week, {}, { atMs: NOW + 604_800_000 })).toMatchObject({ status: 200 })
    expect(await ask(week, {}, { atMs: NOW + 604_800_001 })).toMatchObject({ status: 403 })
  })

  test('may come from a clock 15 minutes ahead, and no more', async () => {
    const url = await presigned()
    expect(await ask(url, {}, { atMs: NOW - 900_000 })).toMatchObject({ status: 200 })
    expect(await ask(url, {}, { atMs: NOW - 900_001 })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
  })

  test.each(['0', '604801', '-1', '1.5', '', '99999999999'])(
    'of %j seconds is none',
    async (expires) => {
      expect(await ask(await presigned({ expires }))).toMatchObject({
        status: 400,
        code: 'AuthorizationQueryParametersError',
      })
    },
  )

  test('is for one method, one object and the query that was signed', async () => {
    const url = await presigned()
    const mismatch = { status: 403, code: 'SignatureDoesNotMatch' }
    expect(await ask(url, { method: 'DELETE' })).toMatchObject(mismatch)
    expect(await ask(`${url}`.replace('/key?', '/key2?'))).toMatchObject(mismatch)
    expect(await ask(`${url}&response-content-type=text/html`)).toMatchObject(mismatch)
    expect(await ask(`${url}`.replace('Expires=60', 'Expires=61'))).toMatchObject(mismatch)
    expect(await ask(`${url}`.replace(DATE, '20260101T000001Z'))).toMatchObject(mismatch)
    expect(await ask(`${url}`.replace('s3.test', 's3.other'))).toMatchObject(mismatch)
  })

  test('has a signature of which no digit can be another', async () => {
    const url = await presigned()
    const signature = url.searchParams.get('X-Amz-Signature') ?? ''
    for (let at = 0; at < signature.length; at += 9) {
      const other = signature[at] === '0' ? '1' : '0'
      const tampered = signature.slice(0, at) + other + signature.slice(at + 1)
      expect((await ask(`${url}`.replace(signature, tampered))).code).toBe('SignatureDoesNotMatch')
    }
    for (const wrong of ['', signature.slice(1), `${signature}0`, signature.toUpperCase()]) {
      expect((await ask(`${url}`.replace(signature, wrong))).code).toBe(
        'AuthorizationQueryParametersError',
      )
    }
  })

  test.each([
    [
      /X-Amz-Algorithm=[^&]*/,
      'X-Amz-Algorithm=AWS4-HMAC-SHA1',
      'AuthorizationQueryParametersError',
    ],
    [/X-Amz-Credential=[^&]*/, 'X-Amz-Credential=AKID', 'AuthorizationQueryParametersError'],
    [/us-east-1/, 'eu-west-1', 'AuthorizationQueryParametersError'],
    [/AKID/, 'OTHER', 'InvalidAccessKeyId'],
    [/X-Amz-Date=[^&]*/, 'X-Amz-Date=20260102T000000Z', 'AccessDenied'],
    [/&X-Amz-Date=[^&]*/, '', 'AccessDenied'],
    [/X-Amz-SignedHeaders=host/, 'X-Amz-SignedHeaders=range', 'AccessDenied'],
    [/X-Amz-Expires=60/, 'X-Amz-Expires=60&X-Amz-Expires=61', 'InvalidArgument'],
  ])('with %s as %s is refused as %s', async (part, other, code) => {
    expect(await ask(`${await presigned()}`.replace(part, other))).toMatchObject({ code })
  })

  test('and a header with a signature are one too many', async () => {
    const { headers } = await signedRequest('GET', '/bucket/key')
    const authorization = headers.get('authorization') ?? ''
    expect(await ask(await presigned(), { headers: { authorization } })).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    })
  })

  test('holds a header that was signed, and lets no other S3 header in', async () => {
    const headers = { 'x-amz-meta-a': '1' }
    const url = await presigned({ method: 'PUT', headers })
    const init = { method: 'PUT', body: 'x' }
    const length = { 'content-length': '1' }
    expect(await ask(url, { ...init, headers: { ...length, ...headers } })).toMatchObject({
      status: 200,
    })
    const other = { ...length, 'x-amz-meta-a': '2' }
    expect(await ask(url, { ...init, headers: other })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
    const more = { ...length, ...headers, 'x-amz-meta-b': '2' }
    expect(await ask(url, { ...init, headers: more })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
  })

  test('may name headers in the query, which then hold', async () => {
    const path = '/bucket/key?x-amz-checksum-crc32=NhCmhg%3D%3D'
    const url = await presigned({ method: 'PUT', path })
    const put = (body: string): ReturnType<typeof ask> =>
      ask(url, { method: 'PUT', body, headers: { 'content-length': `${body.length}` } })
    expect(await put('hello')).toMatchObject({ status: 200 })
    expect(await put('other')).toMatchObject({ status: 400, code: 'BadDigest' })
    const unknown = await presigned({ method: 'PUT', path: '/bucket/key?x-amz-acl=public-read' })
    expect(await ask(unknown, { method: 'PUT', body: 'x' })).toMatchObject({
      code: 'NotImplemented',
    })
    const broken = await presigned({ path: '/bucket/key?x-amz-meta-a=b%0Ac' })
    expect(await ask(broken)).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })

  test('may be bound to one body', async () => {
    const hash = await sha256Hex(utf8('hello'))
    const url = await presigned({ method: 'PUT', path: `/bucket/key?X-Amz-Content-Sha256=${hash}` })
    // aws4fetch signs UNSIGNED-PAYLOAD whatever the query says, so this one cannot be right.
    expect((await ask(url, { method: 'PUT', body: 'hello' })).code).toBe('SignatureDoesNotMatch')
    const bound = await presigned({ method: 'PUT', headers: { 'x-amz-content-sha256': hash } })
    const headers = { 'content-length': '5', 'x-amz-content-sha256': hash }
    expect(await ask(bound, { method: 'PUT', body: 'hello', headers })).toMatchObject({
      status: 200,
    })
    expect(await ask(bound, { method: 'PUT', body: 'other', headers })).toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
    })
  })

  test('needs the token of temporary credentials', async () => {
    const credentials = { ...CREDENTIALS, sessionToken: 'to/k+en=' }
    const url = await presigned({ credentials })
    expect(await ask(url, {}, { credentials })).toMatchObject({ status: 200 })
    expect((await ask(await presigned(), {}, { credentials })).code).toBe('InvalidToken')
    expect((await ask(url)).code).toBe('InvalidToken')
  })
})

describe('a signed request', () => {
  test('that is changed on the way is refused', async () => {
    const atMs = Date.now()
    const signed = await signedRequest('GET', '/bucket/key', { headers: { 'x-amz-meta-a': '1' } })
    const asked = (change: Parameters<typeof altered>[1]): ReturnType<typeof ask> => {
      const { url, headers } = altered(signed, change)
      return ask(url, { headers }, { atMs })
    }
    expect(await asked({})).toMatchObject({ status: 200 })
    expect(await asked({ url: 'https://s3.test/bucket/key2' })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
    expect(await asked({ headers: { 'x-amz-meta-a': '2' } })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
    expect(await asked({ headers: { 'x-amz-meta-b': '1' } })).toMatchObject({
      code: 'AccessDenied',
    })
    const authorization = signed.headers.get('authorization') ?? ''
    const withoutHost = authorization.replace('=host;', '=')
    expect(await asked({ headers: { authorization: withoutHost } })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
    const old = 'AWS AKID:frJIUN8DYpKDtOLCwo//yllqDzg='
    expect((await asked({ headers: { authorization: old } })).status).toBe(400)
  })

  test('cannot be sent again after 15 minutes', async () => {
    const signed = await signedRequest('GET', '/bucket/key')
    const { url, headers } = signed
    const atMs = Date.now()
    expect(await ask(url, { headers }, { atMs })).toMatchObject({ status: 200 })
    expect(await ask(url, { headers }, { atMs: atMs + 901_000 })).toMatchObject({
      status: 403,
      code: 'RequestTimeTooSkewed',
    })
  })
})

describe('what is too large', () => {
  test.each([
    ['a query', () => ask(`https://s3.test/bucket?prefix=${'a'.repeat(20_000)}`)],
    [
      'a header',
      () => ask('https://s3.test/bucket/key', { headers: { 'x-a': 'a'.repeat(40_000) } }),
    ],
  ])('%s', async (_, asking) => {
    expect(await asking()).toMatchObject({ status: 400, code: 'RequestHeaderSectionTooLarge' })
  })

  test.each([
    ['POST', '/bucket?delete', 8 * 1024 ** 2 + 1],
    ['POST', '/bucket/key?uploadId=upload-1', 4 * 1024 ** 2 + 1],
  ])('a document for %s %s', async (method, path, size) => {
    const store = memoryStore()
    await store.createMultipart?.('key')
    const handler = s3Gateway({ buckets: { bucket: store }, credentials: CREDENTIALS })
    const headers = { 'content-length': `${size}` }
    const found = await answerOf(
      await handler(await signedRequest(method, path, { headers, body: 'x' })),
    )
    expect(found).toMatchObject({ status: 400, code: 'EntityTooLarge' })
  })
})
