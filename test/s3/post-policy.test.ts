import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { type PostForm, type PostPolicyOptions, postPolicy } from '../../src/s3/post-policy.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { failure } from './scripted-fetch.ts'

function form(options: PostPolicyOptions, more = {}): Promise<PostForm> {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
  const clock = virtualClock()
  return postPolicy(
    s3Client({ bucket: 'bucket', region: 'eu-west-3', credentials, clock, ...more }),
    options,
  )
}

function policyOf({ fields }: PostForm): { expiration: string; conditions: unknown[] } {
  return JSON.parse(Buffer.from(fields.policy ?? '', 'base64').toString())
}

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

test('says what may be uploaded, each field of the form included, and is signed', async () => {
  const made = await form({
    key: 'ü b.jpg',
    maxBytes: 10,
    contentType: 'image/jpeg',
    metadata: { a: 'ü' },
    expiresInMs: 60_000,
  })
  const { policy = '', 'x-amz-signature': signature, ...fields } = made.fields
  expect(fields).toEqual({
    key: 'ü b.jpg',
    'Content-Type': 'image/jpeg',
    'x-amz-meta-a': '=?UTF-8?B?w7w=?=',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': 'AKID/20260101/eu-west-3/s3/aws4_request',
    'x-amz-date': '20260101T000000Z',
  })
  expect(made).toMatchObject({
    url: 'https://bucket.s3.eu-west-3.amazonaws.com/',
    expiresAt: new Date(Date.UTC(2026, 0, 1, 0, 1)),
  })
  const { expiration, conditions } = policyOf(made)
  expect(expiration).toBe('2026-01-01T00:01:00.000Z')
  expect(conditions).toEqual([
    { bucket: 'bucket' },
    ['eq', '$key', 'ü b.jpg'],
    ['content-length-range', 0, 10],
    ...Object.entries(fields)
      .filter(([name]) => name !== 'key')
      .map(([name, value]) => expect.arrayContaining(['eq', `$${name}`, value])),
  ])
  const day = hmac('AWS4SECRET', '20260101')
  const key = hmac(hmac(hmac(day, 'eu-west-3'), 's3'), 'aws4_request')
  expect(signature).toBe(hmac(key, policy).toString('hex'))
})

test('a prefix, a kind of content, a token and its end', async () => {
  const expiration = new Date(Date.UTC(2026, 0, 1, 0, 5))
  const credentials = { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T', expiration }
  const made = await form(
    { keyPrefix: 'in/', contentTypePrefix: 'image/', minBytes: 1, maxBytes: 1 },
    { credentials },
  )
  expect(made.fields).toMatchObject({ key: `in/\${filename}`, 'x-amz-security-token': 'T' })
  expect(made.fields).not.toHaveProperty('Content-Type')
  expect(made.expiresAt).toEqual(expiration)
  expect(policyOf(made).conditions).toEqual(
    expect.arrayContaining([
      ['starts-with', '$key', 'in/'],
      ['starts-with', '$Content-Type', 'image/'],
      ['content-length-range', 1, 1],
      ['eq', '$x-amz-security-token', 'T'],
    ]),
  )
})

describe('refuses', () => {
  test.each<[string, PostPolicyOptions, string]>([
    ['a dot segment', { key: '../a', maxBytes: 1 }, 'invalid-key'],
    ['a dot segment in a prefix', { keyPrefix: 'a/../', maxBytes: 1 }, 'invalid-key'],
    ['what S3 replaces', { key: `a\${filename}`, maxBytes: 1 }, 'invalid-options'],
    ['sizes out of order', { key: 'a', minBytes: 2, maxBytes: 1 }, 'invalid-options'],
    ['less than nothing', { key: 'a', minBytes: -1, maxBytes: 1 }, 'invalid-options'],
    ['half a byte', { key: 'a', minBytes: 0.5, maxBytes: 1.5 }, 'invalid-options'],
    ['a content type that is none', { key: 'a', maxBytes: 1, contentType: 'ü' }, 'invalid-options'],
    [
      'a name of metadata that is none',
      { key: 'a', maxBytes: 1, metadata: { 'A b': '' } },
      'invalid-options',
    ],
    ['no time', { key: 'a', maxBytes: 1, expiresInMs: 0 }, 'invalid-options'],
  ])('%s', async (_, options, code) => {
    expect(await failure(form(options))).toMatchObject({ code })
  })

  test('a client without a key', async () => {
    const call = form({ key: 'a', maxBytes: 1 }, { credentials: 'anonymous' })
    expect(await failure(call)).toMatchObject({ code: 'unauthenticated' })
  })
})
