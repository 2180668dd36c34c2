import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import {
  answer,
  cut,
  failure,
  found,
  type Script,
  type Step,
  script,
  xmlError,
} from './scripted-fetch.ts'

const BODY = new Uint8Array([1, 2, 3])
const STORED = answer(200, '', { etag: '"tag"' })

function put({ options }: Script): Promise<unknown> {
  return putObject(s3Client(options), 'key', BODY)
}

describe('retries', () => {
  test.each([
    ['a network error', cut],
    ['500', answer(500, xmlError('InternalError'))],
    ['503 SlowDown', answer(503, xmlError('SlowDown'))],
    ['429', answer(429)],
    ['409 ConditionalRequestConflict', answer(409, xmlError('ConditionalRequestConflict'))],
    ['400 RequestTimeout', answer(400, xmlError('RequestTimeout'))],
    ['502 with a web page', answer(502, '<html>Bad gateway')],
  ])('after %s', async (_, step) => {
    const plan = script([step, step, STORED])
    expect(await put(plan)).toEqual({ etag: 'tag' })
    expect(plan.sent.map((request) => request.body)).toEqual(Array(3).fill('\u0001\u0002\u0003'))
  })

  test.each([
    ['403 AccessDenied', answer(403, xmlError('AccessDenied')), 'permission-denied'],
    [
      '403 SignatureDoesNotMatch',
      answer(403, xmlError('SignatureDoesNotMatch')),
      'unauthenticated',
    ],
    ['404 NoSuchBucket', answer(404, xmlError('NoSuchBucket')), 'not-found'],
    ['412', answer(412, xmlError('PreconditionFailed')), 'precondition-failed'],
    ['501', answer(501, xmlError('NotImplemented')), 'not-supported'],
    ['400', answer(400, xmlError('InvalidArgument')), 'invalid-options'],
    ['409 ObjectParentIsFile', answer(409, xmlError('ObjectParentIsFile')), 'invalid-key'],
  ])('not after %s', async (_, step, code) => {
    const plan = script([step, STORED])
    expect(await failure(put(plan))).toMatchObject({
      code,
      retryable: false,
      attempts: 1,
      key: 'key',
    })
    expect(plan.sent).toHaveLength(1)
  })

  test('end with the last error, which says how often it was tried and what the server said', async () => {
    const step = answer(503, xmlError('SlowDown'), { 'x-amz-request-id': 'ID' })
    const plan = script([step, step, step, step])
    const error = await failure(put(plan))
    expect(error).toMatchObject({
      code: 'slow-down',
      attempts: 4,
      status: 503,
      serverCode: 'SlowDown',
      requestId: 'REQ',
    })
    expect(error.message).toBe(
      'PutObject of "key" in bucket "bucket" was answered 503 SlowDown "why"',
    )
  })

  test('sign each attempt afresh, with credentials asked for again', async () => {
    const clock = virtualClock()
    let asked = 0
    const credentials = (): {
      accessKeyId: string
      secretAccessKey: string
      sessionToken: string
    } => {
      asked++
      return {
        accessKeyId: `AKID${asked}`,
        secretAccessKey: 'SECRET',
        sessionToken: `token${asked}`,
      }
    }
    const slow: Step = () => {
      clock.setNow(clock.now() + 5000)
      return new Response(null, { status: 500 })
    }
    const plan = script([slow, STORED], { clock, credentials })
    await put(plan)
    const [first, second] = plan.sent
    expect(first?.headers.get('x-amz-date')).toBe('20260101T000000Z')
    expect(second?.headers.get('x-amz-date')).toBe('20260101T000005Z')
    expect(first?.headers.get('authorization')).toContain('Credential=AKID1/')
    expect(second?.headers.get('authorization')).toContain('Credential=AKID2/')
    expect(second?.headers.get('x-amz-security-token')).toBe('token2')
  })

  test('wait as long as Retry-After says', async () => {
    const waits: number[] = []
    const clock = { ...virtualClock(), sleep: async (ms: number) => void waits.push(ms) }
    const plan = script([answer(503, '', { 'retry-after': '7' }), STORED], { clock })
    await put(plan)
    expect(waits).toEqual([7000])
  })
})

