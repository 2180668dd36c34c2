import { createUpload, putObject } from 'sluice/s3'
import {
  createBucket,
  deleteBucket,
  deleteBucketCors,
  deleteBucketLifecycle,
  getBucketCors,
  getBucketLifecycle,
  getBucketLocation,
  headBucket,
  putBucketCors,
  putBucketLifecycle,
} from 'sluice/s3/buckets'
import { type ClientCase, check, checkEqual, checkRejects, pattern } from './tools.ts'

const EXPIRE = { id: 'a<&>"', prefix: 'tmp/ü&', enabled: false, expireAfterDays: 3 }
const ABORT = { id: 'parts', prefix: 'in/', enabled: true, abortUploadsAfterDays: 7 }

/** The bucket itself. */
export const bucketCases: readonly ClientCase[] = [
  {
    name: 'buckets: one that is there is found, and where it is',
    async run({ client }) {
      const to = client()
      const { accessible, region = to.region } = (await headBucket(to)) ?? {}
      checkEqual({ accessible, region }, { accessible: true, region: to.region }, 'headBucket')
      checkEqual(await getBucketLocation(to), to.region, 'getBucketLocation')
    },
  },
  {
    name: 'buckets: one that is not there is none',
    async run({ client }) {
      const absent = client({ bucket: `sluice-test-${crypto.randomUUID()}` })
      checkEqual(await headBucket(absent), undefined, 'headBucket')
      await checkRejects(getBucketLocation(absent), 'not-found', 'getBucketLocation')
    },
  },
  {
    name: 'buckets: CORS rules are put and found again',
    needs: 'bucket CORS',
    async run({ client }) {
      const to = client()
      // This may be a page, which goes on needing the rule that is there.
      const before = await getBucketCors(to)
      const rule = {
        id: 'one',
        allowedOrigins: ['https://a.example', 'https://*.b.example'],
        allowedMethods: ['GET', 'PUT'] as const,
        allowedHeaders: ['*'],
        exposeHeaders: ['ETag'],
        maxAgeMs: 300_000,
      }
      await putBucketCors(to, [...before, rule])
      checkEqual((await getBucketCors(to)).slice(before.length), [rule], 'the rules')
    },
  },
  {
    name: 'buckets: CORS rules are taken away',
    needs: 'bucket CORS',
    async run({ client }) {
      const to = client()
      await deleteBucketCors(to)
      checkEqual(await getBucketCors(to), [], 'afterwards')
      await deleteBucketCors(to)
    },
  },
  {
    name: 'buckets: a lifecycle rule is put, found again and deleted',
    needs: 'lifecycle',
    async run({ client }) {
      const to = client()
      checkEqual(await getBucketLifecycle(to), [], 'before')
      await putBucketLifecycle(to, [EXPIRE])
      const [found] = await getBucketLifecycle(to)
      checkEqual(
        { ...found, abortUploadsAfterDays: 0 },
        { ...EXPIRE, abortUploadsAfterDays: 0 },
        'it',
      )
      await deleteBucketLifecycle(to)
      checkEqual(await getBucketLifecycle(to), [], 'afterwards')
    },
  },
  {
    name: 'buckets: a lifecycle rule that aborts uploads',
    needs: 'lifecycle of uploads',
    async run({ client }) {
      const to = client()
      await putBucketLifecycle(to, [ABORT])
      const [found] = await getBucketLifecycle(to)
      checkEqual({ ...found, expireAfterDays: 0 }, { ...ABORT, expireAfterDays: 0 }, 'it')
      await deleteBucketLifecycle(to)
    },
  },
]

/** What needs the right to make buckets. */
export const ownBucketCases: readonly ClientCase[] = [
  {
    name: 'buckets: one is made, found, emptied and deleted, each as often as one likes',
    async run({ client }) {
      const to = client({ bucket: `sluice-test-${crypto.randomUUID()}` })
      await createBucket(to)
      await createBucket(to)
      check(await headBucket(to), 'it is not there')
      for (const key of ['a', 'dir/ü +%']) await putObject(to, key, pattern(3))
      await (await createUpload(to, 'open')).putPart(1, pattern(3))
      await checkRejects(deleteBucket(to), 'precondition-failed', 'one that holds something')
      check(await headBucket(to), 'it is gone')
      await deleteBucket(to, { force: true })
      await deleteBucket(to, { force: true })
      await deleteBucket(to)
      checkEqual(await headBucket(to), undefined, 'afterwards')
    },
  },
]
