import { describe, expect, test, vi } from 'vitest'
import type { GetOptions } from '../../src/contracts/index.ts'
import { s3Client } from '../../src/s3/client.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.ts'
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

const BODY = new Uint8Array([1, 2, 3, 4, 5])
const STORED = answer(200, '', { etag: '"tag"' })
const EXISTS = answer(412, xmlError('PreconditionFailed'))

/** Answers a HEAD with the mark of the first PUT of the script, as the server would that had kept it. */
function foundOurs(plan: () => Script): Step {
  return (sent, init) => {
    const mark = plan().sent[0]?.headers.get('x-amz-meta-sluice-write')
    return found({ 'x-amz-meta-sluice-write': mark ?? 'none', etag: '"ours"' })(sent, init)
  }
}

function create(plan: Script): Promise<unknown> {
  return putObject(s3Client(plan.options), 'key', BODY, { ifNoneMatch: '*' })
}

describe('a conditional put whose first answer was lost', () => {
  test.each([
    ['a reset', cut],
    ['a 500', answer(500, xmlError('InternalError'))],
  ])('is a success after %s when the object is its own', async (_, lost) => {
    const plan: Script = script([lost, EXISTS, (...args) => foundOurs(() => plan)(...args)])
    expect(await create(plan)).toEqual({ etag: 'ours' })
    expect(plan.sent.map((request) => request.method)).toEqual(['PUT', 'PUT', 'HEAD'])
  })

  test('is refused when the object is another’s', async () => {
    const others = found({ 'x-amz-meta-sluice-write': '0123456789abcdef0123456789abcdef' })
    for (const head of [others, found(), answer(404)]) {
      const plan = script([cut, EXISTS, head])
      expect(await failure(create(plan))).toMatchObject({
        code: 'precondition-failed',
        status: 412,
      })
    }
  })

  test('is told as unknown when the object cannot be asked', async () => {
    const plan = script([cut, EXISTS, answer(403)])
    expect(await failure(create(plan))).toMatchObject({ code: 'permission-denied' })
  })

  test('works for ifMatch too', async () => {
    const plan: Script = script([cut, EXISTS, (...args) => foundOurs(() => plan)(...args)])
    const call = putObject(s3Client(plan.options), 'key', BODY, { ifMatch: 'old' })
    expect(await call).toEqual({ etag: 'ours' })
    expect(plan.sent[0]?.headers.get('if-match')).toBe('"old"')
  })
})

describe('put', () => {
  test('a condition that fails at once may have failed for a request that the runtime made twice', async () => {
    const plan: Script = script([EXISTS, (...args) => foundOurs(() => plan)(...args)])
    expect(await create(plan)).toEqual({ etag: 'ours' })
    for (const head of [found(), answer(404), answer(403)]) {
      const others = script([EXISTS, head])
      expect(await failure(create(others))).toMatchObject({
        code: 'precondition-failed',
        attempts: 1,
      })
      expect(others.sent.map((request) => request.method)).toEqual(['PUT', 'HEAD'])
    }
  })

  test('a conflict of writers is tried again and is never "exists"', async () => {
    const conflict = answer(409, xmlError('ConditionalRequestConflict'))
    expect(await create(script([conflict, STORED]))).toEqual({ etag: 'tag' })
    const plan = script([conflict, conflict, conflict, conflict])
    expect(await failure(create(plan))).toMatchObject({ code: 'conflict', retryable: true })
  })

  test('ifMatch of an absent key fails the same whether the server says 404 or 412', async () => {
    for (const step of [answer(404, xmlError('NoSuchKey')), EXISTS]) {
      const { options } = script([step])
      const call = putObject(s3Client(options), 'key', BODY, { ifMatch: 'old' })
      expect(await failure(call)).toMatchObject({ code: 'precondition-failed', key: 'key' })
    }
    const { options } = script([answer(404, xmlError('NoSuchBucket'))])
    const call = putObject(s3Client(options), 'key', BODY, { ifMatch: 'old' })
    expect(await failure(call)).toMatchObject({ code: 'not-found' })
  })

  test('an answer without an ETag is no success', async () => {
    const plan = script([answer(200)])
    const error = await failure(putObject(s3Client(plan.options), 'key', BODY))
    expect(error).toMatchObject({ code: 'protocol', retryable: false })
    expect(error.message).toContain('ExposeHeaders: ETag')
  })

  test('without a condition there is no mark, and the content type is always said', async () => {
    const plan = script([STORED])
    await putObject(s3Client(plan.options), 'key', new Blob([BODY], { type: 'text/x' }))
    expect(plan.sent[0]?.headers.get('content-type')).toBe('application/octet-stream')
    expect(plan.sent[0]?.headers.has('x-amz-meta-sluice-write')).toBe(false)
  })
})

