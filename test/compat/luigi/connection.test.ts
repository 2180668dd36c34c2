import { describe, expect, test } from 'vitest'
import {
  S3Client,
  type S3ClientOptions,
  type S3Connection,
  S3Target,
} from '../../../src/compat/luigi/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { gatewayFetch, gatewayFetchOf } from '../../stores/over-gateway.ts'
import { all, keysOf, pattern } from './world.ts'

const KEYS = { awsAccessKeyId: 'AKID', awsSecretAccessKey: 'SECRET' }

interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

/** A gateway that knows one bucket, `bucket`, and tells what it was sent. */
function watched(
  store: Store,
  answer: (request: Request) => Promise<Response | undefined> = async () => undefined,
): { readonly sent: Sent[]; readonly options: S3Connection } {
  const sent: Sent[] = []
  const gateway = gatewayFetch(store)
  return {
    sent,
    options: {
      endpointUrl: 'https://s3.test',
      async fetch(url, init) {
        const request = new Request(url, init)
        const body = request.headers.get('content-type')?.includes('form')
          ? await request.clone().text()
          : ''
        sent.push({ method: request.method, url: request.url, headers: request.headers, body })
        return (await answer(request)) ?? gateway(url, init)
      },
    },
  }
}

describe('credentials', () => {
  test('a key, with a session token', async () => {
    const { sent, options } = watched(memoryStore())
    const client = new S3Client({ ...options, ...KEYS, awsSessionToken: 'TOKEN' })
    await client.exists('s3://bucket/key').catch(() => {})
    expect(sent[0]?.headers.get('authorization')).toContain('Credential=AKID/')
    expect(sent[0]?.headers.get('x-amz-security-token')).toBe('TOKEN')
  })

  test('a region, and an endpoint', async () => {
    const { sent, options } = watched(memoryStore())
    const client = new S3Client({ ...options, ...KEYS, regionName: 'eu-west-3' })
    await client.exists('s3://bucket/key').catch(() => {})
    expect(sent[0]?.url).toBe('https://s3.test/bucket/key')
    expect(sent[0]?.headers.get('authorization')).toContain('/eu-west-3/s3/')
  })

  test.each<[string, object, string, string]>([
    ['none', {}, 'unauthenticated', 'sluice/node/luigi'],
    ['half a key', { awsAccessKeyId: 'AKID' }, 'invalid-options', 'both or not at all'],
    ['half a role', { ...KEYS, awsRoleArn: 'arn:x' }, 'invalid-options', 'both or not at all'],
    ['the other half', { ...KEYS, awsRoleSessionName: 'me' }, 'invalid-options', 'both'],
    [
      'a role for nobody',
      { credentials: 'anonymous', awsRoleArn: 'arn:x', awsRoleSessionName: 'me' },
      'invalid-options',
      'anonymously',
    ],
    ['no connections', { ...KEYS, connections: 0 }, 'invalid-options', 'connections (0)'],
  ])('%s', (_, options, code, message) => {
    const make = () => new S3Client(options as S3ClientOptions)
    expect(make).toThrow(expect.objectContaining({ code }))
    expect(make).toThrow(message)
  })

  test('a role is taken on again when its session ends', async () => {
    const clock = virtualClock()
    let sessions = 0
    const { sent, options } = watched(memoryStore(), async (request) => {
      if (!request.url.startsWith('https://sts.test')) return undefined
      const ends = new Date(clock.now() + 3_600_000).toISOString()
      return new Response(
        `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE${++sessions}</AccessKeyId>` +
          `<SecretAccessKey>S</SecretAccessKey><SessionToken>T${sessions}</SessionToken>` +
          `<Expiration>${ends}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      )
    })
    const client = new S3Client({
      ...options,
      ...KEYS,
      awsRoleArn: 'arn:aws:iam::123456789012:role/DataPipelineRole',
      awsRoleSessionName: 'luigi-session',
      stsEndpointUrl: 'https://sts.test',
      clock,
    })
    const used = async (): Promise<string | undefined> => {
      await client.getKey('s3://bucket/key').catch(() => {})
      return /Credential=(\w+)/.exec(sent.at(-1)?.headers.get('authorization') ?? '')?.[1]
    }
    expect(await used()).toBe('ROLE1')
    const [call] = sent
    expect(call?.headers.get('authorization')).toContain('Credential=AKID/')
    expect(new URLSearchParams(call?.body).get('RoleSessionName')).toBe('luigi-session')
    expect(await used()).toBe('ROLE1')
    await clock.advance(2 * 3_600_000)
    expect(await used()).toBe('ROLE2')
  })

  test('two clients share nothing', async () => {
    const one = watched(memoryStore())
    const two = watched(memoryStore())
    const first = new S3Client({ ...one.options, ...KEYS })
    const second = new S3Client({ ...two.options, ...KEYS, awsAccessKeyId: 'OTHER' })
    await first.getKey('s3://bucket/key').catch(() => {})
    await second.getKey('s3://bucket/key').catch(() => {})
    expect(one.sent[0]?.headers.get('authorization')).toContain('Credential=AKID/')
    expect(two.sent[0]?.headers.get('authorization')).toContain('Credential=OTHER/')
  })
})

describe('put options', () => {
  const STORAGE = {
    serverSideEncryption: { kmsKeyId: 'key-1' },
    storageClass: 'STANDARD_IA',
    tags: { team: 'data' },
  } as const
  const HEADERS = {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-tagging': 'team=data',
  }

  /** The gateway has no classes: what matters is what would reach S3. */
  function s3() {
    const store = memoryStore()
    const { sent, options } = watched(store)
    const { fetch } = options
    const client = new S3Client({
      ...options,
      ...KEYS,
      fetch: async (url, init) => {
        await fetch?.(url, init)
        const { method } = init
        if (method === 'POST' && String(url).includes('uploads')) {
          return new Response(
            '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
          )
        }
        if (method === 'POST') {
          return new Response(
            '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>',
          )
        }
        if (new Headers(init.headers).has('x-amz-copy-source')) {
          return new Response('<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>')
        }
        if (method === 'GET') return new Response('<ListBucketResult></ListBucketResult>')
        const headers = {
          etag: '"e"',
          'content-length': '3',
          'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT',
        }
        return new Response(null, { headers })
      },
    })
    const headersOf = (method: string): Record<string, string | null> => {
      const call = sent.find((one) => one.method === method)
      return Object.fromEntries(
        Object.keys(HEADERS).map((name) => [name, call?.headers.get(name) ?? null]),
      )
    }
    return { client, headersOf }
  }

  test('go with a put in one piece', async () => {
    const { client, headersOf } = s3()
    await client.putString('text', 's3://bucket/key', STORAGE)
    expect(headersOf('PUT')).toEqual(HEADERS)
  })

  test('go with what a target writes in parts', async () => {
    const { client, headersOf } = s3()
    const target = new S3Target('s3://bucket/key', { client, ...STORAGE })
    const file = target.open('w')
    await file.write('x'.repeat(17 * 1024 ** 2))
    await file.close()
    expect(headersOf('POST')).toEqual(HEADERS)
  })

  test('go with a copy', async () => {
    const { client, headersOf } = s3()
    await client.copy('s3://bucket/from', 's3://bucket/to', STORAGE)
    expect(headersOf('PUT')).toEqual(HEADERS)
    const contentType = { contentType: 'text/plain' } as object
    await expect(
      client.copy('s3://bucket/from', 's3://bucket/to', contentType),
    ).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('of S3 are refused by other stores', async () => {
    const client = new S3Client({ buckets: { bucket: memoryStore() } })
    await expect(client.putString('x', 's3://bucket/key', STORAGE)).rejects.toMatchObject({
      code: 'not-supported',
    })
    const target = new S3Target('s3://bucket/key', { client, serverSideEncryption: 'AES256' })
    expect(() => target.open('w')).toThrow('serverSideEncryption is an option of S3')
  })

  test.each<readonly [string, string]>([
    ['ServerSideEncryption', 'there is serverSideEncryption'],
    ['ContentType', 'there is contentType'],
    ...['ACL', 'acl', 'GrantRead', 'SSECustomerKey', 'SSECustomerAlgorithm', 'Tagging'].map(
      (name) => [name, 'there are storageClass, '] as const,
    ),
  ])('nobody knows are refused when a target is made: %s', (name, hint) => {
    const client = new S3Client({ buckets: {} })
    const options = { client, [name]: 'secret' }
    const make = () => new S3Target('s3://bucket/key', options)
    expect(make).toThrow(`S3Target: there is no option "${name}"; ${hint}`)
    expect(make).not.toThrow('secret')
  })
})

describe('a copy from one bucket to another of the same server', () => {
  const [first, second, third] = [memoryStore(), memoryStore(), memoryStore()]
  const gateway = gatewayFetchOf({ first, second, third })
  const bodies: string[] = []
  const client = new S3Client({
    endpointUrl: 'https://s3.test',
    ...KEYS,
    async fetch(url, init) {
      if (init.method === 'GET' && !String(url).includes('?')) bodies.push(String(url))
      return gateway(url, init)
    },
  })

  test('is made by the server, headers included', async () => {
    const headers = { contentType: 'text/csv', metadata: { who: 'me' } }
    for (const name of ['a', 'b/ü +%', 'c']) {
      await client.putString(name, `s3://first/x/${name}`, headers)
    }
    expect(await client.copy('s3://first/x', 's3://second/x')).toEqual({ count: 3, bytes: 9 })
    expect(await all(client.list('s3://second'))).toEqual(['x/a', 'x/b/ü +%', 'x/c'])
    expect(await client.getKey('s3://second/x/b/ü +%')).toMatchObject(headers)
    await client.move('s3://second/x/a', 's3://third/x/a')
    expect([await keysOf(third), await second.head('x/a')]).toEqual([['x/a'], undefined])
    expect(bodies).toEqual([])
  })

  test('says what is missing, and where', async () => {
    await expect(client.copy('s3://first/none', 's3://second/x')).rejects.toMatchObject({
      ...{ code: 'not-found', key: 'none' },
    })
    await expect(client.copy('s3://first/x/a', 's3://not-there/x')).rejects.toMatchObject({
      ...{ code: 'not-found', serverCode: 'NoSuchBucket' },
    })
  })
})

describe('a bucket that is not there', () => {
  const { options } = watched(memoryStore())
  const missing = { code: 'not-found', serverCode: 'NoSuchBucket' }

  test.each([
    ['S3', new S3Client({ ...options, ...KEYS })],
    ['stores', new S3Client({ buckets: {} })],
  ])('of %s', async (kind, client) => {
    const path = 's3://missing-bucket/key'
    await expect(client.put(pattern(1), path)).rejects.toMatchObject(missing)
    await expect(client.putString('x', path)).rejects.toMatchObject(missing)
    await expect(client.putMultipart(pattern(1), path)).rejects.toMatchObject(missing)
    await expect(client.remove(path)).rejects.toMatchObject(missing)
    await expect(client.exists(path)).rejects.toMatchObject(missing)
    // Luigi says that it exists.
    if (kind === 'S3') expect(await client.exists('s3://missing-bucket')).toBe(false)
  })
})

test('who may see only a prefix is asked for nothing else', async () => {
  const store = memoryStore()
  await store.put('mine/dir/key', pattern(1))
  const { options } = watched(store, async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const own = pathname === '/bucket/' || pathname === '/bucket' ? searchParams.get('prefix') : ''
    if (pathname.startsWith('/bucket/mine/') || own?.startsWith('mine/')) return undefined
    return new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
  })
  const client = new S3Client({ ...options, ...KEYS })
  expect(await client.exists('s3://bucket/mine/dir')).toBe(true)
  expect(await client.isDir('s3://bucket/mine/dir')).toBe(true)
  expect(await client.exists('s3://bucket/mine/none')).toBe(false)
  expect(await client.exists('s3://bucket')).toBe(true)
  await expect(client.exists('s3://bucket/theirs')).rejects.toMatchObject({
    code: 'permission-denied',
  })
})
