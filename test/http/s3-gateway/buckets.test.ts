import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import {
  type Answer,
  answerOf,
  CREDENTIALS,
  completion,
  gateway,
  type RequestInitLike,
  signedRequest,
} from './tools.ts'

function changing(): {
  buckets: Record<string, Store>
  ask: (method: string, path: string, init?: RequestInitLike) => Promise<Answer>
} {
  const buckets: Record<string, Store> = { bucket: memoryStore() }
  const handler = s3Gateway({
    buckets,
    credentials: CREDENTIALS,
    changes: {
      create(bucket): void {
        buckets[bucket] = memoryStore()
      },
      delete(bucket): void {
        delete buckets[bucket]
      },
    },
  })
  return {
    buckets,
    ask: async (method, path, init) =>
      answerOf(await handler(await signedRequest(method, path, init))),
  }
}

describe('buckets that come and go', () => {
  test('are made, used and deleted', async () => {
    const { ask, buckets } = changing()
    const made = await ask('PUT', '/new-one')
    expect(made).toMatchObject({ status: 200 })
    expect(made.headers.get('location')).toBe('/new-one')
    expect(await ask('PUT', '/new-one')).toMatchObject({
      status: 409,
      code: 'BucketAlreadyOwnedByYou',
    })
    expect((await ask('PUT', '/new-one/key', { body: 'x' })).status).toBe(200)
    expect(await ask('DELETE', '/new-one')).toMatchObject({ status: 409, code: 'BucketNotEmpty' })
    expect((await ask('DELETE', '/new-one/key')).status).toBe(204)
    expect((await ask('DELETE', '/new-one')).status).toBe(204)
    expect(await ask('DELETE', '/new-one')).toMatchObject({ status: 404, code: 'NoSuchBucket' })
    expect(Object.keys(buckets)).toEqual(['bucket'])
  })

  test('take their open uploads with them', async () => {
    const { ask } = changing()
    await ask('PUT', '/new-one')
    const begun = await ask('POST', '/new-one/key?uploads')
    const upload = `/new-one/key?uploadId=${begun.xml?.text('UploadId')}`
    const { headers } = await ask('PUT', `${upload}&partNumber=1`, { body: 'x' })
    expect((await ask('DELETE', '/new-one')).status).toBe(204)
    expect((await ask('PUT', '/new-one')).status).toBe(200)
    const body = completion([[1, headers.get('etag') ?? '']])
    const gone = { status: 404, code: 'NoSuchUpload' }
    expect(await ask('POST', upload, { body })).toMatchObject(gone)
    expect(await ask('PUT', `${upload}&partNumber=2`, { body: 'y' })).toMatchObject(gone)
  })

  test.each([
    ['/Upper', {}, 'InvalidBucketName'],
    ['/ab', {}, 'InvalidBucketName'],
    ['/127.0.0.1', {}, 'InvalidBucketName'],
    ['/constructor', {}, undefined],
    ['/new-one', { body: 'x' }, 'MalformedXML'],
    ['/new-one', { body: '<Other/>' }, 'MalformedXML'],
    ['/new-one', { body: 'x'.repeat(5000) }, 'EntityTooLarge'],
    ['/new-one', { body: location('us-east-1') }, 'InvalidLocationConstraint'],
    ['/new-one', { body: location('eu-west-3') }, 'IllegalLocationConstraintException'],
    ['/new-one', { headers: { 'x-amz-acl': 'public-read' } }, 'NotImplemented'],
    ['/new-one', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }, 'NotImplemented'],
  ])('PUT %s with %j is answered %s', async (path, init, code) => {
    const { ask, buckets } = changing()
    expect(await ask('PUT', path, init)).toMatchObject({ code })
    expect(Object.keys(buckets)).toHaveLength(code ? 1 : 2)
  })

  // A deletion of its rules must not be taken for one of the bucket.
  test.each(['cors', 'lifecycle', 'policy', 'tagging', 'versioning', 'website'])(
    '?%s is not implemented',
    async (parameter) => {
      const { ask, buckets } = changing()
      for (const method of ['GET', 'PUT', 'DELETE']) {
        expect(await ask(method, `/bucket?${parameter}`)).toMatchObject({
          status: 501,
          code: 'NotImplemented',
        })
      }
      expect(Object.keys(buckets)).toEqual(['bucket'])
    },
  )
})

function location(region: string): string {
  return `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
}

test('buckets that are given stay as they are', async () => {
  const store = memoryStore()
  const ask = gateway({ bucket: store })
  expect(await ask('PUT', '/new-one')).toMatchObject({ code: 'NotImplemented' })
  expect(await ask('DELETE', '/bucket')).toMatchObject({ code: 'NotImplemented' })
  expect((await ask('HEAD', '/bucket')).status).toBe(200)
})

test('the region stands on every answer about a bucket, refusals and those to nobody among them', async () => {
  const buckets = { bucket: memoryStore() }
  await buckets.bucket.put('key', utf8('1'))
  const region = 'eu-west-3'
  const handler = s3Gateway({ buckets, credentials: CREDENTIALS, region })
  const told = async (request: Request): Promise<unknown> => {
    const { status, headers } = await handler(request)
    return [status, headers.get('x-amz-bucket-region')]
  }
  // `signedRequest` signs for another region.
  expect(await told(await signedRequest('HEAD', '/bucket'))).toEqual([400, region])
  for (const path of ['/bucket', '/absent']) {
    expect(await told(new Request(`https://s3.test${path}`, { method: 'HEAD' }))).toEqual([
      403,
      region,
    ])
  }
})
