import { AwsClient } from 'aws4fetch'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkKey } from '../../../src/core/keys.ts'
import { type SignedRequest, verifySignature } from '../../../src/http/s3-gateway/signature.ts'
import { targetOf } from '../../../src/http/s3-gateway/target.ts'
import { s3Address } from '../../../src/s3/endpoint.ts'
import { s3Signer, UNSIGNED_PAYLOAD } from '../../../src/s3/sign.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'

const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * The worked examples of S3's own description of the algorithm.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
describe("AWS's examples", () => {
  const options = {
    credentials: {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    region: 'us-east-1',
    clock: virtualClock(Date.UTC(2013, 4, 24)),
  }

  function example(
    method: string,
    path: string,
    query: SignedRequest['query'],
    headers: Record<string, string>,
    signature: string,
  ): SignedRequest {
    const all = new Headers({
      'x-amz-content-sha256': EMPTY_HASH,
      'x-amz-date': '20130524T000000Z',
      ...headers,
    })
    const names = ['host', ...all.keys()].sort().join(';')
    all.set(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`,
    )
    return { method, host: 'examplebucket.s3.amazonaws.com', path, query, headers: all }
  }

  const get = example(
    'GET',
    '/test.txt',
    [],
    { range: 'bytes=0-9' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
  const payload = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'

  test.each([
    ['GET Object', get, EMPTY_HASH],
    [
      'PUT Object',
      example(
        'PUT',
        '/test$file.text',
        [],
        {
          date: 'Fri, 24 May 2013 00:00:00 GMT',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': payload,
        },
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
      payload,
    ],
    [
      'GET Bucket Lifecycle',
      example(
        'GET',
        '/',
        [['lifecycle', '']],
        {},
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
      EMPTY_HASH,
    ],
    [
      'GET Bucket (List Objects)',
      example(
        'GET',
        '/',
        [
          ['prefix', 'J'],
          ['max-keys', '2'],
        ],
        {},
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
      EMPTY_HASH,
    ],
  ])('%s', async (_, request, payloadHash) => {
    expect((await verifySignature(request, options)).payloadHash).toBe(payloadHash)
  })

  test('no part of the request can be another', async () => {
    const changed = (headers: Record<string, string>): SignedRequest => {
      const all = new Headers(get.headers)
      for (const [name, value] of Object.entries(headers)) all.set(name, value)
      return { ...get, headers: all }
    }
    for (const request of [
      { ...get, method: 'PUT' },
      { ...get, path: '/test.txt2' },
      { ...get, host: 'other.s3.amazonaws.com' },
      { ...get, query: [['acl', '']] as const },
      changed({ range: 'bytes=0-99' }),
      changed({ 'x-amz-content-sha256': payload }),
      changed({ 'x-amz-date': '20130524T000001Z' }),
    ]) {
      await expect(verifySignature(request, options)).rejects.toMatchObject({
        s3Code: 'SignatureDoesNotMatch',
      })
    }
  })

  test.each([
    [{ authorization: '' }, 'AuthorizationHeaderMalformed'],
    [{ authorization: 'Bearer x' }, 'AuthorizationHeaderMalformed'],
    [{ 'x-amz-meta-a': 'unsigned' }, 'AccessDenied'],
    [{ 'x-amz-security-token': 'unknown' }, 'InvalidToken'],
    [{ 'x-amz-date': '20130525T000000Z' }, 'AccessDenied'],
    [{ 'x-amz-date': 'yesterday' }, 'AccessDenied'],
    [{ 'x-amz-content-sha256': 'abc' }, 'InvalidRequest'],
    [{ 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }, 'NotImplemented'],
  ])('refuses %j as %s', async (headers, s3Code) => {
    const all = new Headers(get.headers)
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    const verifying = verifySignature({ ...get, headers: all }, options)
    await expect(verifying).rejects.toMatchObject({ s3Code })
  })

  test.each([
    [
      'another key',
      { credentials: { ...options.credentials, accessKeyId: 'OTHER' } },
      'InvalidAccessKeyId',
    ],
    [
      'another secret',
      { credentials: { ...options.credentials, secretAccessKey: 'x' } },
      'SignatureDoesNotMatch',
    ],
    ['another region', { region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
    [
      'a clock 15 minutes and 1 s ahead',
      { clock: virtualClock(Date.UTC(2013, 4, 24, 0, 15, 1)) },
      'RequestTimeTooSkewed',
    ],
    [
      'a clock 15 minutes and 1 s behind',
      { clock: virtualClock(Date.UTC(2013, 4, 23, 23, 44, 59)) },
      'RequestTimeTooSkewed',
    ],
  ])('refuses what was signed for %s', async (_, change, s3Code) => {
    await expect(verifySignature(get, { ...options, ...change })).rejects.toMatchObject({ s3Code })
  })

  test('takes clocks 15 minutes apart', async () => {
    const clock = virtualClock(Date.UTC(2013, 4, 24, 0, 15))
    expect((await verifySignature(get, { ...options, clock })).payloadHash).toBe(EMPTY_HASH)
  })
})

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'se/cr+et', sessionToken: 'to/k+en=' }
const OPTIONS = { credentials: CREDENTIALS, region: 'auto', clock: virtualClock() }
const ADDRESS = s3Address({ bucket: 'bucket', endpoint: 'https://s3.test:8443', region: 'auto' })

async function verified(url: string, headers: Headers, method = 'GET'): Promise<unknown> {
  const request = new Request(url, { method, headers })
  const target = targetOf(request)
  await verifySignature({ ...target, method, headers }, OPTIONS)
  return { key: target.key, query: Object.fromEntries(target.query) }
}

/** Every plane of Unicode, and what means something in a URL. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...' +&=%?#/\\"\'!()*~;:@,$[]^`{}|<>'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})
function isKey(key: string): boolean {
  try {
    checkKey(key)
    return true
  } catch {
    return false
  }
}

describe('our signer against our verifier', () => {
  test('any key and any query arrive as they were, rightly signed', async () => {
    const sign = s3Signer(async () => CREDENTIALS, 'auto')
    await fc.assert(
      fc.asyncProperty(text.filter(isKey), text, text, async (key, prefix, token) => {
        const query = { 'list-type': 2, prefix, 'continuation-token': token, uploads: '' }
        const url = ADDRESS.url(key, query)
        const headers = await sign({
          method: 'PUT',
          url,
          headers: { 'x-amz-meta-a': 'b  c', 'content-type': 'text/plain' },
          payloadHash: UNSIGNED_PAYLOAD,
          atMs: OPTIONS.clock.now(),
        })
        const expected = { ...query, 'list-type': '2' }
        expect(await verified(url, headers, 'PUT')).toEqual({ key, query: expected })
      }),
      { numRuns: 500 },
    )
  })

  test('new credentials sign at once, and so does a new day', async () => {
    let current = { ...CREDENTIALS, secretAccessKey: 'old' }
    const sign = s3Signer(async () => current, 'auto')
    const request = {
      method: 'GET',
      url: ADDRESS.url('a'),
      headers: {},
      payloadHash: UNSIGNED_PAYLOAD,
    }
    const day = 24 * 3600 * 1000
    for (let n = 3; n > 0; n--) await sign({ ...request, atMs: OPTIONS.clock.now() - n * day })
    const atMs = OPTIONS.clock.now()
    await expect(verified(request.url, await sign({ ...request, atMs }))).rejects.toMatchObject({
      s3Code: 'SignatureDoesNotMatch',
    })
    current = CREDENTIALS
    expect(await verified(request.url, await sign({ ...request, atMs }))).toEqual({
      key: 'a',
      query: {},
    })
  })
})

test('the verifier takes what aws4fetch signs by itself', async () => {
  const aws = new AwsClient({ ...CREDENTIALS, service: 's3', region: 'auto' })
  const datetime = '20260101T000000Z'
  const signed = await aws.sign('https://s3.test/bucket/a%20b%2Bc?prefix=a+b&uploads', {
    aws: { datetime },
  })
  expect(await verified(signed.url, signed.headers)).toEqual({
    key: 'a b+c',
    query: { prefix: 'a b', uploads: '' },
  })
})
