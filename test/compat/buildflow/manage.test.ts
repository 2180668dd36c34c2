import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { manage, S3Bucket, type S3BucketSettings } from '../../../src/compat/buildflow/index.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { answer, type Script, type Step, script, xmlError } from '../../s3/scripted-fetch.ts'

function scripted(
  steps: readonly Step[],
  options: { readonly awsRegion?: string; readonly settings?: S3BucketSettings } = {},
): { readonly bucket: S3Bucket; readonly sent: Script['sent'] } {
  const { sent, options: client } = script(steps)
  const { fetch, credentials, retry } = client
  const { awsRegion, settings } = options
  const bucket = new S3Bucket({ bucketName: 'bucket', awsRegion, credentials, fetch, retry })
  return { bucket: bucket.options(settings), sent }
}

const GONE = answer(404)
const NO_RULES = answer(404, xmlError('NoSuchLifecycleConfiguration'))

test('the bucket is made in its region', async () => {
  const { bucket, sent } = scripted([GONE, answer(200)], {
    awsRegion: 'eu-west-1',
    settings: { abortUploadsAfterDays: 0 },
  })
  const { changes } = await manage(bucket).apply()
  expect(changes).toMatchObject([{ resource: 'bucket', action: 'create' }])
  expect(changes[0]?.message).toContain('eu-west-1')
  expect(sent[1]?.url.href).toBe('https://bucket.s3.eu-west-1.amazonaws.com/')
  expect(sent[1]?.body).toContain('<LocationConstraint>eu-west-1</LocationConstraint>')
})

