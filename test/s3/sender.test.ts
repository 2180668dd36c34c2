import { expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { s3Client } from '../../src/s3/client.ts'
import { headObject, putObject } from '../../src/s3/objects.ts'
import { answer, failure, found, script, xmlError } from './scripted-fetch.ts'

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