describe('get', () => {
  test('a body of the declared length is read', async () => {
    expect(await read([stored('abcde')])).toBe('abcde')
  })

  test('a body that fetch has decoded may have another length', async () => {
    expect(await read([stored('much longer', { 'content-encoding': 'gzip' })])).toBe('much longer')
  })

  test('more bytes than were declared are an error', async () => {
    const error = await failure(read([stored('abcdef')]))
    expect(error).toMatchObject({ code: 'protocol', retryable: false, key: 'key' })
  })

  test.each(['NoSuchKey', 'NoSuchVersion'])('404 %s is an absent key', async (code) => {
    const { options } = script([answer(404, xmlError(code))])
    expect(await getObject(s3Client(options), 'key')).toBeUndefined()
  })

  test.each([
    ['NoSuchBucket', 'not-found'],
    // versitygw, of an access key that it does not know.
    ['XAdminUserNotFound', 'unauthenticated'],
  ])('404 %s is an error', async (serverCode, code) => {
    const { options } = script([answer(404, xmlError(serverCode))])
    expect(await failure(getObject(s3Client(options), 'key'))).toMatchObject({ code, serverCode })
  })
})

describe('get of a range', () => {
  test('the size is that of the whole object', async () => {
    const plan = script([part('bc', 'bytes 1-2/5')])
    const object = await getObject(s3Client(plan.options), 'key', { range: { start: 1, end: 3 } })
    expect(object?.info.sizeBytes).toBe(5)
    expect(await new Response(object?.body).text()).toBe('bc')
    expect(plan.sent[0]?.headers.get('range')).toBe('bytes=1-2')
  })

  test('its length is that of the range, where the answer comes in chunks', async () => {
    const chunked = part('bc', 'bytes 1-2/5', { 'content-length': undefined })
    expect(await read([chunked], { range: { start: 1, end: 3 } })).toBe('bc')
  })

  test('an end behind the last byte is cut to it', async () => {
    expect(await read([part('de', 'bytes 3-4/5')], { range: { start: 3, end: 99 } })).toBe('de')
    expect(await read([part('de', 'bytes 3-4/5')], { range: { start: 3 } })).toBe('de')
  })

  test.each([
    ['the whole', stored('abcde')],
    ['the whole, called a part', part('abcde', 'bytes 0-4/5')],
    ['another range', part('de', 'bytes 3-4/5')],
    ['a shorter range', part('b', 'bytes 1-1/5')],
    ['a longer range', part('bcd', 'bytes 1-3/5')],
    ['a range of nobody knows what', part('bc', 'bytes 1-2/*')],
    ['a part that does not say which', part('bc', undefined)],
  ])('%s is refused', async (_, step) => {
    const error = await failure(read([step], { range: { start: 1, end: 3 } }))
    expect(error).toMatchObject({ code: 'protocol', retryable: false, key: 'key' })
  })

  test('a coding that no fetch knows is none', async () => {
    const headers = { 'content-encoding': 'aws-chunked' }
    const plan = script([
      part('bc', 'bytes 1-2/5', headers),
      stored('ab', headers),
      part('cde', 'bytes 2-4/5'),
    ])
    const client = s3Client(plan.options)
    const some = await getObject(client, 'key', { range: { start: 1, end: 3 } })
    expect(await new Response(some?.body ?? null).text()).toBe('bc')
    const object = await getObject(client, 'key')
    expect(object?.decoded).toBe(false)
    expect(await new Response(object?.body ?? null).text()).toBe('abcde')
  })

  test('no decoder reads a part of a compressed body', async () => {
    const step = part('bc', 'bytes 1-2/5', { 'content-encoding': 'gzip' })
    const error = await failure(read([step], { range: { start: 1, end: 3 } }))
    expect(error).toMatchObject({ code: 'not-supported', key: 'key' })
  })
})

