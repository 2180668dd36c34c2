import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
} from '../../../src/s3/buckets/index.ts'
import { type S3Client, s3Client } from '../../../src/s3/client.ts'
import { GENERIC_PROVIDER } from '../../../src/s3/provider.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { answer, cut, failure, script, xmlError } from '../scripted-fetch.ts'

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

describe('createBucket', () => {
  test('says where the bucket is to be, but for the region that has no name, and the one that is no place', async () => {
    const { options, sent } = script(Array.from({ length: 4 }, () => answer(200)))
    await createBucket(s3Client(options))
    await createBucket(s3Client({ ...options, region: 'auto' }))
    await createBucket(s3Client({ ...options, region: 'eu-west-3' }))
    await createBucket(s3Client(options), { region: 'ap-south-2' })
    expect(sent.map(({ method, url, body }) => [method, url.pathname, body])).toEqual([
      ['PUT', '/bucket/', ''],
      ['PUT', '/bucket/', ''],
      ['PUT', '/bucket/', expect.stringContaining('<LocationConstraint>eu-west-3</')],
      ['PUT', '/bucket/', expect.stringContaining('<LocationConstraint>ap-south-2</')],
    ])
  })

  test('is done when its answer was lost and the bucket is ours', async () => {
    const { options, sent } = script([cut, answer(409, xmlError('BucketAlreadyOwnedByYou'))])
    await createBucket(s3Client(options))
    expect(sent).toHaveLength(2)
  })

  test('fails at once for a name that is taken', async () => {
    const { options, sent } = script([answer(409, xmlError('BucketAlreadyExists'))])
    expect(await failure(createBucket(s3Client(options)))).toMatchObject({
      code: 'already-exists',
      serverCode: 'BucketAlreadyExists',
    })
    expect(sent).toHaveLength(1)
  })

  test('waits while the server is still at it', async () => {
    const { options, sent } = script([answer(409, xmlError('OperationAborted')), answer(200)])
    await createBucket(s3Client(options))
    expect(sent).toHaveLength(2)
  })
})

describe('headBucket', () => {
  const region = { 'x-amz-bucket-region': 'eu-west-3' }

  test.each([
    [200, {}, { region: undefined, accessible: true }],
    [200, region, { region: 'eu-west-3', accessible: true }],
    [301, region, { region: 'eu-west-3', accessible: false }],
    [403, region, { region: 'eu-west-3', accessible: false }],
    [404, region, undefined],
  ])('%i with %j', async (status, headers, expected) => {
    const { options } = script([answer(status, '', headers)])
    const client = s3Client({ ...options, credentials: 'anonymous' })
    expect(await headBucket(client)).toEqual(expected)
  })

  test('a refusal that tells nothing is one', async () => {
    const { options } = script([answer(403)])
    expect(await failure(headBucket(s3Client(options)))).toMatchObject({
      code: 'permission-denied',
    })
  })

  test('a server that is away is no bucket elsewhere', async () => {
    const { options } = script(Array(4).fill(answer(503, '', region)))
    expect(await failure(headBucket(s3Client(options)))).toMatchObject({ code: 'unavailable' })
  })
})

test.each([
  ['<LocationConstraint xmlns="x"></LocationConstraint>', 'us-east-1'],
  ['<LocationConstraint/>', 'us-east-1'],
  ['<LocationConstraint>EU</LocationConstraint>', 'eu-west-1'],
  ['<LocationConstraint>eu-west-3</LocationConstraint>', 'eu-west-3'],
])('getBucketLocation reads %s', async (body, region) => {
  const { options } = script([answer(200, body)])
  expect(await getBucketLocation(s3Client(options))).toBe(region)
})

describe('deleteBucket', () => {
  test('is done when its answer was lost and the bucket is gone', async () => {
    const { options, sent } = script([cut, answer(404, xmlError('NoSuchBucket'))])
    await deleteBucket(s3Client(options))
    expect(sent).toHaveLength(2)
  })

  test('without force deletes nothing else', async () => {
    const { options, sent } = script([answer(409, xmlError('BucketNotEmpty'))])
    const error = await failure(deleteBucket(s3Client(options)))
    expect(error).toMatchObject({ code: 'precondition-failed', serverCode: 'BucketNotEmpty' })
    expect(sent).toHaveLength(1)
  })
})

