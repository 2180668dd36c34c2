/** What S3 alone knows of an object: classes, keys and tags, as they are sent and as real servers take them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64 } from '../../src/core/bytes.ts'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { appendObject, composeObjects } from '../../src/s3/compose.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { withCustomerKey } from '../../src/s3/customer-key.ts'
import { createUpload } from '../../src/s3/multipart.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { postPolicy } from '../../src/s3/post-policy.ts'
import { presign } from '../../src/s3/presign.ts'
import { put } from '../../src/s3/put.ts'
import type { S3StorageOptions } from '../../src/s3/put-options.ts'
import { deleteObjectTags, getObjectTags, putObjectTags } from '../../src/s3/tags.ts'
import { pattern } from '../../src/testing/store-cases/tools.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { answer, failure, script, xmlError } from './scripted-fetch.ts'

const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]
const TAGS = { 'project name': 'a+b/c=d', 'of:me@_': '', plain: 'x' }
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`tags and classes at ${kind}: ${missing}`)
    continue
  }
  describe(`tags and classes at ${kind}`, () => {
    let server: TestServer
    let bucket: Awaited<ReturnType<TestServer['newBucket']>>
    let client: S3Client
    beforeAll(async () => {
      server = await startServer(kind)
      bucket = await server.newBucket()
      client = s3Client({ ...server, bucket: bucket.bucket, credentials: server })
    }, 90_000)
    afterAll(async () => {
      await bucket?.remove()
      await server?.stop()
    })

    const hasTags = kind !== 'gateway'

    test.skipIf(hasTags)('tags are refused by name, and nothing is written', async () => {
      const refused = { code: 'not-supported', status: 501 }
      expect(await failure(putObject(client, 'k', pattern(1), { tags: TAGS }))).toMatchObject(
        refused,
      )
      expect(await headObject(client, 'k')).toBeUndefined()
      await putObject(client, 'k', pattern(1))
      expect(await failure(getObjectTags(client, 'k'))).toMatchObject(refused)
      expect(await failure(putObjectTags(client, 'k', TAGS))).toMatchObject(refused)
      expect(await failure(deleteObjectTags(client, 'k'))).toMatchObject(refused)
    })

    test.runIf(hasTags)('tags are put, found, replaced and taken off', async () => {
      await putObject(client, 'tagged', pattern(1), { tags: TAGS })
      expect(await getObjectTags(client, 'tagged')).toEqual(TAGS)
      await putObjectTags(client, 'tagged', { other: '1' })
      expect(await getObjectTags(client, 'tagged')).toEqual({ other: '1' })
      await deleteObjectTags(client, 'tagged')
      expect(await getObjectTags(client, 'tagged')).toEqual({})
      expect(await getObjectTags(client, 'absent')).toBeUndefined()
      expect(await failure(putObjectTags(client, 'absent', TAGS))).toMatchObject({
        code: 'not-found',
      })
    })

    test.runIf(hasTags)('tags go with uploads, copies, composed objects and appends', async () => {
      const upload = await createUpload(client, 'upload', { tags: TAGS })
      await upload.complete([await upload.putPart(1, pattern(5))])
      expect(await getObjectTags(client, 'upload')).toEqual(TAGS)
      // Whether it is one request or several.
      for (const [key, sizeBytes] of Object.entries({
        'put-small': 5,
        'put-large': 6 * 1024 ** 2,
      })) {
        await put(client, key, pattern(sizeBytes), { tags: TAGS, partBytes: 5 * 1024 ** 2 })
        expect(await getObjectTags(client, key), key).toEqual(TAGS)
      }
      await copyObject(client, 'upload', 'kept')
      expect(await getObjectTags(client, 'kept')).toEqual(TAGS)
      const tags = { copied: 'yes' }
      await copyObject(client, 'upload', 'copied', { tags })
      await copyObject(client, 'upload', 'copied-new', { tags, ifNoneMatch: '*' })
      await composeObjects(client, [{ key: 'upload' }, { key: 'kept' }], 'composed', { tags })
      await appendObject(client, 'kept', pattern(1), { tags })
      for (const key of ['copied', 'copied-new', 'composed', 'kept']) {
        expect(await getObjectTags(client, key), key).toEqual(tags)
      }
    })

    test.runIf(kind === 'rustfs')('a customer key is asked for again', async () => {
      const keyed = withCustomerKey(client, KEY)
      await putObject(keyed, 'secret', pattern(100))
      await copyObject(keyed, 'secret', 'secret-copy')
      await copyObject(keyed, 'secret', 'secret-parts', { ifNoneMatch: '*' })
      for (const name of ['secret', 'secret-copy', 'secret-parts']) {
        const found = await getObject(keyed, name)
        expect(await new Response(found?.body ?? null).bytes()).toEqual(pattern(100))
        const without = { code: 'invalid-options', status: 400 }
        expect(await failure(getObject(client, name))).toMatchObject(without)
        const wrong = withCustomerKey(client, KEY.toReversed())
        expect(await failure(getObject(wrong, name))).toMatchObject({ retryable: false })
      }
    })

    test.runIf(kind === 'versitygw' || kind === 'minio' || kind === 'gateway')(
      'a customer key that is not used is not passed over',
      async () => {
        const keyed = withCustomerKey(client, KEY)
        const codes = expect.stringMatching(/^(not-supported|invalid-options)$/)
        expect(await failure(putObject(keyed, 'clear', pattern(5)))).toMatchObject({ code: codes })
        expect(await failure(createUpload(keyed, 'clear'))).toMatchObject({ code: codes })
      },
    )

    test('the standard class is taken everywhere', async () => {
      await putObject(client, 'standard', pattern(5), { storageClass: 'STANDARD' })
      expect((await headObject(client, 'standard'))?.sizeBytes).toBe(5)
    })
  })
}

describe('as they are sent', () => {
  const put = answer(200, '', { etag: '"tag"' })
  const copied = answer(200, '<CopyObjectResult><ETag>"tag"</ETag></CopyObjectResult>')

  async function sentBy(
    run: (client: S3Client) => Promise<unknown>,
    step = put,
  ): Promise<Record<string, string>> {
    const plan = script([step])
    await run(s3Client(plan.options))
    const headers = Object.fromEntries(plan.sent[0]?.headers ?? [])
    return Object.fromEntries(
      Object.entries(headers).filter(([name]) => /class|encryption|tagging/.test(name)),
    )
  }

  test('class, keys and tags', async () => {
    const options: S3StorageOptions = {
      storageClass: 'GLACIER_IR',
      serverSideEncryption: 'AES256',
      tags: { ...TAGS, ümlaut: '' },
    }
    const sent = {
      'x-amz-storage-class': 'GLACIER_IR',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-tagging': 'project%20name=a%2Bb%2Fc%3Dd&of%3Ame%40_=&plain=x&%C3%BCmlaut=',
    }
    expect(await sentBy((client) => putObject(client, 'k', pattern(1), options))).toEqual(sent)
    expect(await sentBy((client) => copyObject(client, 'j', 'k', options), copied)).toEqual({
      ...sent,
      'x-amz-tagging-directive': 'REPLACE',
    })
  })

  test('a key of KMS', async () => {
    const kms = { kmsKeyId: 'alias/files', context: { team: 'Zoë' } }
    expect(
      await sentBy((client) => putObject(client, 'k', pattern(1), { serverSideEncryption: kms })),
    ).toEqual({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/files',
      'x-amz-server-side-encryption-context': toBase64(Buffer.from('{"team":"Zoë"}')),
    })
    expect(
      await sentBy((client) => putObject(client, 'k', pattern(1), { serverSideEncryption: {} })),
    ).toEqual({ 'x-amz-server-side-encryption': 'aws:kms' })
  })

  test.each([
    ['eleven tags', Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, '']))],
    ['a name of nothing', { '': 'x' }],
    ['a long name', { ['n'.repeat(129)]: 'x' }],
    ['a long value', { n: 'v'.repeat(257) }],
    ['half a character', { n: '\ud800' }],
  ])('%s are refused before anything is sent', async (_, tags) => {
    const plan = script([])
    const client = s3Client(plan.options)
    for (const call of [
      putObject(client, 'k', pattern(1), { tags }),
      putObjectTags(client, 'k', tags),
    ]) {
      expect(await failure(call)).toMatchObject({ code: 'invalid-options' })
    }
    expect(plan.sent).toHaveLength(0)
  })
})

describe('a customer key', () => {
  const sent = {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    'x-amz-server-side-encryption-customer-key-md5': 'tP/LI3N87DFaSk0aoqYgzg==',
  }

  test('goes with whatever reads or writes bytes, and nothing else', async () => {
    const used = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
    const steps = [
      answer(200, '', { etag: '"tag"', ...used }),
      answer(404),
      answer(404),
      answer(200, '<CopyObjectResult><ETag>"tag"</ETag></CopyObjectResult>', used),
      answer(200, '<Tagging><TagSet/></Tagging>'),
    ]
    const plan = script(steps)
    const client = withCustomerKey(s3Client(plan.options), KEY)
    await putObject(client, 'k', pattern(1))
    await headObject(client, 'k')
    await getObject(client, 'k')
    await copyObject(client, 'k', 'l')
    await getObjectTags(client, 'k')
    for (const { headers } of plan.sent.slice(0, 4)) {
      expect(Object.fromEntries(headers)).toMatchObject(sent)
    }
    const copy = plan.sent[3]?.headers
    expect(copy?.get('x-amz-copy-source-server-side-encryption-customer-key')).toBe(
      sent['x-amz-server-side-encryption-customer-key'],
    )
    expect(JSON.stringify([...(plan.sent[4]?.headers ?? [])])).not.toContain('customer')
  })

  test('is in no error', async () => {
    const plan = script([answer(403, xmlError('AccessDenied'))])
    const error = await failure(
      putObject(withCustomerKey(s3Client(plan.options), KEY), 'k', pattern(1)),
    )
    expect(error).toMatchObject({ code: 'permission-denied' })
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('AAECAwQFBgcICQoL')
  })

  test('is not left out of what somebody else will send', async () => {
    const client = withCustomerKey(s3Client(script([]).options), KEY)
    const refused = { code: 'unauthenticated' }
    expect(await failure(presign(client, { method: 'PUT', key: 'k' }))).toMatchObject(refused)
    expect(await failure(postPolicy(client, { key: 'k', maxBytes: 1 }))).toMatchObject(refused)
  })

  test('of another length is refused', () => {
    const client = s3Client(script([]).options)
    expect(() => withCustomerKey(client, KEY.subarray(1))).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })
})

test('metadata with a lone surrogate is refused before anything is sent', async () => {
  const plan = script([])
  const writing = putObject(s3Client(plan.options), 'key', new Uint8Array(1), {
    metadata: { name: 'a\ud800b' },
  })
  expect(await failure(writing)).toMatchObject({ code: 'invalid-options', key: 'key' })
  expect(plan.sent).toEqual([])
})
