import { expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { s3Client } from '../../src/s3/client.ts'
import { resumeUpload } from '../../src/s3/multipart.ts'
import { headObject, putObject } from '../../src/s3/objects.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, failure, found, type Step, script, xmlError } from './scripted-fetch.ts'

test('anonymous requests go out unsigned, to the same places and by the same rules', async () => {
  const stored = answer(200, '', { etag: '"tag"' })
  const plan = script([answer(503), found(), stored], { credentials: 'anonymous' })
  const client = s3Client(plan.options)
  expect(await headObject(client, 'a b')).toMatchObject({ sizeBytes: 5 })
  await putObject(client, 'key', new Uint8Array([1]))
  expect(plan.sent.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'HEAD /bucket/a%20b',
    'HEAD /bucket/a%20b',
    'PUT /bucket/key',
  ])
  for (const { headers, url } of plan.sent) {
    expect([...headers.keys()].filter((name) => /auth|amz/.test(name))).toEqual([])
    expect(url.search).toBe('')
  }
})

test('a failure to get new credentials, after the server has refused the old ones, leaves nothing unknown', async () => {
  const given = {
    accessKeyId: 'AKID',
    secretAccessKey: 'SECRET',
    expiration: new Date(Date.now() + 3_600_000),
  }
  let asked = 0
  const credentials = (): typeof given => {
    if (asked++ === 1) throw new SluiceError('network', 'no answer')
    return given
  }
  const stored = answer(200, '', { etag: '"tag"' })
  const exists = answer(412, xmlError('PreconditionFailed'))
  const plan = script([stored, answer(403, xmlError('ExpiredToken')), exists], { credentials })
  const client = s3Client(plan.options)
  await putObject(client, 'key', new Uint8Array())
  const call = putObject(client, 'key', new Uint8Array([1]), { ifNoneMatch: '*' })
  expect(await failure(call)).toMatchObject({ code: 'precondition-failed' })
  // That the question gets no answer (418) would be the error, if anything were unknown.
  expect(plan.sent.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'HEAD'])
})

test('a completion that S3 is long about has time while spaces come', async () => {
  const clock = virtualClock()
  let sent = (): void => {}
  // Signing takes turns of its own, as many as it likes.
  const sending = new Promise<void>((resolve) => {
    sent = resolve
  })
  const spaces = (count: number): Step => {
    const text = new TextEncoder()
    return (_, { signal }) => {
      sent()
      return new Response(
        new ReadableStream({
          async pull(controller) {
            if (count-- > 0) {
              await clock.sleep(20_000, signal ?? undefined)
              return controller.enqueue(text.encode(' '))
            }
            const root = 'CompleteMultipartUploadResult'
            controller.enqueue(text.encode(`<${root}><ETag>"tag-1"</ETag></${root}>`))
            controller.close()
          },
        }),
      )
    }
  }
  const complete = (step: Step): Promise<unknown> => {
    const client = s3Client(script([step], { clock, retry: { attempts: 1 } }).options)
    return resumeUpload(client, { key: 'key', uploadId: 'id' }).complete([
      { partNumber: 1, etag: 'part', sizeBytes: 5 },
    ])
  }
  const outcome = Promise.allSettled([complete(spaces(30))])
  await sending
  for (let n = 0; n < 35; n++) {
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(20_000)
  }
  expect(await outcome).toMatchObject([{ value: { etag: 'tag-1' } }])
})
