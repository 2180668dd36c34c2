/** A bucket as a resource, on our gateway and on real servers. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  consumer,
  manage,
  S3Bucket,
  type S3BucketSettings,
} from '../../../src/compat/buildflow/index.ts'
import {
  type BucketCorsRule,
  getBucketCors,
  getBucketLifecycle,
  headBucket,
  putBucketLifecycle,
} from '../../../src/s3/buckets/index.ts'
import type { S3Client } from '../../../src/s3/client.ts'
import { createUpload } from '../../../src/s3/multipart.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../../servers.ts'

/** What a server cannot do, and then says so; with `late`, only when it is told to. */
const LACKS: Readonly<Record<string, Readonly<Record<string, true | 'late'>>>> = {
  gateway: { cors: true, lifecycle: true },
  minio: { cors: 'late', lifecycle: 'late' },
  rustfs: {},
  versitygw: { lifecycle: true },
}
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers().filter(({ kind }) => kind !== 'environment'),
]
const CORS: readonly BucketCorsRule[] = [
  {
    allowedOrigins: ['https://a.example'],
    allowedMethods: ['GET', 'PUT'],
    exposeHeaders: ['ETag'],
  },
]

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`manage on ${kind}: ${missing}`)
    continue
  }
  const lacks = LACKS[kind] ?? {}
  describe(`manage on ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    function bucketOf(settings: S3BucketSettings = {}) {
      const { endpoint, region: awsRegion } = server
      const bucketName = `sluice-test-${randomUUID()}`
      const bucket = new S3Bucket({ bucketName, endpoint, awsRegion, credentials: server })
      return { bucket: bucket.options(settings), client: bucket.client as S3Client }
    }

    test('plan says what apply does, and after it there is nothing to do', async () => {
      const { bucket, client } = bucketOf()
      const management = manage(bucket)
      const planned = await management.plan()
      expect(planned.bucketName).toBe(bucket.bucketName)
      expect(planned.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
        'create bucket',
        'create lifecycle',
      ])
      expect(planned.changes[0]?.message).toContain(server.region)
      expect(await headBucket(client)).toBeUndefined()

      const applied = await management.apply()
      expect(await headBucket(client)).toMatchObject({ accessible: true })
      if (lacks.lifecycle) {
        expect(applied.changes.map(({ resource }) => resource)).toEqual(['bucket'])
        expect(applied.unsupported).toHaveLength(1)
      } else {
        expect(applied).toEqual(planned)
        expect(await getBucketLifecycle(client)).toMatchObject([
          { id: 'sluice-stale-uploads', prefix: '', enabled: true, abortUploadsAfterDays: 7 },
        ])
      }
      // A server that reads rules and takes none is asked each time.
      const again = await management.plan()
      expect(again.changes).toHaveLength(lacks.lifecycle === 'late' ? 1 : 0)
      expect(again.unsupported).toHaveLength(lacks.lifecycle === true ? 1 : 0)
      expect((await management.apply()).changes).toEqual([])

      expect((await management.destroy()).changes).toMatchObject([
        { resource: 'bucket', action: 'delete' },
      ])
      expect(await headBucket(client)).toBeUndefined()
      expect((await management.destroy()).changes).toEqual([])
    })

    test('a bucket that is not empty stays; with forceDestroy it goes with all that is in it', async () => {
      const { bucket, client } = bucketOf()
      const management = manage(bucket)
      await management.apply()
      const { endpoint, region: awsRegion } = server
      const sink = { endpoint, credentials: server, awsRegion }
      const options = {
        filePath: 'a/out',
        fileFormat: 'PARQUET',
        bucketName: bucket.bucketName,
      } as const
      const result = await consumer(
        [{ id: 1 }],
        (one) => one,
        new S3Bucket({ ...sink, ...options }),
      )
      await createUpload(client, 'left/open', {})
      const refused = management.destroy()
      await expect(refused).rejects.toMatchObject({ code: 'precondition-failed' })
      await expect(refused).rejects.toThrow('forceDestroy: true')
      expect(await bucket.store.head(result.files[0]?.key ?? '')).toBeDefined()
      bucket.options({ forceDestroy: true })
      expect((await management.destroy()).changes[0]?.message).toContain('what was in it')
      expect(await headBucket(client)).toBeUndefined()
      // Each call says all.
      expect(bucket.options().settings.forceDestroy ?? false).toBe(false)
    })

    test('CORS rules: made, changed, left alone, taken away', async () => {
      const { bucket, client } = bucketOf({ cors: CORS })
      const management = manage(bucket)
      if (lacks.cors) {
        await expect(management.apply()).rejects.toMatchObject({ code: 'not-supported' })
        // All else was done.
        expect(await headBucket(client)).toMatchObject({ accessible: true })
        const { unsupported } = await management.plan()
        expect(unsupported.some((message) => /cors/i.test(message))).toBe(lacks.cors === true)
        return
      }
      const actions = async () => {
        const { changes } = await management.apply()
        return changes.flatMap(({ resource, action }) => (resource === 'cors' ? action : []))
      }
      expect(await actions()).toEqual(['create'])
      expect(await actions()).toEqual([])
      bucket.options({ cors: [...CORS, { allowedOrigins: ['*'], allowedMethods: ['GET'] }] })
      expect(await actions()).toEqual(['update'])
      bucket.options()
      expect(await actions()).toEqual([])
      expect(await getBucketCors(client)).toHaveLength(2)
      bucket.options({ cors: [] })
      expect(await actions()).toEqual(['delete'])
      expect(await getBucketCors(client)).toEqual([])
    })

    test('the rule for stale uploads: changed, taken away, and rules of others stay', async () => {
      const { bucket, client } = bucketOf({ abortUploadsAfterDays: 3 })
      const management = manage(bucket)
      if (lacks.lifecycle) {
        await expect(management.apply()).rejects.toMatchObject({ code: 'not-supported' })
        expect(await headBucket(client)).toMatchObject({ accessible: true })
        return
      }
      await management.apply()
      const theirs = { id: 'theirs', prefix: 'tmp/', enabled: true, expireAfterDays: 1 }
      await putBucketLifecycle(client, [theirs, ...(await getBucketLifecycle(client))])
      bucket.options({ abortUploadsAfterDays: 5 })
      expect((await management.apply()).changes).toMatchObject([
        { resource: 'lifecycle', action: 'update' },
      ])
      const rules = await getBucketLifecycle(client)
      expect(rules.map(({ id }) => id).sort()).toEqual(['sluice-stale-uploads', 'theirs'])
      bucket.options({ abortUploadsAfterDays: 0 })
      expect((await management.apply()).changes).toMatchObject([
        { resource: 'lifecycle', action: 'delete' },
      ])
      expect(await getBucketLifecycle(client)).toMatchObject([theirs])
      expect((await management.plan()).changes).toEqual([])
      // Ours alone, too.
      bucket.options({ abortUploadsAfterDays: 1 })
      await management.apply()
      await putBucketLifecycle(client, [
        { id: 'sluice-stale-uploads', prefix: '', abortUploadsAfterDays: 1 },
      ])
      bucket.options({ abortUploadsAfterDays: 0 })
      await management.apply()
      expect(await getBucketLifecycle(client)).toEqual([])
    })
  })
}