/** A gateway whose buckets come and go, and what happens to requests on their way to it. */
function town(
  onRequest: (name: string, store: Store) => Promise<unknown> = async () => {},
  options: { region?: string; provider?: Partial<typeof GENERIC_PROVIDER> } = {},
): { client: S3Client; store: Store; asked: string[]; clock: ReturnType<typeof virtualClock> } {
  const clock = virtualClock()
  const store = memoryStore({ clock })
  const buckets: Record<string, Store> = { bucket: store }
  const changes = {
    create(bucket: string): void {
      buckets[bucket] = store
    },
    delete(bucket: string): void {
      delete buckets[bucket]
    },
  }
  const { region } = options
  const gateway = s3Gateway({ buckets, changes, credentials: CREDENTIALS, clock, region })
  const asked: string[] = []
  const client = s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials: CREDENTIALS,
    clock,
    region,
    provider: { ...GENERIC_PROVIDER, ...options.provider },
    retry: { baseMs: 0 },
    async fetch(url, { signal: _, ...init }) {
      const { pathname, searchParams } = new URL(url)
      const name = `${init.method} ${pathname}${[...searchParams.keys()].slice(0, 1).map((key) => `?${key}`)}`
      asked.push(name)
      const early = await onRequest(name, store)
      if (early instanceof Response) return early
      const request = new Request(url, init)
      if (init.body)
        request.headers.set('content-length', String((init.body as Uint8Array).byteLength))
      return gateway(request)
    },
  })
  return { client, store, asked, clock }
}