describe('a body that is cut short', () => {
  test.each([
    ['ends', stored('ab')],
    ['breaks', broken('ab')],
  ])('goes on with the same version when it %s', async (_, first) => {
    const plan = script([
      first,
      cut,
      answer(503),
      part('c', 'bytes 2-4/5'),
      part('de', 'bytes 3-4/5'),
    ])
    expect(await readAll(plan)).toBe('abcde')
    expect(plan.sent.map(({ headers }) => [headers.get('range'), headers.get('if-match')])).toEqual(
      [
        [null, null],
        ['bytes=2-4', '"tag"'],
        ['bytes=2-4', '"tag"'],
        ['bytes=2-4', '"tag"'],
        ['bytes=3-4', '"tag"'],
      ],
    )
  })

  test('takes no other version from a server that ignores the condition', async () => {
    const other = { etag: '"other"' }
    const plan = script([broken('ab'), part('XYZ', 'bytes 2-4/5', other)])
    const error = await failure(readAll(plan))
    expect(error).toMatchObject({ code: 'precondition-failed', key: 'key' })
    const ignoring = script([stored('abcde', other)])
    const get = getObject(s3Client(ignoring.options), 'key', { ifMatch: 'tag' })
    expect(await failure(get)).toMatchObject({ code: 'precondition-failed' })
  })

  test('can be cancelled while the rest is asked for', async () => {
    const plan = script([broken('ab'), () => new Promise(() => {})])
    const object = await getObject(s3Client(plan.options), 'key')
    const reader = object?.body.getReader()
    await reader?.read()
    const rest = reader?.read()
    await vi.waitFor(() => expect(plan.sent).toHaveLength(2))
    await reader?.cancel()
    expect(await rest).toMatchObject({ done: true })
  })

  test('is not asked for again once nobody wants it', async () => {
    let cancelled = 0
    const quiet: Step = (sent, init) => {
      const { headers } = stored('abcde')(sent, init) as Response
      const body = new ReadableStream({
        cancel() {
          cancelled++
        },
      })
      return new Response(body, { headers })
    }
    const plan = script([quiet, found(), found()])
    const client = s3Client(plan.options)
    const reader = (await getObject(client, 'key'))?.body.getReader()
    const waiting = reader?.read()
    for (let i = 0; i < 100; i++) await Promise.resolve()
    await reader?.cancel()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(cancelled).toBe(1)
    // A request of the read that was cut short would be out before these.
    for (let i = 0; i < 2; i++) await headObject(client, 'key')
    expect(plan.sent.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'HEAD'])
  })

  test('goes on within the range that was asked for', async () => {
    const plan = script([part('b', 'bytes 1-3/5'), part('cd', 'bytes 2-3/5')])
    expect(await readAll(plan, { range: { start: 1, end: 4 } })).toBe('bcd')
    expect(plan.sent[1]?.headers.get('range')).toBe('bytes=2-3')
  })

  test('ends with the refusal when the object is another by now, and when it is gone', async () => {
    for (const [refusal, code] of [
      [answer(412, xmlError('PreconditionFailed')), 'precondition-failed'],
      [answer(404, xmlError('NoSuchKey')), 'not-found'],
    ] as const) {
      const error = await failure(read([stored('ab'), refusal]))
      expect(error).toMatchObject({ code, key: 'key' })
    }
  })

  test('comes to an end when nothing more ever comes', async () => {
    const nothing = part('', 'bytes 2-4/5')
    const plan = script([stored('ab'), ...Array.from({ length: 9 }, () => nothing)])
    const error = await failure(readAll(plan))
    expect(error).toMatchObject({ code: 'network', key: 'key', attempts: 4 })
    expect(plan.sent).toHaveLength(5)
  })

  test('is not gone on with where the server answers other bytes', async () => {
    const error = await failure(read([stored('ab'), stored('abcde')]))
    expect(error).toMatchObject({ code: 'protocol' })
  })

  test('is an error where fetch decodes it, as its length says nothing', async () => {
    const plan = script([broken('ab', { 'content-encoding': 'gzip' })])
    expect(await failure(readAll(plan))).toMatchObject({ code: 'network', key: 'key' })
    expect(plan.sent).toHaveLength(1)
  })

  test('is not gone on with when its reader has aborted', async () => {
    const abort = new AbortController()
    const plan = script([broken('ab', {}, () => abort.abort())])
    const error = await failure(readAll(plan, { signal: abort.signal }))
    expect(error).toMatchObject({ code: 'aborted' })
    expect(plan.sent).toHaveLength(1)
  })
})