describe('time', () => {
  test.each([
    ['the body', '<ServerTime>2026-01-01T01:00:00Z</ServerTime>', {}],
    ['the Date header', '', { date: 'Thu, 01 Jan 2026 01:00:00 GMT' }],
  ])(
    'a clock that is wrong is corrected from %s, also for later calls',
    async (_, more, headers) => {
      const skewed = answer(403, xmlError('RequestTimeTooSkewed', more), headers)
      const plan = script([skewed, STORED, STORED], { clock: virtualClock() })
      const client = s3Client(plan.options)
      await putObject(client, 'key', BODY)
      await putObject(client, 'key', BODY)
      expect(plan.sent.map((request) => request.headers.get('x-amz-date'))).toEqual([
        '20260101T000000Z',
        '20260101T010000Z',
        '20260101T010000Z',
      ])
    },
  )

  test('a server that still complains is believed', async () => {
    const step = answer(
      403,
      xmlError('RequestTimeTooSkewed', '<ServerTime>2026-01-01T01:00:00Z</ServerTime>'),
    )
    const plan = script([step, step, STORED], { clock: virtualClock() })
    expect(await failure(put(plan))).toMatchObject({ code: 'clock-skew', retryable: false })
    expect(plan.sent).toHaveLength(2)
  })

  test('an attempt without an answer ends, and is made again', async () => {
    const clock = virtualClock()
    const hang: Step = (_, init) =>
      new Promise((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        void clock.advance(1000)
      })
    const plan = script([hang, hang, hang, hang], { clock, attemptTimeoutMs: 1000 })
    const failing = failure(put(plan))
    expect(await failing).toMatchObject({ code: 'timeout', attempts: 4, retryable: true })
    expect(clock.pending).toBe(0)
  })

  test('the caller’s signal ends an attempt and is told from a time limit', async () => {
    const controller = new AbortController()
    const hang: Step = (_, init) =>
      new Promise((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        controller.abort(new Error('enough'))
      })
    const { options } = script([hang])
    const call = putObject(s3Client(options), 'key', BODY, { signal: controller.signal })
    expect(await failure(call)).toMatchObject({ code: 'aborted', cause: new Error('enough') })
  })
})

test('no timer is left behind, whatever the end', async () => {
  const clock = virtualClock()
  await put(script([cut, STORED], { clock }))
  await failure(put(script([answer(403)], { clock })))
  expect(clock.pending).toBe(0)
})

test('no listener is left on a signal that outlives many calls', async () => {
  const { signal } = new AbortController()
  for (const steps of [
    [STORED],
    [cut, STORED],
    [answer(503), answer(503), STORED],
    [answer(403)],
  ]) {
    const { options } = script(steps)
    const call = putObject(s3Client(options), 'key', BODY, { signal })
    await call.catch(() => {})
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  }
})

test('a refusal that never ends is read no further than it may say something, and let go', async () => {
  let pulled = 0
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled += 8192
      controller.enqueue(new Uint8Array(8192))
    },
    cancel() {
      cancelled = true
    },
  })
  const error = await failure(put(script([() => new Response(body, { status: 403 })])))
  expect(error).toMatchObject({ code: 'permission-denied', status: 403 })
  expect(cancelled).toBe(true)
  expect(pulled).toBeLessThan(100 * 1024)
})

