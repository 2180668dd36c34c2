import { describe, expect, test } from 'vitest'
import { s3Address } from '../../src/s3/endpoint.ts'

describe('s3Address', () => {
  test.each([
    [{ bucket: 'my-bucket' }, 'https://my-bucket.s3.us-east-1.amazonaws.com/a'],
    [
      { bucket: 'my-bucket', region: 'eu-west-3' },
      'https://my-bucket.s3.eu-west-3.amazonaws.com/a',
    ],
    [{ bucket: 'my.bucket' }, 'https://s3.us-east-1.amazonaws.com/my.bucket/a'],
    [{ bucket: 'my-bucket', pathStyle: true }, 'https://s3.us-east-1.amazonaws.com/my-bucket/a'],
    [{ bucket: 'abc', endpoint: 'https://x.example' }, 'https://x.example/abc/a'],
    [
      { bucket: 'abc', endpoint: 'https://x.example/storage/s3/' },
      'https://x.example/storage/s3/abc/a',
    ],
    [
      { bucket: 'abc', endpoint: 'https://x.example:8443', pathStyle: false },
      'https://abc.x.example:8443/a',
    ],
    [{ bucket: 'abc', endpoint: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/abc/a'],
    [{ bucket: 'abc', endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000/abc/a'],
    [{ bucket: 'abc', endpoint: 'http://s3.localhost:9000' }, 'http://s3.localhost:9000/abc/a'],
  ])('%j: %s', (options, expected) => {
    expect(s3Address(options).url('a')).toBe(expected)
  })

  test('escapes keys and queries, slashes in keys apart', () => {
    const address = s3Address({ bucket: 'abc', endpoint: 'https://x.example' })
    const root = 'https://x.example/abc/'
    expect(address.url("/a //b+c!'()*~")).toBe(`${root}/a%20//b%2Bc%21%27%28%29%2A~`)
    expect(address.url('%2e%2E/ü?#')).toBe(`${root}%252e%252E/%C3%BC%3F%23`)
    expect(address.url(undefined, { 'list-type': 2, prefix: 'a b/+', absent: undefined })).toBe(
      `${root}?list-type=2&prefix=a%20b%2F%2B`,
    )
  })

  test.each([
    { endpoint: 'http://s3.example' },
    { endpoint: 'http://192.168.0.1:9000' },
    { endpoint: 'http://127.0.0.1.example' },
    { endpoint: 'http://localhost.example' },
  ])('refuses plain http to another machine: %j', (options) => {
    expect(() => s3Address({ bucket: 'abc', ...options })).toThrow(/plain http.*allowInsecure/)
    const allowed = s3Address({ bucket: 'abc', ...options, allowInsecure: true })
    expect(allowed.trusted).toBe(false)
  })

  test.each(['ab', 'A-b', 'a_b', 'a..b', '-ab', 'ab-', '1.2.3.4', 'a/b', '', 'x'.repeat(64), 'aü'])(
    'refuses the bucket name %j',
    (bucket) => {
      expect(() => s3Address({ bucket })).toThrowError(
        expect.objectContaining({ code: 'invalid-options' }),
      )
    },
  )

  test.each(['s3.example', 'ftp://x', 'https://user:hidden@x', 'https://x?y', 'https://x#y'])(
    'refuses the endpoint %j and does not repeat it',
    (endpoint) => {
      const make = (): unknown => s3Address({ bucket: 'abc', endpoint })
      expect(make).toThrowError(expect.objectContaining({ code: 'invalid-options' }))
      expect(make).not.toThrow(/hidden/)
    },
  )
})

test('a name that may hold a secret is not repeated', () => {
  const bucket = 's3n://AKIAID:SECRETKEY@bucket'
  try {
    s3Address({ bucket })
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-options' })
    expect((error as Error).message).not.toContain('SECRET')
  }
})
