import { readFile } from 'node:fs/promises'
import { S3Client as AwsSdk } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { deleteObjects } from '../../src/s3/delete-objects.ts'
import { s3Address } from '../../src/s3/endpoint.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import {
  AWS_PROVIDER,
  aws,
  b2,
  GENERIC_PROVIDER,
  garage,
  gcs,
  localstack,
  minio,
  oss,
  profileOf,
  r2,
  rustfs,
  type S3Profile,
  tigris,
  versitygw,
} from '../../src/s3/providers/index.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { answer, failure, type Step, script, xmlError } from './scripted-fetch.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
const endpoint = 'http://127.0.0.1:9000'

const ALL: readonly S3Profile[] = [
  aws(),
  r2({ accountId: 'abc' }),
  b2({ region: 'us-west-004' }),
  gcs(),
  tigris(),
  oss({ region: 'cn-hangzhou' }),
  localstack(),
  garage({ endpoint }),
  minio({ endpoint }),
  rustfs({ endpoint }),
  versitygw({ endpoint }),
]

function place(profile: S3Profile, bucket = 'my-bucket'): string {
  return s3Address({ ...profile, bucket }).url('k')
}

describe('endpoints of AWS', () => {
  const { endpointProvider } = new AwsSdk({ region: 'us-east-1', credentials }).config
  const regions = [
    'us-east-1',
    'eu-central-1',
    'ap-southeast-7',
    'us-gov-west-1',
    'cn-north-1',
    'cn-northwest-1',
    'eusc-de-east-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eu-isoe-west-1',
  ]

  test('are those that the AWS SDK goes to, for each region, form and bucket', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...regions),
        fc.boolean(),
        fc.boolean(),
        fc.stringMatching(/^[a-z][a-z0-9-]{1,20}[a-z](\.[a-z][a-z0-9-]{1,20}[a-z]){0,2}$/),
        (region, dualStack, fips, bucket) => {
          // It refuses what China has not; here that is the server's to say.
          fc.pre(!(fips && region.startsWith('cn-')) && !bucket.endsWith('-s3alias'))
          const { url } = endpointProvider({
            Region: region,
            Bucket: bucket,
            UseFIPS: fips,
            UseDualStack: dualStack,
            UseGlobalEndpoint: false,
          })
          const ours = place(aws({ region, dualStack, fips }), bucket)
          expect(ours).toBe(`${url.href.replace(/\/$/, '')}/k`)
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    [aws(), 'https://my-bucket.s3.us-east-1.amazonaws.com/k'],
    [
      aws({ region: 'eu-west-1', dualStack: true }),
      'https://my-bucket.s3.dualstack.eu-west-1.amazonaws.com/k',
    ],
    [
      aws({ region: 'us-gov-east-1', fips: true, dualStack: true }),
      'https://my-bucket.s3-fips.dualstack.us-gov-east-1.amazonaws.com/k',
    ],
    [aws({ region: 'cn-north-1' }), 'https://my-bucket.s3.cn-north-1.amazonaws.com.cn/k'],
  ])('%j', (profile, url) => {
    expect(place(profile)).toBe(url)
  })

  test('follow the region that the bucket turns out to be in, whatever their form', async () => {
    const elsewhere = answer(301, xmlError('PermanentRedirect', '<Region>eu-west-1</Region>'))
    const stored = answer(200, '', { etag: '"tag"' })
    const plan = script([elsewhere, stored], aws({ dualStack: true }))
    await s3Client(plan.options).send({
      operation: 'HeadObject',
      method: 'HEAD',
      key: 'k',
      read: async () => {},
    })
    expect(plan.sent.map(({ url }) => url.host)).toEqual([
      'bucket.s3.dualstack.us-east-1.amazonaws.com',
      'bucket.s3.dualstack.eu-west-1.amazonaws.com',
    ])
  })
})

describe('endpoints of others', () => {
  test.each([
    [r2({ accountId: 'abc' }), 'https://abc.r2.cloudflarestorage.com/my-bucket/k', 'auto'],
    [
      r2({ accountId: 'abc', jurisdiction: 'eu' }),
      'https://abc.eu.r2.cloudflarestorage.com/my-bucket/k',
      'auto',
    ],
    [
      r2({ accountId: 'abc', jurisdiction: 'fedramp' }),
      'https://abc.fedramp.r2.cloudflarestorage.com/my-bucket/k',
      'auto',
    ],
    [
      b2({ region: 'us-west-004' }),
      'https://my-bucket.s3.us-west-004.backblazeb2.com/k',
      'us-west-004',
    ],
    [gcs(), 'https://storage.googleapis.com/my-bucket/k', 'auto'],
    [tigris(), 'https://t3.storage.dev/my-bucket/k', 'auto'],
    [
      oss({ region: 'cn-hangzhou' }),
      'https://my-bucket.oss-cn-hangzhou.aliyuncs.com/k',
      'cn-hangzhou',
    ],
    [localstack(), 'http://localhost:4566/my-bucket/k', 'us-east-1'],
    [garage({ endpoint }), 'http://127.0.0.1:9000/my-bucket/k', 'garage'],
    [minio({ endpoint }), 'http://127.0.0.1:9000/my-bucket/k', 'us-east-1'],
    [rustfs({ endpoint }), 'http://127.0.0.1:9000/my-bucket/k', 'us-east-1'],
    [
      versitygw({ endpoint, region: 'eu-west-1' }),
      'http://127.0.0.1:9000/my-bucket/k',
      'eu-west-1',
    ],
  ])('%j', (profile, url, region) => {
    expect(place(profile)).toBe(url)
    expect(s3Address({ ...profile, bucket: 'my-bucket' }).region).toBe(region)
  })

  test('a profile is data', () => {
    for (const profile of ALL) expect(JSON.parse(JSON.stringify(profile))).toEqual(profile)
  })
})

