import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { readForm } from '../../../src/http/s3-gateway/form-data.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { answerOf, CREDENTIALS } from './tools.ts'

/**
 * AWS's worked example of a policy, its key and its signature.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
 */
describe("AWS's example", () => {
  const policy = `{ "expiration": "2015-12-30T12:00:00.000Z",\r
  "conditions": [\r
    {"bucket": "sigv4examplebucket"},\r
    ["starts-with", "$key", "user/user1/"],\r
    {"acl": "public-read"},\r
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},\r
    ["starts-with", "$Content-Type", "image/"],\r
    {"x-amz-meta-uuid": "14365123651274"},\r
    {"x-amz-server-side-encryption": "AES256"},\r
    ["starts-with", "$x-amz-meta-tag", ""],\r
\r
    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},\r
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},\r
    {"x-amz-date": "20151229T000000Z" }\r
  ]\r
}`
  const fields = {
    key: 'user/user1/$' + '{filename}',
    acl: 'public-read',
    success_action_redirect: 'http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html',
    'content-type': 'image/jpeg',
    'x-amz-meta-uuid': '14365123651274',
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-credential': 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-date': '20151229T000000Z',
    'x-amz-meta-tag': '',
    policy: Buffer.from(policy).toString('base64'),
    'x-amz-signature': '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
  }

  test('is rightly signed', async () => {
    const { verifyPolicy } = await import('../../../src/http/s3-gateway/post-policy.ts')
    const options = {
      credentials: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
      region: 'us-east-1',
      clock: virtualClock(Date.UTC(2015, 11, 30, 11)),
    }
    const given = new Map(Object.entries(fields))
    await expect(verifyPolicy(given, 'sigv4examplebucket', options)).resolves.toEqual({
      minBytes: 0,
      maxBytes: Number.MAX_SAFE_INTEGER,
    })
  })
})

const NOW = Date.UTC(2026, 0, 1)
const CREDENTIAL = 'AKID/20260101/us-east-1/s3/aws4_request'
const SIGNING = {
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-credential': CREDENTIAL,
  'x-amz-date': '20260101T000000Z',
}

interface Posting {
  readonly fields?: Record<string, string>
  readonly conditions?: readonly unknown[]
  readonly expiration?: unknown
  /** Instead of a policy made of the above. */
  readonly policy?: string
  /** Changed after the signature. */
  readonly tampered?: Record<string, string>
  readonly file?: string
  readonly store?: Store
  readonly path?: string
  readonly atMs?: number
}

function signatureOf(text: string): string {
  let key: string | Buffer = `AWS4${CREDENTIALS.secretAccessKey}`
  for (const part of ['20260101', 'us-east-1', 's3', 'aws4_request']) {
    key = createHmac('sha256', key).update(part).digest()
  }
  return createHmac('sha256', key).update(text).digest('hex')
}

/** Posts a form whose policy allows each of its fields, and what `conditions` say beyond. */
async function post(posting: Posting = {}): ReturnType<typeof answerOf> {
  const { file = 'hello', store = memoryStore(), path = '/bucket', tampered = {} } = posting
  const fields = { key: 'up/load', ...SIGNING, ...posting.fields }
  const conditions = posting.conditions ?? [
    { bucket: 'bucket' },
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
  ]
  const { expiration = '2026-01-01T01:00:00Z' } = posting
  const document = posting.policy ?? JSON.stringify({ expiration, conditions })
  const policy = Buffer.from(document).toString('base64')
  const form = new FormData()
  const all = { ...fields, policy, 'x-amz-signature': signatureOf(policy), ...tampered }
  for (const [name, value] of Object.entries(all)) form.append(name, value)
  form.append('file', new Blob([file], { type: 'text/x' }), 'C:\\folder\\na$&me.txt')
  return send(new Request(`https://s3.test${path}`, { method: 'POST', body: form }), store, posting)
}

async function send(
  request: Request,
  store: Store,
  { atMs = NOW }: Pick<Posting, 'atMs'> = {},
): ReturnType<typeof answerOf> {
  const clock = virtualClock(atMs)
  const handler = s3Gateway({ buckets: { bucket: store }, credentials: CREDENTIALS, clock })
  return answerOf(await handler(request))
}

