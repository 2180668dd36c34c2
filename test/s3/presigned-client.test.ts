import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { listObjects } from '../../src/s3/list.ts'
import { resumeUpload } from '../../src/s3/multipart.ts'
import { getObject, putObject } from '../../src/s3/objects.ts'
import { presign } from '../../src/s3/presign.ts'
import {
  presignedClient,
  type SignedRequest,
  type SignFunction,
  type SignRequest,
} from '../../src/s3/presigned-client.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, cut, failure, type Script, type Step, script, xmlError } from './scripted-fetch.ts'

const BODY = new Uint8Array([1, 2, 3])
const STORED = answer(200, '', { etag: '"tag"' })
const URL_OF_KEY = 'https://s3.test/bucket/key'

/** Signs with a key of its own. */
const signer: SignFunction = (request) => presign(s3Client(script([]).options), request)

function client(plan: Script, sign: SignFunction = signer, options = {}): S3Client {
  const { fetch, retry, clock } = plan.options
  return presignedClient({ bucket: 'bucket', fetch, retry, clock, sign, ...options })
}

/** A put, whose request the function answers so. */
function put(plan: Script, given: unknown, options = {}): Promise<unknown> {
  const sign = (): SignedRequest => given as SignedRequest
  return putObject(client(plan, sign), 'key', BODY, options)
}

test('asks for what will be sent, in plain JSON, before every attempt', async () => {
  const asked: SignRequest[] = []
  const plan = script([answer(503), cut, STORED])
  const sign: SignFunction = (request, options) => {
    asked.push(request)
    return signer(JSON.parse(JSON.stringify(request)), options)
  }
  const upload = resumeUpload(client(plan, sign), { key: 'a b', uploadId: 'id' })
  expect(await upload.putPart(3, BODY)).toMatchObject({ etag: 'tag' })
  expect(asked).toEqual(
    Array(3).fill({
      operation: 'UploadPart',
      method: 'PUT',
      key: 'a b',
      query: { partNumber: '3', uploadId: 'id' },
      headers: { 'content-type': 'application/octet-stream' },
    }),
  )
  for (const { method, url, headers, body } of plan.sent) {
    expect(`${method} ${url.pathname} ${body}`).toBe('PUT /bucket/a%20b \u0001\u0002\u0003')
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-type;host')
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.has('authorization')).toBe(false)
  }
})

test('calls to the bucket go the same way', async () => {
  const page = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
  const plan = script([answer(200, page)])
  for await (const _ of listObjects(client(plan), { prefix: 'a b' })) throw new Error('none')
  expect(plan.sent[0]?.url.searchParams.get('prefix')).toBe('a b')
})

test('a conditional put whose answer was lost ends in the right answer', async () => {
  const plan: Script = script([
    cut,
    answer(412, xmlError('PreconditionFailed')),
    (...args) =>
      answer(200, '', {
        etag: '"ours"',
        'content-length': '3',
        'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
        'x-amz-meta-sluice-write': plan.sent[0]?.headers.get('x-amz-meta-sluice-write') ?? '',
      })(...args),
  ])
  const call = putObject(client(plan), 'key', BODY, { ifNoneMatch: '*' })
  expect(await call).toEqual({ etag: 'ours' })
  expect(plan.sent.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'HEAD'])
})

test('the signer may add headers, and say again what was asked for', async () => {
  const plan = script([STORED])
  const headers = {
    'X-Amz-Server-Side-Encryption': 'AES256',
    'content-type': 'application/octet-stream',
    Host: 's3.test',
    'Content-Length': '3',
  }
  const url = `${URL_OF_KEY}?X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-server-side-encryption`
  await put(plan, { url, headers, method: 'PUT' })
  expect(Object.fromEntries(plan.sent[0]?.headers ?? [])).toEqual({
    'x-amz-server-side-encryption': 'AES256',
    'content-type': 'application/octet-stream',
  })
})

describe('an answer that would do something else is refused, and nothing is sent', () => {
  const signed = (names: string): object => ({ url: `${URL_OF_KEY}?X-Amz-SignedHeaders=${names}` })
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /has no url/],
    ['null', null, /has no url/],
    ['a text', URL_OF_KEY, /has no url/],
    ['a problem', { error: 'no' }, /has no url/],
    ['a URL without end', { url: `${URL_OF_KEY}?${'x'.repeat(20_000)}` }, /has no url/],
    ['no URL', { url: 'key' }, /has a url that is none/],
    ['a user', { url: 'https://user:hidden@s3.test/bucket/key' }, /has a url that is none/],
    ['plain http', { url: 'http://s3.test/bucket/key' }, /without https/],
    ['a scheme', { url: 'data:,/key' }, /without https/],
    ['a method', { url: URL_OF_KEY, method: 'POST' }, /of another method/],
    ['another key', { url: 'https://s3.test/bucket/key2' }, /for another key/],
    ['a part of the key', { url: 'https://s3.test/bucket-key' }, /for another key/],
    ['the bucket', { url: 'https://s3.test/bucket/' }, /for another key/],
    ['headers as a text', { url: URL_OF_KEY, headers: 'a' }, /headers that are none/],
    ['a value', { url: URL_OF_KEY, headers: { a: 1 } }, /cannot be sent/],
    ['two lines', { url: URL_OF_KEY, headers: { a: '1\r\nb: 2' } }, /cannot be sent/],
    ['much', { url: URL_OF_KEY, headers: { a: 'x'.repeat(20_000) } }, /cannot be sent/],
    [
      'another type',
      { url: URL_OF_KEY, headers: { 'Content-Type': 'a/b' } },
      /changes.*content-type/,
    ],
    ['a header not sent', signed('host%3Bx-own'), /signed with the header x-own/],
    ['a header not signed', signed('host'), /signed without the header x-amz-meta-a/],
  ])('%s', async (_, given, message) => {
    const plan = script([STORED])
    const error = await failure(put(plan, given, { metadata: { a: 'b' } }))
    expect(error).toMatchObject({ code: 'protocol', retryable: false, attempts: 1, key: 'key' })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('hidden')
    expect(plan.sent).toHaveLength(0)
  })

  test('a part that lost its number, which would replace the object', async () => {
    for (const query of ['', '?uploadId=id', '?uploadId=id&partNumber=2']) {
      const plan = script([STORED])
      const sign = (): SignedRequest => ({ url: URL_OF_KEY + query })
      const upload = resumeUpload(client(plan, sign), { key: 'key', uploadId: 'id' })
      const error = await failure(upload.putPart(1, BODY))
      expect(error).toMatchObject({ code: 'protocol', uploadId: 'id' })
      expect(plan.sent).toHaveLength(0)
    }
  })

  test('the loopback needs no https', async () => {
    for (const url of ['http://127.0.0.1:9000/b/key', 'http://localhost/key']) {
      expect(await put(script([STORED]), { url })).toEqual({ etag: 'tag' })
    }
  })
})