describe('profileOf', () => {
  test.each([
    ['https://s3.eu-west-1.amazonaws.com', 'Amazon S3', 'eu-west-1'],
    ['https://s3-fips.dualstack.us-gov-west-1.amazonaws.com', 'Amazon S3', 'us-gov-west-1'],
    ['https://s3.cn-north-1.amazonaws.com.cn/', 'Amazon S3', 'cn-north-1'],
    ['https://s3.amazonaws.com', 'Amazon S3', undefined],
    ['https://abc.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto'],
    ['https://abc.eu.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto'],
    ['https://s3.eu-central-003.backblazeb2.com', 'Backblaze B2', 'eu-central-003'],
    ['https://storage.googleapis.com', 'Google Cloud Storage', 'auto'],
    ['https://t3.storage.dev', 'Tigris', 'auto'],
    ['https://fly.storage.tigris.dev', 'Tigris', 'auto'],
    ['https://oss-cn-hangzhou.aliyuncs.com', 'Alibaba Cloud OSS', 'cn-hangzhou'],
    ['https://s3.oss-cn-beijing-internal.aliyuncs.com', 'Alibaba Cloud OSS', 'cn-beijing'],
    ['http://s3.localhost.localstack.cloud:4566', 'LocalStack', undefined],
    ['http://127.0.0.1:9000', 'S3-compatible', undefined],
    ['https://s3.us-east-1.amazonaws.com.example', 'S3-compatible', undefined],
    ['https://example.com/storage.googleapis.com', 'S3-compatible', undefined],
    ['no address', 'S3-compatible', undefined],
  ])('%s is %s', (text, name, region) => {
    const profile = profileOf(text)
    expect(profile.provider.name).toBe(name)
    expect(profile.region).toBe(region)
    expect(profile.endpoint).toBe(text)
  })

  test('knows each profile that has a host of its own', () => {
    for (const profile of ALL) {
      if (profile.endpoint === endpoint || profile.provider.name === 'LocalStack') continue
      const { region = 'us-east-1' } = profile
      const found = profileOf((profile.endpoint ?? '').replace('{region}', region))
      expect(found.provider).toBe(profile.provider)
      expect(found.region).toBe(region)
      expect(found.pathStyle).toBe(profile.pathStyle)
    }
  })
})

describe('a client has the provider', () => {
  test('of its profile', () => {
    for (const profile of ALL) {
      const client = s3Client({ ...profile, bucket: 'bucket', credentials })
      expect(client.provider).toBe(profile.provider)
    }
  })

  test('of AWS without an endpoint, and one that nothing is known of with one', () => {
    const bucket = 'bucket'
    expect(s3Client({ bucket, credentials }).provider).toBe(AWS_PROVIDER)
    expect(s3Client({ bucket, credentials: 'anonymous' }).provider).toBe(AWS_PROVIDER)
    expect(s3Client({ bucket, credentials, endpoint }).provider).toBe(GENERIC_PROVIDER)
    const { multipart } = s3Store({ bucket, credentials }).capabilities
    expect(multipart).toMatchObject({ equalParts: false })
  })

  test('that it is given, without a key or a signature of its own too', () => {
    const { provider } = r2({ accountId: 'abc' })
    const sign = (): never => {
      throw new Error('not asked')
    }
    expect(presignedClient({ bucket: 'bucket', sign, provider }).provider).toBe(provider)
    const anonymous = { ...r2({ accountId: 'abc' }), credentials: 'anonymous' } as const
    expect(s3Client({ ...anonymous, bucket: 'bucket' }).provider).toBe(provider)
  })
})