describe('a body that falls silent', () => {
  const silent = (chunk: string, headers = {}): { step: Step; cancelled(): boolean } => {
    let cancelled = false
    const step = () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(chunk)),
          cancel: () => {
            cancelled = true
          },
        }),
        { headers: { ...STORED_HEADERS, ...headers } },
      )
    return { step, cancelled: () => cancelled }
  }
  /** Reads `ab`, and then with nothing in sight lets the time limit pass. */
  async function readSilently(plan: (clock: VirtualClock) => Script): Promise<string> {
    const clock = virtualClock()
    const object = await getObject(s3Client(plan(clock).options), 'key')
    const reader = object?.body.getReader()
    const text = new TextDecoder().decode((await reader?.read())?.value)
    const [rest] = await Promise.all([reader?.read(), clock.advance(5_000)])
    return text + new TextDecoder().decode(rest?.value)
  }

  test('is let go and gone on with elsewhere', async () => {
    const first = silent('ab')
    const steps = [first.step, part('cde', 'bytes 2-4/5')]
    const text = await readSilently((clock) => script(steps, { clock, attemptTimeoutMs: 5_000 }))
    expect(text).toBe('abcde')
    expect(first.cancelled()).toBe(true)
  })

  test('is a timeout where it cannot be gone on with', async () => {
    const first = silent('ab', { 'content-encoding': 'gzip' })
    const call = readSilently((clock) => script([first.step], { clock, attemptTimeoutMs: 5_000 }))
    expect(await failure(call)).toMatchObject({ code: 'timeout', key: 'key' })
    expect(first.cancelled()).toBe(true)
  })
})

const STORED_HEADERS = {
  etag: '"tag"',
  'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
  'content-length': '5',
}

function read(steps: readonly Step[], options: GetOptions = {}): Promise<string> {
  return readAll(script(steps), options)
}

async function readAll(plan: Script, options: GetOptions = {}): Promise<string> {
  const object = await getObject(s3Client(plan.options), 'key', options)
  if (!object) throw new Error('nothing found')
  // Chunk by chunk, since a Response tells a broken body in words of its own.
  let text = ''
  for await (const chunk of object.body) text += new TextDecoder().decode(chunk)
  return text
}

/** An object of five bytes, as far as the headers say. */
function stored(body: string, headers: Record<string, string> = {}): Step {
  return answer(200, body, { ...STORED_HEADERS, ...headers })
}

function part(
  body: string,
  range: string | undefined,
  headers: Record<string, string | undefined> = {},
): Step {
  const all = {
    ...STORED_HEADERS,
    'content-length': String(body.length),
    'content-range': range,
    ...headers,
  }
  return answer(206, body, JSON.parse(JSON.stringify(all)))
}