describe('what is sent', () => {
  test('no header is signed that others change on the way, such as Accept-Encoding', async () => {
    const plan = script([STORED, found()])
    await put(plan)
    await headObject(s3Client(plan.options), 'key')
    const signed = plan.sent.map(({ headers }) =>
      /SignedHeaders=([^,]*)/.exec(headers.get('authorization') ?? '')?.[1]?.split(';'),
    )
    for (const names of signed) {
      expect(names).toContain('host')
      expect(names?.filter((name) => name !== 'host' && !name.startsWith('x-amz-'))).toEqual([])
    }
  })

  test('redirects are not followed: the region that they name is told', async () => {
    const moved = answer(301, xmlError('PermanentRedirect'), { 'x-amz-bucket-region': 'eu-west-3' })
    const modes: unknown[] = []
    const plan = script([
      (sent, init) => {
        modes.push(init.redirect)
        return moved(sent, init)
      },
    ])
    const error = await failure(put(plan))
    expect(error).toMatchObject({ code: 'invalid-options', region: 'eu-west-3' })
    expect(error.message).toContain('the bucket is in region eu-west-3: set it')
    expect(modes).toEqual(['manual'])
  })

  test('the payload is signed where somebody on the way could change it', async () => {
    const hash = async (
      endpoint: string,
      body: Uint8Array<ArrayBuffer> | Blob,
    ): Promise<unknown> => {
      const plan = script([STORED], { endpoint, allowInsecure: true })
      await putObject(s3Client(plan.options), 'key', body)
      return plan.sent[0]?.headers.get('x-amz-content-sha256')
    }
    const digest = '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81'
    expect(await hash('https://s3.test', BODY)).toBe('UNSIGNED-PAYLOAD')
    expect(await hash('http://localhost', BODY)).toBe('UNSIGNED-PAYLOAD')
    expect(await hash('http://s3.test', BODY)).toBe(digest)
    expect(await hash('http://s3.test', new Blob([BODY]))).toBe(digest)
  })

  test('reads ask no cache, writes do not say so: it would be kept with the object', async () => {
    const caches: unknown[] = []
    const note =
      (step: Step): Step =>
      (sent, init) => {
        caches.push(init.cache)
        return step(sent, init)
      }
    const plan = script([note(STORED), note(found()), note(answer(404))])
    const client = s3Client(plan.options)
    await putObject(client, 'key', BODY)
    await headObject(client, 'key')
    await getObject(client, 'key')
    expect(caches).toEqual([undefined, 'no-store', 'no-store'])
  })

  test.each([{ 'x-a': 'ü' }, { 'x-a': 'a\nb' }, { 'x a': 'b' }, { 'X-A': 'b' }])(
    'a header that would be sent otherwise than it is signed is refused: %j',
    async (headers) => {
      const plan = script([STORED])
      const call = s3Client(plan.options).send({
        operation: 'PutObject',
        method: 'PUT',
        key: 'key',
        headers: headers as Record<string, string>,
        read: async () => undefined,
      })
      expect(await failure(call)).toMatchObject({ code: 'invalid-options', key: 'key' })
      expect(plan.sent).toHaveLength(0)
    },
  )

  test.each(['', '.', 'a/../b', 'a/.', '\ud800', 'a\nb', 'ü'.repeat(513)])(
    'the key %j is refused',
    async (key) => {
      const plan = script([STORED])
      const call = putObject(s3Client(plan.options), key, BODY)
      expect(await failure(call)).toMatchObject({ code: 'invalid-key' })
      expect(plan.sent).toHaveLength(0)
    },
  )
})

describe('credentials', () => {
  const secrets = /SECRET|s3ss10n/

  test('show neither in the client nor in an error', async () => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 's3ss10n' }
    const refusals = [cut, cut, cut, cut, answer(403, xmlError('SignatureDoesNotMatch'))]
    const plan = script(refusals, { credentials })
    const client: S3Client = s3Client(plan.options)
    const shown = [
      inspect(client, { depth: 9, showHidden: true }),
      JSON.stringify(client),
      String(client),
    ]
    for (const text of shown) expect(text).not.toMatch(secrets)
    for (let n = 0; n < 2; n++) {
      const error = await failure(putObject(client, 'key', BODY))
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(secrets)
      expect(JSON.stringify(error)).not.toMatch(secrets)
    }
  })

  test('that lack a part are refused at once', () => {
    const { options } = script([])
    for (const part of ['accessKeyId', 'secretAccessKey']) {
      const credentials = { ...(options.credentials as object), [part]: '' } as never
      expect(() => s3Client({ ...options, credentials })).toThrowError(
        expect.objectContaining({ code: 'unauthenticated' }),
      )
    }
  })

  test('whose provider fails are an error without a request', async () => {
    const plan = script([], { credentials: () => Promise.reject(new Error('no metadata service')) })
    expect(await failure(put(plan))).toMatchObject({ code: 'unauthenticated' })
    expect(plan.sent).toHaveLength(0)
  })
})