describe('a form', () => {
  test('uploads its file under its key, with its headers', async () => {
    const store = memoryStore()
    const fields = { 'Content-Type': 'text/csv', 'x-amz-meta-a': 'b', 'x-ignore-me': 'x' }
    const answer = await post({ store, fields })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('location')).toBe('https://s3.test/bucket/up/load')
    const found = await store.get('up/load')
    expect(answer.headers.get('etag')).toBe(`"${found?.etag}"`)
    expect(found).toMatchObject({ contentType: 'text/csv', metadata: { a: 'b' } })
    expect(await found?.text()).toBe('hello')
  })

  test('may name the key after the file', async () => {
    const store = memoryStore()
    const key = 'up/$' + '{filename}'
    const answer = await post({ store, fields: { key, success_action_status: '201' } })
    expect([answer.status, answer.xml?.text('Key')]).toEqual([201, 'up/na$&me.txt'])
    expect(await (await store.get('up/na$&me.txt'))?.text()).toBe('hello')
  })

  test('may be larger than what is held', async () => {
    const store = memoryStore()
    const file = '0123456789abcdef'.repeat(600_000)
    expect((await post({ store, file })).status).toBe(204)
    expect(await (await store.get('up/load'))?.text()).toBe(file)
  })

  test.each([
    ['without a policy', { tampered: { policy: '' } }, 'AccessDenied'],
    ['another policy', { tampered: { policy: btoa('{}') } }, 'SignatureDoesNotMatch'],
    [
      'another signature',
      { tampered: { 'x-amz-signature': '0'.repeat(64) } },
      'SignatureDoesNotMatch',
    ],
    ['no signature', { tampered: { 'x-amz-signature': '' } }, 'InvalidArgument'],
    [
      'another key’s',
      { tampered: { 'x-amz-credential': CREDENTIAL.replace('AKID', 'OTHER') } },
      'InvalidAccessKeyId',
    ],
    [
      'another region',
      { tampered: { 'x-amz-credential': CREDENTIAL.replace('us', 'eu') } },
      'InvalidArgument',
    ],
    ['another day', { tampered: { 'x-amz-date': '20260102T000000Z' } }, 'AccessDenied'],
    ['a token nobody knows', { fields: { 'x-amz-security-token': 'x' } }, 'InvalidToken'],
    ['a policy that has expired', { atMs: NOW + 3600_000 }, 'AccessDenied'],
    [
      'a date of more than a week ago',
      { atMs: NOW + 7 * 86_400_001, expiration: '2030-01-01T00:00:00Z' },
      'AccessDenied',
    ],
    ['a date to come', { atMs: NOW - 900_001 }, 'AccessDenied'],
    ['another key', { tampered: { key: 'other' } }, 'AccessDenied'],
    ['a field that no condition names', { tampered: { 'x-amz-meta-b': 'c' } }, 'AccessDenied'],
    ['another bucket', { conditions: [{ bucket: 'other' }, { key: 'up/load' }] }, 'AccessDenied'],
    [
      'no bucket',
      { conditions: Object.entries({ key: 'up/load', ...SIGNING }).map(([k, v]) => ({ [k]: v })) },
      'AccessDenied',
    ],
    ['a policy that is no JSON', { policy: 'x' }, 'InvalidPolicyDocument'],
    ['a policy that is null', { policy: 'null' }, 'InvalidPolicyDocument'],
    ['a policy without an end', { expiration: 'never' }, 'InvalidPolicyDocument'],
    [
      'a condition of another kind',
      { conditions: [['ends-with', '$key', 'x']] },
      'InvalidPolicyDocument',
    ],
    ['a condition that is none', { conditions: ['key'] }, 'InvalidPolicyDocument'],
    [
      'a range that is none',
      { conditions: [['content-length-range', 'a', 5]] },
      'InvalidPolicyDocument',
    ],
    ['an access list', { fields: { acl: 'public-read' } }, 'NotImplemented'],
    ['a redirect', { fields: { success_action_redirect: 'https://x.test' } }, 'NotImplemented'],
    ['a wrong checksum', { fields: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 'BadDigest'],
    ['a key that climbs', { fields: { key: 'a/../../b' } }, 'InvalidArgument'],
    ['no key', { fields: { key: '' } }, 'InvalidArgument'],
    [
      'a bucket that is not there',
      {
        path: '/none',
        fields: {},
        conditions: [
          { bucket: 'none' },
          { key: 'up/load' },
          ...Object.entries(SIGNING).map(([k, v]) => ({ [k]: v })),
        ],
      },
      'NoSuchBucket',
    ],
  ] satisfies [string, Posting, string][])('with %s is refused', async (_, posting, code) => {
    const store = memoryStore()
    expect(await post({ store, ...posting })).toMatchObject({ code })
    for await (const entry of store.list()) expect.unreachable(JSON.stringify(entry))
  })

  test.each([
    ['1234', 'EntityTooSmall'],
    ['12345', undefined],
    ['1234567', undefined],
    ['12345678', 'EntityTooLarge'],
    ['x'.repeat(20 * 1024 ** 2), 'EntityTooLarge'],
  ])('of 5 to 7 bytes takes %.10s, or says %s', async (file, code) => {
    const store = memoryStore()
    const conditions = [
      ...[{ bucket: 'bucket' }, ['starts-with', '$key', 'up/'], ['content-length-range', 5, 7]],
      ...Object.entries(SIGNING).map(([name, value]) => ['eq', `$${name}`, value]),
    ]
    expect((await post({ store, file, conditions })).code).toBe(code)
    expect((await store.head('up/load'))?.sizeBytes).toBe(code ? undefined : file.length)
    for await (const upload of store.listMultipart?.('') ?? []) expect.unreachable(upload.key)
  })

  test('of more than is held is cut off at its bound', async () => {
    const store = memoryStore()
    const conditions = [
      ...[{ bucket: 'bucket' }, ['eq', '$key', 'up/load']],
      ['content-length-range', 0, 9 * 1024 ** 2],
      ...Object.entries(SIGNING).map(([name, value]) => ({ [name]: value })),
    ]
    const file = 'x'.repeat(9 * 1024 ** 2 + 1)
    expect((await post({ store, file, conditions })).code).toBe('EntityTooLarge')
    expect(await store.head('up/load')).toBeUndefined()
  })
})

