/** What plain JavaScript, or a slip, may give: refused by name before anything is sent. */
import { describe, expect, test } from 'vitest'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { appendObject } from '../../src/s3/compose.ts'
import { deleteObjects } from '../../src/s3/delete-objects.ts'
import { getObject, putObject } from '../../src/s3/objects.ts'
import { put } from '../../src/s3/put.ts'
import { answer, failure, script } from './scripted-fetch.ts'

const BODY = new Uint8Array([1, 2, 3])

describe('nothing is sent for', () => {
  test.each<readonly [string, (client: S3Client) => Promise<unknown>]>([
    ['a text as the body of putObject', (client) => putObject(client, 'key', 'text' as never)],
    ['numbers of two bytes', (client) => putObject(client, 'key', new Uint16Array(2) as never)],
    ['a text that is appended', (client) => appendObject(client, 'key', 'text' as never)],
    [
      'both conditions',
      (client) => putObject(client, 'key', BODY, { ifNoneMatch: '*', ifMatch: 'a' }),
    ],
    [
      'a line break in metadata',
      (client) => putObject(client, 'key', BODY, { metadata: { a: 'b\nc' } }),
    ],
    ...[
      { start: -5 },
      { start: Number.NaN },
      { start: 1.5 },
      { start: 3, end: 3 },
      { start: 0, end: Number.POSITIVE_INFINITY },
    ].map(
      (range) =>
        [
          `the range ${JSON.stringify(range)}`,
          (client: S3Client) => getObject(client, 'key', { range }),
        ] as const,
    ),
  ])('%s', async (_, call) => {
    const plan = script([])
    const error = await failure(call(s3Client(plan.options)))
    expect(error).toMatchObject({ code: 'invalid-options', key: 'key' })
    expect(plan.sent).toEqual([])
  })

  test('an endpoint that holds the bucket', () => {
    const { options } = script([])
    const endpoint = `https://s3.example.com/${options.bucket}`
    expect(() => s3Client({ ...options, endpoint })).toThrow(/ends in the bucket's name/)
  })
})

test('a text is one key to deleteObjects', async () => {
  const plan = script([answer(204)])
  expect(await deleteObjects(s3Client(plan.options), 'ab')).toEqual({ deleted: 1, failed: [] })
  expect(plan.sent.map(({ url }) => new URL(url).pathname.endsWith('/ab'))).toEqual([true])
})

test("put sends a Blob's own type", async () => {
  const plan = script([answer(200, '', { etag: '"tag"' })])
  await put(s3Client(plan.options), 'key', new Blob([BODY], { type: 'image/png' }))
  expect(plan.sent[0]?.headers.get('content-type')).toBe('image/png')
})