describe('what a provider does otherwise', () => {
  const capabilities = (profile: S3Profile): object => profile.provider.capabilities

  test('R2: equal parts, 700 keys at once, conditions on copies', () => {
    const { provider } = r2({ accountId: 'abc' })
    expect(provider).toMatchObject({ deleteBatchKeys: 700, checksums: ['crc64nvme'] })
    expect(provider.capabilities).toMatchObject({
      conditionalPut: true,
      conditionalComplete: false,
      multipart: { equalParts: true },
    })
  })

  test.each([
    ['B2', b2({ region: 'us-west-004' })],
    ['Google', gcs()],
    ['OSS', oss({ region: 'cn-hangzhou' })],
    ['Garage', garage({ endpoint })],
  ])('%s: no conditions on a write, no checksums', async (_, profile) => {
    expect(capabilities(profile)).toMatchObject({
      conditionalPut: false,
      conditionalComplete: false,
    })
    expect(profile.provider.checksums).toEqual([])
    const plan = script([], profile)
    const put = s3Store(plan.options).put('k', new Uint8Array(), { ifNoneMatch: '*' })
    expect(await failure(put)).toMatchObject({ code: 'not-supported' })
    expect(plan.sent).toEqual([])
  })

  test('OSS: never the bucket in the path', () => {
    expect(place(profileOf('https://oss-cn-hangzhou.aliyuncs.com'))).toBe(
      'https://my-bucket.oss-cn-hangzhou.aliyuncs.com/k',
    )
  })

  test('MinIO: uploads are not listed by a prefix', () => {
    expect(capabilities(minio({ endpoint }))).toMatchObject({ listUploads: false })
  })

  const gone: Step = answer(204)
  const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`)

  test('Google: each key is deleted by itself', async () => {
    const plan = script([gone, gone, gone], gcs())
    expect(await deleteObjects(s3Client(plan.options), keys(3))).toMatchObject({ deleted: 3 })
    expect(plan.sent.map(({ method, url }) => `${method} ${url.pathname}`).sort()).toEqual([
      'DELETE /bucket/k0',
      'DELETE /bucket/k1',
      'DELETE /bucket/k2',
    ])
  })

  test('R2: 1,401 keys are deleted in two batches and one by itself', async () => {
    const done = answer(200, '<DeleteResult></DeleteResult>')
    const plan = script([done, done, done], r2({ accountId: 'abc' }))
    expect(await deleteObjects(s3Client(plan.options), keys(1401))).toMatchObject({ deleted: 1401 })
    expect(plan.sent.map(({ body }) => body.split('<Key>').length - 1)).toEqual([700, 700, 1])
  })
})

describe('a copy under a condition on R2', () => {
  const copied = answer(200, '<CopyObjectResult><ETag>"new"</ETag></CopyObjectResult>')
  const refused = answer(412, xmlError('PreconditionFailed'))
  const lost: Step = () => Promise.reject(new TypeError('fetch failed'))

  test('is one CopyObject with a condition of its own', async () => {
    const plan = script([copied, copied], r2({ accountId: 'abc' }))
    const store = s3Store(plan.options)
    expect(await store.copy?.('a', 'b', { ifNoneMatch: '*' })).toEqual({ etag: 'new' })
    await store.copy?.('a', 'b', { ifMatch: 'old' })
    const [first, second] = plan.sent
    expect(first?.headers.get('cf-copy-destination-if-none-match')).toBe('*')
    expect(first?.headers.get('x-amz-metadata-directive')).toBe('MERGE')
    expect(first?.headers.get('x-amz-meta-sluice-write')).toMatch(/^[0-9a-f]{32}$/)
    expect(second?.headers.get('cf-copy-destination-if-match')).toBe('"old"')
    expect(second?.headers.has('cf-copy-destination-if-none-match')).toBe(false)
  })

  test('is refused by what is there', async () => {
    const plan = script([refused], r2({ accountId: 'abc' }))
    const copy = copyObject(s3Client(plan.options), 'a', 'b', { ifNoneMatch: '*' })
    expect(await failure(copy)).toMatchObject({ code: 'precondition-failed' })
  })

  test('whose answer was lost is told from another writer by its mark', async () => {
    let nonce: string | null = null
    const write: Step = ({ headers }, init) => {
      nonce = headers.get('x-amz-meta-sluice-write')
      return lost({ headers } as never, init)
    }
    const found =
      (own: boolean): Step =>
      () =>
        new Response(null, {
          headers: {
            etag: '"new"',
            'content-length': '1',
            'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
            'x-amz-meta-sluice-write': own ? String(nonce) : 'another',
          },
        })
    const copy = (own: boolean): Promise<unknown> => {
      const plan = script([write, refused, found(own)], r2({ accountId: 'abc' }))
      return copyObject(s3Client(plan.options), 'a', 'b', { ifNoneMatch: '*' })
    }
    expect(await copy(true)).toEqual({ etag: 'new' })
    expect(await failure(copy(false))).toMatchObject({ code: 'precondition-failed' })
  })
})

test('the table of docs/providers.md is what the profiles say', async () => {
  const page = await readFile(new URL('../../docs/providers.md', import.meta.url), 'utf8')
  const mark = (claimed: boolean): string => (claimed ? ' ✓ ' : ' ')
  const rows = ALL.map(({ provider }) => {
    const { conditionalPut, conditionalComplete, multipart, listUploads } = provider.capabilities
    const cells = [conditionalPut, conditionalComplete, multipart && !multipart.equalParts]
    const marks = [...cells, listUploads].map(mark).join('|')
    const checksums = provider.checksums.join(', ')
    return `|${marks}| ${provider.deleteBatchKeys || 'none'} |${checksums ? ` ${checksums} ` : ' '}|`
  })
  const written = page.match(/^\| `\w+\(.*\)` (\|.*)$/gm)?.map((row) => row.replace(/^.*?` /, ''))
  expect(written?.sort()).toEqual(rows.sort())
})