function broken(
  chunk: string,
  headers: Record<string, string> = {},
  onBreak = (): void => {},
): Step {
  return () => {
    const body = new ReadableStream(
      {
        start: (controller) => controller.enqueue(new TextEncoder().encode(chunk)),
        pull(controller) {
          onBreak()
          controller.error(new TypeError('terminated'))
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { ...STORED_HEADERS, ...headers } })
  }
}

test('a HEAD is judged by its status, as it has no body', async () => {
  for (const [status, code] of [
    [403, 'permission-denied'],
    [412, 'precondition-failed'],
    [400, 'invalid-options'],
  ] as const) {
    const { options } = script([answer(status)])
    expect(await failure(headObject(s3Client(options), 'key'))).toMatchObject({ code, status })
  }
  expect(await headObject(s3Client(script([answer(404)]).options), 'key')).toBeUndefined()
})

describe('copy', () => {
  const copied = answer(200, '<CopyObjectResult><ETag>"tag"</ETag></CopyObjectResult>')

  test('200 with an <Error>, an empty body or half a body is no success', async () => {
    const steps = [
      answer(200, xmlError('SlowDown')),
      answer(200),
      answer(200, '<CopyObjectResult><ETag>"tag"</ETag>'),
      copied,
    ]
    const plan = script(steps)
    expect(await copyObject(s3Client(plan.options), 'from ü', 'to')).toEqual({ etag: 'tag' })
    expect(plan.sent).toHaveLength(4)
    expect(plan.sent[0]?.headers.get('x-amz-copy-source')).toBe('/bucket/from%20%C3%BC')
  })

  test('an absent source is named', async () => {
    const { options } = script([answer(404, xmlError('NoSuchKey'))])
    const error = await failure(copyObject(s3Client(options), 'from', 'to'))
    expect(error).toMatchObject({ code: 'not-found', key: 'from' })
  })

  test('a condition makes it a multipart copy of the version that was seen, aborted when it fails', async () => {
    const plan = script([
      found({ 'x-amz-meta-a': 'b', 'content-type': 'text/csv' }),
      answer(
        200,
        '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
      ),
      answer(412, xmlError('PreconditionFailed')),
      answer(204),
    ])
    const call = copyObject(s3Client(plan.options), 'from', 'to', { ifNoneMatch: '*' })
    // Not precondition-failed: it was the source that changed, not the caller's condition that failed.
    expect(await failure(call)).toMatchObject({ code: 'conflict', retryable: true, key: 'from' })
    const [, begun, part, aborted] = plan.sent
    expect(begun?.headers.get('x-amz-meta-a')).toBe('b')
    expect(begun?.headers.get('content-type')).toBe('text/csv')
    expect(part?.headers.get('x-amz-copy-source-if-match')).toBe('"tag"')
    // AWS takes a range of an object of more than 5 MB alone.
    expect(part?.headers.has('x-amz-copy-source-range')).toBe(false)
    expect(`${aborted?.method} ${aborted?.url.search}`).toBe('DELETE ?uploadId=id')
  })

  const GIB = 1024 ** 3
  const begun = answer(
    200,
    '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
  )
  const partCopied = answer(200, '<CopyPartResult><ETag>"part"</ETag></CopyPartResult>')
  const completed = answer(
    200,
    '<CompleteMultipartUploadResult><ETag>"tag-6"</ETag></CompleteMultipartUploadResult>',
  )
  const large = found({ 'content-length': String(5.5 * GIB), 'content-type': 'text/csv' })

  test.each([
    ['AWS', answer(400, xmlError('InvalidRequest'))],
    ['others', answer(400, xmlError('EntityTooLarge'))],
  ])('what is too large for one request (as %s say) is copied in parts', async (_, refusal) => {
    const parts = Array.from({ length: 6 }, () => partCopied)
    const plan = script([refusal, large, begun, ...parts, completed])
    expect(await copyObject(s3Client(plan.options), 'from', 'to')).toEqual({ etag: 'tag-6' })
    expect(plan.sent[2]?.headers.get('content-type')).toBe('text/csv')
    const partOf = (url: URL): number => Number(url.searchParams.get('partNumber'))
    const sent = plan.sent.slice(3, 9).sort((a, b) => partOf(a.url) - partOf(b.url))
    const ranges = sent.map(({ headers }) => {
      expect(headers.get('x-amz-copy-source-if-match')).toBe('"tag"')
      return headers.get('x-amz-copy-source-range')
    })
    expect(ranges[0]).toBe(`bytes=0-${GIB - 1}`)
    expect(ranges[5]).toBe(`bytes=${5 * GIB}-${5.5 * GIB - 1}`)
    expect(plan.sent).toHaveLength(10)
  })

  test('another refusal of that name stands, where the size does not explain it', async () => {
    const plan = script([answer(400, xmlError('InvalidRequest')), found()])
    expect(await failure(copyObject(s3Client(plan.options), 'from', 'to'))).toMatchObject({
      code: 'invalid-options',
      serverCode: 'InvalidRequest',
    })
    expect(plan.sent).toHaveLength(2)
  })

  test('an upload that cannot be aborted is named', async () => {
    const plan = script([found(), begun, answer(403), answer(403)])
    const call = copyObject(s3Client(plan.options), 'from', 'to', { ifNoneMatch: '*' })
    expect(await failure(call)).toMatchObject({ code: 'permission-denied', uploadId: 'id' })
    expect((await failure(call)).message).toContain('stays open as id')
  })
})
