import { describe, expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
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
  test('a condition that fails at once needs no question', async () => {
    const plan = script([EXISTS])
    expect(await failure(create(plan))).toMatchObject({ code: 'precondition-failed', attempts: 1 })
    expect(plan.sent).toHaveLength(1)
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
  const headers = {
    etag: '"tag"',
    'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
    'content-length': '5',
  }
  async function read(step: Step, options = {}): Promise<string> {
    const object = await getObject(s3Client(script([step]).options), 'key', options)
    if (!object) throw new Error('nothing found')
    return new Response(object.body).text()
  }

  test.each([
    ['shorter', 'abcd'],
    ['empty', ''],
    ['longer', 'abcdef'],
  ])('a body that is %s than declared is an error', async (_, body) => {
    const error = await failure(read(answer(200, body, headers)))
    expect(error).toMatchObject({ code: 'network', retryable: true, key: 'key' })
  })

  test('a body of the declared length is read', async () => {
    expect(await read(answer(200, 'abcde', headers))).toBe('abcde')
  })

  test('a body that fetch has decoded may have another length', async () => {
    const decoded = answer(200, 'much longer', { ...headers, 'content-encoding': 'gzip' })
    expect(await read(decoded)).toBe('much longer')
  })

  test('a connection that breaks is an error that names the key', async () => {
    const broken: Step = () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('ab')),
        pull: (controller) => controller.error(new TypeError('terminated')),
      })
      return new Response(body, { headers })
    }
    expect(await failure(read(broken))).toMatchObject({ code: 'network', key: 'key' })
  })

  test('the size of a part’s object is the whole one', async () => {
    const part = answer(206, 'bc', {
      ...headers,
      'content-length': '2',
      'content-range': 'bytes 1-2/5',
    })
    const plan = script([part])
    const object = await getObject(s3Client(plan.options), 'key', { range: { start: 1, end: 3 } })
    expect(object?.info.sizeBytes).toBe(5)
    expect(await new Response(object?.body).text()).toBe('bc')
    expect(plan.sent[0]?.headers.get('range')).toBe('bytes=1-2')
  })

  test('the whole in place of a range is refused', async () => {
    const error = await failure(read(answer(200, 'abcde', headers), { range: { start: 1 } }))
    expect(error).toMatchObject({ code: 'protocol' })
  })

  test.each(['NoSuchKey', 'NoSuchVersion'])('404 %s is an absent key', async (code) => {
    const { options } = script([answer(404, xmlError(code))])
    expect(await getObject(s3Client(options), 'key')).toBeUndefined()
  })

  test('404 NoSuchBucket is an error', async () => {
    const { options } = script([answer(404, xmlError('NoSuchBucket'))])
    expect(await failure(getObject(s3Client(options), 'key'))).toMatchObject({ code: 'not-found' })
  })
})

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
    expect(part?.headers.get('x-amz-copy-source-range')).toBe('bytes=0-4')
    expect(`${aborted?.method} ${aborted?.url.search}`).toBe('DELETE ?uploadId=id')
  })
})