test('one that is elsewhere is neither moved nor made anew', async () => {
  const there = answer(200, '', { 'x-amz-bucket-region': 'us-west-2' })
  const { bucket, sent } = scripted([there, there], { awsRegion: 'eu-west-1' })
  for (const call of [manage(bucket).plan, manage(bucket).apply]) {
    await expect(call()).rejects.toMatchObject({ code: 'invalid-options', region: 'us-west-2' })
  }
  expect(sent.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
})

test('one of somebody else’s is refused, and nothing is sent to it', async () => {
  const theirs = answer(403, '', { 'x-amz-bucket-region': 'us-east-1' })
  const { bucket, sent } = scripted([theirs])
  await expect(manage(bucket).apply()).rejects.toMatchObject({ code: 'permission-denied' })
  expect(sent).toHaveLength(1)
})

test('a plan sends nothing that changes anything', async () => {
  const { bucket, sent } = scripted([answer(200), NO_RULES])
  expect((await manage(bucket).plan()).changes).toMatchObject([
    { resource: 'lifecycle', action: 'create' },
  ])
  expect(sent.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
})

// Half way, there would be a bucket already; and a text that is not empty would delete all that is in it.
test.each<[string, unknown]>([
  ['abortUploadsAfterDays', -1],
  ['abortUploadsAfterDays', 1.5],
  ['abortUploadsAfterDays', Number.NaN],
  ['abortUploadsAfterDays', '7'],
  ['abortUploadsAfterDays', null],
  ['forceDestroy', 'false'],
  ['cors', { allowedOrigins: ['*'], allowedMethods: ['GET'] }],
  ['cors', [{ allowedOrigins: '*', allowedMethods: ['GET'] }]],
  ['cors', [{ allowedOrigins: ['*'], allowedMethods: ['PATCH'] }]],
  ['AllowedOrigins', [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]],
])('%s is refused when it is given, before anything is made: %j', (name, value) => {
  const option = name === 'AllowedOrigins' ? 'cors' : name
  expect(() => scripted([], { settings: { [option]: value } })).toThrow(
    expect.objectContaining({
      code: 'invalid-options',
      message: expect.stringMatching(new RegExp(name, 'i')),
    }),
  )
})

test('a gateway whose buckets are given makes and deletes none, and empties none', async () => {
  const store = memoryStore()
  await store.put('kept', new Uint8Array(3))
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }
  const gateway = s3Gateway({ buckets: { there: store }, credentials, region: 'us-east-1' })
  const at = (bucketName: string) => {
    const fetch = async (url: string, init: RequestInit) => gateway(new Request(url, init))
    const bucket = new S3Bucket({ bucketName, endpoint: 'https://s3.test', credentials, fetch })
    return manage(bucket.options({ forceDestroy: true }))
  }
  await expect(at('absent').apply()).rejects.toMatchObject({ code: 'not-supported' })
  await expect(at('there').destroy()).rejects.toMatchObject({ code: 'not-supported' })
  expect(await store.head('kept')).toMatchObject({ sizeBytes: 3 })
  expect((await at('there').apply()).changes).toEqual([])
})

test('what fails otherwise than by not being there is an error', async () => {
  const refused = answer(403, xmlError('AccessDenied'))
  const { bucket } = scripted([answer(200), refused], { settings: { abortUploadsAfterDays: 7 } })
  await expect(manage(bucket).plan()).rejects.toMatchObject({ code: 'permission-denied' })
})

test('a rule that nobody asked for, and that these credentials may not read, is left out', async () => {
  const refused = answer(403, xmlError('AccessDenied'))
  const { bucket } = scripted([answer(200), refused])
  expect(await manage(bucket).plan()).toMatchObject({
    changes: [],
    unsupported: [expect.any(String)],
  })
})

test('a bucket of R2 behind its binding is managed by wrangler, and plan says how', async () => {
  const bucket = new S3Bucket({ bucketName: 'reports', store: memoryStore() })
  const management = manage(bucket)
  expect(await management.plan()).toEqual({
    bucketName: 'reports',
    changes: [],
    unsupported: [],
    commands: [
      'npx wrangler r2 bucket create reports --binding BUCKET --update-config',
      'npx wrangler r2 bucket lifecycle add reports sluice-stale-uploads --abort-multipart-days 7',
    ],
  })
  bucket.options({
    abortUploadsAfterDays: 0,
    cors: [
      {
        allowedOrigins: ["https://it's.example"],
        allowedMethods: ['GET', 'PUT'],
        exposeHeaders: ['ETag'],
        maxAgeMs: 60_000,
      },
    ],
  })
  const { commands } = await management.plan()
  expect(commands[2]).toBe('npx wrangler r2 bucket cors set reports --file cors.json')
  const [, document = ''] = /^printf '%s' '([^']*)' > cors\.json$/.exec(commands[1] ?? '') ?? []
  expect(JSON.parse(document)).toEqual({
    rules: [
      {
        allowed: { origins: ["https://it's.example"], methods: ['GET', 'PUT'] },
        exposeHeaders: ['ETag'],
        maxAgeSeconds: 60,
      },
    ],
  })
  bucket.options({ abortUploadsAfterDays: 0, cors: [] })
  expect((await management.plan()).commands[1]).toBe('npx wrangler r2 bucket cors delete reports')
  for (const call of [management.apply, management.destroy]) {
    await expect(call()).rejects.toMatchObject({ code: 'not-supported' })
  }
})

test('the commands are those of the wrangler that this package is tested with', async () => {
  // Starting it for each command would take seconds.
  const program = new URL('../../../node_modules/wrangler/wrangler-dist/cli.js', import.meta.url)
  const text = await readFile(program, 'utf8')
  for (const command of ['create', 'cors set', 'cors delete', 'lifecycle add']) {
    expect(text.includes(`"wrangler r2 bucket ${command}"`)).toBe(true)
  }
  for (const option of ['abort-multipart-days', 'update-config']) {
    expect(text.includes(option)).toBe(true)
  }
})

test.each(['A', 'a b', 'a;b', '-a-', 'a.b.c'])('%s can be no bucket of R2', async (bucketName) => {
  const bucket = new S3Bucket({ bucketName, store: memoryStore() })
  await expect(manage(bucket).plan()).rejects.toMatchObject({ code: 'invalid-options' })
})