describe('what is no form', () => {
  const TYPE = 'multipart/form-data; boundary=edge'
  const part = (name: string, value: string, more = ''): string =>
    `--edge\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`

  async function read(text: string, size = text.length, type = TYPE): Promise<unknown> {
    const source = (async function* () {
      for (let at = 0; at < text.length; at += size) yield utf8(text.slice(at, at + size))
    })()
    const { fields, fileName, file } = await readForm(source, type)
    let bytes = ''
    for await (const piece of file) bytes += new TextDecoder().decode(piece)
    return [...fields, fileName, bytes]
  }

  const whole = `${part('Key', 'a\r\nb')}${part('file', '1\r\n--edg2', '; filename="f"')}--edge--\r\n`

  test('the parts come as they were sent, however they are cut', async () => {
    for (let size = 1; size <= whole.length; size++) {
      expect(await read(whole, size)).toEqual([['key', 'a\r\nb'], 'f', '1\r\n--edg2'])
    }
  })

  test('a form that is cut off anywhere is refused', async () => {
    const end = whole.lastIndexOf('--')
    for (let length = 0; length < end + 2; length++) {
      await expect(read(whole.slice(0, length)), `${length}`).rejects.toMatchObject({
        s3Code: expect.stringMatching(/MalformedPOSTRequest|IncompleteBody/),
      })
    }
  })

  test.each([
    ['another type', whole, 'text/plain', 'MalformedPOSTRequest'],
    ['no boundary', whole, 'multipart/form-data', 'MalformedPOSTRequest'],
    ['another boundary', whole, 'multipart/form-data; boundary=other', 'MalformedPOSTRequest'],
    ['no file', `${part('key', 'a')}--edge--\r\n`, TYPE, 'InvalidArgument'],
    ['a field twice', part('key', 'a') + part('KEY', 'b'), TYPE, 'MalformedPOSTRequest'],
    ['a part without a name', '--edge\r\nA: b\r\n\r\nx\r\n', TYPE, 'MalformedPOSTRequest'],
    [
      'something behind the file',
      part('file', 'x') + part('key', 'a'),
      TYPE,
      'MalformedPOSTRequest',
    ],
    ['a long field', part('key', 'a'.repeat(30_000)), TYPE, 'MaxPostPreDataLengthExceeded'],
    ['long headers', part('key', 'a', `; x="${'a'.repeat(5000)}"`), TYPE, 'MalformedPOSTRequest'],
    [
      'many fields',
      Array.from({ length: 200 }, (_, n) => part(`x-ignore-${n}`, '')).join(''),
      TYPE,
      'MaxPostPreDataLengthExceeded',
    ],
  ])('%s', async (_, text, type, s3Code) => {
    await expect(read(text, 1000, type)).rejects.toMatchObject({ s3Code })
  })

  test('a form with a query is not taken for one', async () => {
    const init = { method: 'POST', body: whole, headers: { 'content-type': TYPE } }
    const asked = send(new Request('https://s3.test/bucket?delete', init), memoryStore())
    expect(await asked).toMatchObject({ status: 403, code: 'AccessDenied' })
  })
})