describe('a sign function that fails', () => {
  const throwing =
    (error: unknown): SignFunction =>
    () =>
      Promise.reject(error)

  test.each<[string, unknown, string, number]>([
    ['what fetch throws', new TypeError('fetch failed'), 'network', 4],
    ['anything', new Error('no session'), 'unauthenticated', 1],
    ['no error at all', undefined, 'unauthenticated', 1],
    ['an own error', new SluiceError('slow-down', 'later'), 'slow-down', 4],
    ['an own error for good', new SluiceError('permission-denied', 'no'), 'permission-denied', 1],
    ['an absent route', new SluiceError('not-found', 'no route'), 'unauthenticated', 1],
    ['a time limit', new DOMException('', 'TimeoutError'), 'timeout', 4],
  ])('by %s', async (_, thrown, code, times) => {
    let asked = 0
    const sign: SignFunction = (...args) => {
      asked++
      return throwing(thrown)(...args)
    }
    const plan = script([])
    expect(await failure(getObject(client(plan, sign), 'key'))).toMatchObject({ code })
    expect(asked).toBe(times)
    expect(plan.sent).toHaveLength(0)
  })

  test('leaves nothing unknown: a failed condition is another’s then', async () => {
    const plan = script([answer(412, xmlError('PreconditionFailed'))])
    let asked = 0
    const sign: SignFunction = (request, options) =>
      asked++ === 0 ? Promise.reject(new TypeError('fetch failed')) : signer(request, options)
    const call = putObject(client(plan, sign), 'key', BODY, { ifNoneMatch: '*' })
    expect(await failure(call)).toMatchObject({ code: 'precondition-failed' })
    // That the question gets no answer (418) would be the error, if anything were unknown.
    expect(plan.sent.map(({ method }) => method)).toEqual(['PUT', 'HEAD'])
  })

  test('by never answering is ended by the time limit of the attempt', async () => {
    const clock = virtualClock()
    const signals: AbortSignal[] = []
    const sign: SignFunction = (_, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    const options = { clock, attemptTimeoutMs: 1000, retry: { attempts: 1 } }
    const call = failure(putObject(client(script([]), sign, options), 'key', BODY))
    await clock.advance(999)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    expect(await call).toMatchObject({
      code: 'timeout',
      message: 'PutObject of "key" in bucket "bucket" could not be signed within 1000 ms',
    })
    expect(signals[0]?.aborted).toBe(true)
  })

  test('by never answering is ended by the caller', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const sign: SignFunction = () => {
      queueMicrotask(() => controller.abort())
      return new Promise(() => {})
    }
    const call = putObject(client(script([]), sign), 'key', BODY, { signal })
    expect(await failure(call)).toMatchObject({ code: 'aborted' })
  })
})

test('no error holds a URL, whatever the runtime writes into it', async () => {
  const leaking: Step = (sent) =>
    Promise.reject(
      Object.assign(new TypeError(`error sending request for url (${sent.url})`), {
        path: String(sent.url),
        cause: { code: 'ECONNREFUSED' },
      }),
    )
  const plan = script([leaking, leaking, leaking, leaking])
  const error = await failure(putObject(client(plan), 'key', BODY))
  expect(error).toMatchObject({ code: 'network', attempts: 4 })
  const shown = inspect(error, { depth: 9, showHidden: true })
  expect(shown).toContain('ECONNREFUSED')
  expect(shown).not.toMatch(/X-Amz|s3\.test\//)
  const refused = script([answer(403, xmlError('SignatureDoesNotMatch'))])
  const other = await failure(putObject(client(refused), 'key', BODY))
  expect(inspect(other, { depth: 9, showHidden: true })).not.toMatch(/X-Amz|s3\.test\//)
  const thrower = script([], {
    fetch(url) {
      throw new TypeError(`Invalid URL: ${url}`)
    },
  })
  const thrown = await failure(putObject(client(thrower), 'key', BODY))
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toMatch(/X-Amz|s3\.test\//)
})