describe('deleteBucket by force', () => {
  test('looks for versions, and takes objects where there are none', async () => {
    const { client, store, asked } = town()
    for (const key of ['a', 'b/c']) await store.put(key, utf8('1'))
    await deleteBucket(client, { force: true })
    expect(await headBucket(client)).toBeUndefined()
    expect(asked).toEqual([
      'DELETE /bucket/',
      'GET /bucket/?uploads',
      'GET /bucket/?versions',
      'GET /bucket/?list-type',
      'POST /bucket/?delete',
      'GET /bucket/?list-type',
      'DELETE /bucket/',
      'HEAD /bucket/',
    ])
  })

  test('a server that deletes no buckets keeps its objects', async () => {
    const { client, store } = town(async (name) =>
      name === 'DELETE /bucket/' ? new Response(null, { status: 501 }) : undefined,
    )
    await store.put('a', utf8('1'))
    const error = await failure(deleteBucket(client, { force: true }))
    expect(error).toMatchObject({ code: 'not-supported' })
    expect(await store.head('a')).toBeDefined()
  })

  test('a listing that is answered 404 is not the bucket’s end', async () => {
    const { client, store, asked } = town(async (name) =>
      /[?](uploads|versions)$/.test(name) ? new Response(null, { status: 404 }) : undefined,
    )
    await store.put('a', utf8('1'))
    await deleteBucket(client, { force: true })
    expect(asked).toContain('POST /bucket/?delete')
    expect(asked.at(-1)).toBe('DELETE /bucket/')
    expect(await store.head('a')).toBeUndefined()
  })

  test('one by one where the provider knows no batches', async () => {
    const { client, store, asked } = town(undefined, { provider: { deleteBatchKeys: 0 } })
    for (const key of ['a', 'b/c']) await store.put(key, utf8('1'))
    await deleteBucket(client, { force: true })
    expect(asked).toContain('DELETE /bucket/b/c')
    expect(asked).not.toContain('POST /bucket/?delete')
  })

  test('gives up on a bucket whose object comes back with each deletion', async () => {
    const { client, store, asked } = town(async (name, bucket) => {
      if (name === 'GET /bucket/?list-type') await bucket.put('again', utf8('1'))
    })
    await store.put('a', utf8('1'))
    expect(await failure(deleteBucket(client, { force: true }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('stop what writes to it'),
    })
    expect(asked.length).toBeLessThan(20)
    expect(await headBucket(client)).toBeDefined()
  })

  test('gives up on a bucket that is written to whenever it is empty', async () => {
    const { client, asked } = town(async (name, bucket) => {
      if (name === 'DELETE /bucket/') await bucket.put('new', utf8('1'))
    })
    expect(await failure(deleteBucket(client, { force: true }))).toMatchObject({
      code: 'conflict',
      serverCode: 'BucketNotEmpty',
    })
    expect(asked.filter((name) => name === 'DELETE /bucket/')).toHaveLength(6)
  })

  test('gives up on a writer that is always ahead, when its objects are newer than the beginning', async () => {
    let n = 0
    const { client, store, asked, clock } = town(async (name, bucket) => {
      if (name !== 'GET /bucket/?list-type') return
      clock.setNow(clock.now() + 60_000)
      await bucket.put(`new-${n++}`, utf8('1'))
    })
    await store.put('a', utf8('1'))
    expect(await failure(deleteBucket(client, { force: true }))).toMatchObject({ code: 'conflict' })
    expect(asked.length).toBeLessThan(60)
  })

  test('keeps what may not be deleted, and says what', async () => {
    const { client, store } = town(async (name) => {
      if (name !== 'POST /bucket/?delete') return
      return new Response(
        '<DeleteResult><Error><Key>locked</Key><Code>AccessDenied</Code><Message>why</Message></Error></DeleteResult>',
      )
    })
    await store.put('locked', utf8('1'))
    expect(await failure(deleteBucket(client, { force: true }))).toMatchObject({
      code: 'permission-denied',
      key: 'locked',
    })
    expect(await store.head('locked')).toBeDefined()
  })

  test('deletes versions by their ids, also of keys that no path can hold', async () => {
    const version = (key: string, id: string, more = ''): string =>
      `<Version><Key>${key}</Key><VersionId>${id}</VersionId><LastModified>2020-01-01T00:00:00Z</LastModified><Size>1</Size>${more}</Version>`
    const list = (body: string): string =>
      `<ListVersionsResult><EncodingType>url</EncodingType>${body}</ListVersionsResult>`
    const { options, sent } = script([
      answer(409, xmlError('BucketNotEmpty')),
      answer(200, '<ListMultipartUploadsResult></ListMultipartUploadsResult>'),
      answer(200, list(version('a/../b', 'v1') + version('%EF%BF%BF', 'v2'))),
      answer(200, '<DeleteResult></DeleteResult>'),
      answer(204),
      answer(200, list('')),
      answer(204),
    ])
    await deleteBucket(s3Client(options), { force: true })
    expect(sent[3]?.body).toContain(
      '<Object><Key>a/../b</Key><VersionId>v1</VersionId></Object><Quiet>',
    )
    expect(sent[4]?.url.href).toBe('https://s3.test/bucket/%EF%BF%BF?versionId=v2')
  })

  test('stops when its signal fires', async () => {
    const controller = new AbortController()
    const { client, store } = town(async (name) => {
      if (name === 'GET /bucket/?list-type') controller.abort()
    })
    await store.put('a', utf8('1'))
    const { signal } = controller
    const error = await failure(deleteBucket(client, { force: true, signal }))
    expect(error).toMatchObject({ code: 'aborted' })
    expect(await store.head('a')).toBeDefined()
  })
})

describe('a gateway whose buckets come and go', () => {
  test('of another region wants to hear it', async () => {
    const { client } = town(undefined, { region: 'eu-west-3' })
    await deleteBucket(client)
    const error = await failure(createBucket(client, { region: 'us-east-1' }))
    expect(error).toMatchObject({ serverCode: 'IllegalLocationConstraintException' })
    await createBucket(client)
    expect(await headBucket(client)).toEqual({ region: 'eu-west-3', accessible: true })
    expect(await getBucketLocation(client)).toBe('eu-west-3')
  })

  test('tells its region to whoever signs for another', async () => {
    const { client } = town(undefined, { region: 'eu-west-3' })
    const wrong = s3Client({
      bucket: 'bucket',
      endpoint: 'https://s3.test',
      credentials: CREDENTIALS,
      clock: client.clock,
      fetch: async (url, { signal: _, ...init }) =>
        s3Gateway({
          buckets: { bucket: memoryStore() },
          credentials: CREDENTIALS,
          region: 'eu-west-3',
          clock: client.clock,
        })(new Request(url, init)),
    })
    expect(await headBucket(wrong)).toEqual({ region: 'eu-west-3', accessible: false })
  })
})
