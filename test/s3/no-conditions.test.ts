import { describe, expect, test } from 'vitest'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { appendObject } from '../../src/s3/compose.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { resumeUpload } from '../../src/s3/multipart.ts'
import { putObject } from '../../src/s3/objects.ts'
import { GENERIC_PROVIDER } from '../../src/s3/provider.ts'
import { put } from '../../src/s3/put.ts'
import { failure, script } from './scripted-fetch.ts'

const BODY = new Uint8Array([1, 2, 3])

describe('a provider that takes no conditions', () => {
  const { capabilities } = GENERIC_PROVIDER
  const provider = {
    ...GENERIC_PROVIDER,
    capabilities: { ...capabilities, conditionalPut: false, conditionalComplete: false },
  }

  test.each<readonly [string, (client: S3Client) => Promise<unknown>]>([
    ['putObject', (client) => putObject(client, 'key', BODY, { ifNoneMatch: '*' })],
    ['put', (client) => put(client, 'key', BODY, { ifMatch: 'tag' })],
    ['appendObject', (client) => appendObject(client, 'key', BODY)],
    ['copyObject', (client) => copyObject(client, 'other', 'key', { ifNoneMatch: '*' })],
    [
      'complete',
      (client) =>
        resumeUpload(client, { key: 'key', uploadId: 'id' }).complete([], { ifMatch: 'tag' }),
    ],
  ])('is asked for none by %s', async (_, write) => {
    const plan = script([])
    const error = await failure(write(s3Client({ ...plan.options, provider })))
    expect(error).toMatchObject({ code: 'not-supported', key: 'key' })
    expect(plan.sent).toEqual([])
  })
})
