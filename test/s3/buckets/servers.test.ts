/** Buckets made, found, set up, emptied and deleted on our gateway and on real servers. */
import { randomUUID } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import {
  type BucketCorsRule,
  type BucketLifecycleRule,
  createBucket,
  deleteBucket,
  deleteBucketCors,
  deleteBucketLifecycle,
  getBucketCors,
  getBucketLifecycle,
  getBucketLocation,
  headBucket,
  listObjectVersions,
  putBucketCors,
  putBucketLifecycle,
} from '../../../src/s3/buckets/index.ts'
import { type S3Client, s3Client } from '../../../src/s3/client.ts'
import { createUpload } from '../../../src/s3/multipart.ts'
import { deleteObject, putObject } from '../../../src/s3/objects.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../../servers.ts'
import { failure } from '../scripted-fetch.ts'

/** What a server cannot do, and then says so. */
const LACKS: Readonly<Record<string, readonly string[]>> = {
  gateway: ['cors', 'lifecycle', 'abort rules', 'versions'],
  minio: ['cors', 'abort rules'],
  rustfs: [],
  versitygw: ['lifecycle', 'abort rules', 'versions'],
}
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers().filter(({ kind }) => kind !== 'environment'),
]

const CORS: readonly BucketCorsRule[] = [
  {
    id: 'one',
    allowedOrigins: ['https://a.example', 'https://*.b.example'],
    allowedMethods: ['GET', 'PUT'],
    allowedHeaders: ['*'],
    exposeHeaders: ['ETag'],
    maxAgeMs: 300_000,
  },
  {
    id: 'two',
    allowedOrigins: ['*'],
    allowedMethods: ['GET'],
    allowedHeaders: [],
    exposeHeaders: [],
    maxAgeMs: undefined,
  },
]
const EXPIRE = { id: 'a<&>"', prefix: 'tmp/ü&', enabled: false, expireAfterDays: 3 }
const ABORT = { id: 'parts', prefix: '', enabled: true, abortUploadsAfterDays: 7 }

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`buckets of ${kind}: ${missing}`)
    continue
  }
  const lacks = (what: string): boolean => LACKS[kind]?.includes(what) ?? false
  describe(`buckets of ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    function clientOf(bucket = `sluice-test-${randomUUID()}`): S3Client {
      return s3Client({ ...server, bucket, credentials: server, retry: { baseMs: 1 } })
    }
    async function made(): Promise<S3Client> {
      const client = clientOf()
      await createBucket(client)
      return client
    }

    test('is made, found and deleted, each as often as one likes', async () => {
      const client = clientOf()
      expect(await headBucket(client)).toBeUndefined()
      await createBucket(client)
      await createBucket(client)
      expect(await headBucket(client)).toMatchObject({ accessible: true })
      expect(await getBucketLocation(client)).toBe('us-east-1')
      await deleteBucket(client)
      await deleteBucket(client)
      expect(await headBucket(client)).toBeUndefined()
      expect(await failure(getBucketLocation(client))).toMatchObject({ code: 'not-found' })
    })

    test('one that is not empty stays', async () => {
      const client = await made()
      await putObject(client, 'a', utf8('1'))
      expect(await failure(deleteBucket(client))).toMatchObject({
        code: 'precondition-failed',
        attempts: 1,
      })
      expect(await headBucket(client)).toBeDefined()
    })

    test('CORS rules', async () => {
      const client = await made()
      if (lacks('cors')) {
        for (const call of [() => putBucketCors(client, CORS), () => deleteBucketCors(client)]) {
          expect(await failure(call())).toMatchObject({ code: 'not-supported' })
        }
        return
      }
      expect(await getBucketCors(client)).toEqual([])
      await deleteBucketCors(client)
      await putBucketCors(client, CORS)
      const found = await getBucketCors(client)
      expect(found).toEqual(CORS)
      await putBucketCors(client, found.slice(0, 1))
      expect(await getBucketCors(client)).toEqual(CORS.slice(0, 1))
      await deleteBucketCors(client)
      expect(await getBucketCors(client)).toEqual([])
      expect(await failure(getBucketCors(clientOf()))).toMatchObject({ code: 'not-found' })
    })

    test('lifecycle rules', async () => {
      const client = await made()
      if (lacks('lifecycle')) {
        for (const call of [
          () => getBucketLifecycle(client),
          () => putBucketLifecycle(client, [EXPIRE]),
          () => deleteBucketLifecycle(client),
        ]) {
          expect(await failure(call())).toMatchObject({ code: 'not-supported' })
        }
        return
      }
      expect(await getBucketLifecycle(client)).toEqual([])
      await deleteBucketLifecycle(client)
      const other = await putOther(client)
      expect(await getBucketLifecycle(client)).toEqual(other)
      // It is neither lost nor changed.
      expect(await failure(putBucketLifecycle(client, [EXPIRE]))).toMatchObject({
        code: 'precondition-failed',
        message: expect.stringContaining('"rich"'),
      })
      expect(await getBucketLifecycle(client)).toEqual(other)
      await putBucketLifecycle(client, [...other, EXPIRE])
      const found = await getBucketLifecycle(client)
      expect(found).toEqual(expect.arrayContaining([...other, expect.objectContaining(EXPIRE)]))
      await putBucketLifecycle(client, found)
      expect(await getBucketLifecycle(client)).toEqual(found)
      // Of its own name, it may be replaced.
      await putBucketLifecycle(client, [{ id: 'rich', prefix: 'x/', expireAfterDays: 1 }])
      expect(await getBucketLifecycle(client)).toMatchObject([{ id: 'rich', prefix: 'x/' }])
      await deleteBucketLifecycle(client)
      expect(await getBucketLifecycle(client)).toEqual([])
    })

    test('a lifecycle rule that aborts uploads', async () => {
      const client = await made()
      const both = { ...ABORT, id: 'both', prefix: 'b/', expireAfterDays: 2 }
      if (lacks('abort rules')) {
        const put = failure(putBucketLifecycle(client, [ABORT]))
        expect(await put).toMatchObject({ code: 'not-supported' })
        // MinIO takes this one, and drops the half of it.
        const mixed = failure(putBucketLifecycle(client, [both]))
        expect(await mixed).toMatchObject({ code: 'not-supported' })
        return
      }
      await putBucketLifecycle(client, [ABORT, both])
      const found = await getBucketLifecycle(client)
      expect(found).toHaveLength(2)
      expect(found).toEqual(
        expect.arrayContaining([ABORT, both].map((rule) => expect.objectContaining(rule))),
      )
    })

    async function putOther(client: S3Client): Promise<readonly BucketLifecycleRule[]> {
      const xml =
        '<Rule><ID>rich</ID><Filter><And><Prefix>x/</Prefix><Tag><Key>k</Key><Value>v &amp; w</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>'
      await putBucketLifecycle(client, [{ id: 'rich', xml }])
      const found = await getBucketLifecycle(client)
      expect(found).toEqual([
        { id: 'rich', xml: expect.stringContaining('<Value>v &amp; w</Value>') },
      ])
      return found
    }

    test('versions, and delete markers among them', async () => {
      const client = await made()
      if (lacks('versions')) {
        if (kind === 'gateway') {
          const listed = listObjectVersions(client).next()
          expect(await failure(listed)).toMatchObject({ code: 'not-supported' })
        }
        return
      }
      await keepVersions(client)
      // Each other's form encoding.
      for (const key of ['a b', 'a+b', 'a b', 'ü/%20']) await putObject(client, key, utf8(key))
      await deleteObject(client, 'a+b')
      const listed = []
      for await (const version of listObjectVersions(client)) listed.push(version)
      expect(listed.map(({ kind, key, latest }) => [kind, key, latest])).toEqual([
        ['version', 'a b', true],
        ['version', 'a b', false],
        ['delete-marker', 'a+b', true],
        ['version', 'a+b', false],
        ['version', 'ü/%20', true],
      ])
      const ids = new Set(listed.map(({ versionId }) => versionId))
      expect(ids.size).toBe(5)
      const below = []
      for await (const { key } of listObjectVersions(client, { prefix: 'a+' })) below.push(key)
      expect(below).toEqual(['a+b', 'a+b'])
    })

    test('force empties it: objects, versions, markers and uploads', {
      timeout: 60_000,
    }, async () => {
      const client = await made()
      if (!lacks('versions')) await keepVersions(client)
      for (const key of ['a b', 'a+b', 'a b', 'd/ü&<>', 'd/%20'])
        await putObject(client, key, utf8('1'))
      await deleteObject(client, 'a+b')
      const upload = await createUpload(client, 'd/open')
      await upload.putPart(1, utf8('part'))
      await deleteBucket(client, { force: true })
      expect(await headBucket(client)).toBeUndefined()
      await deleteBucket(client, { force: true })
    })

    test('force goes on beyond a page', { timeout: 120_000 }, async () => {
      const client = await made()
      if (!lacks('versions')) await keepVersions(client)
      const keys = Array.from({ length: 1003 }, (_, n) => `k/${n}`)
      while (keys.length > 0) {
        await Promise.all(keys.splice(0, 20).map((key) => putObject(client, key, utf8('1'))))
      }
      await deleteBucket(client, { force: true })
      expect(await headBucket(client)).toBeUndefined()
    })

    async function keepVersions({ bucket }: S3Client): Promise<void> {
      const aws = new AwsClient({ ...server, service: 's3' })
      const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
      const response = await aws.fetch(`${server.endpoint}/${bucket}?versioning`, {
        method: 'PUT',
        body,
      })
      expect(response.status).toBe(200)
    }
  })
}
