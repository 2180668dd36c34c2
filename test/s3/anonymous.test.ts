import { expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { headObject, putObject } from '../../src/s3/objects.ts'
import { answer, found, script } from './scripted-fetch.ts'

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
