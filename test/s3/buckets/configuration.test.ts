import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/contracts/index.ts'
import {
  type BucketCorsRule,
  type BucketLifecycleRule,
  getBucketCors,
  getBucketLifecycle,
  putBucketCors,
  putBucketLifecycle,
} from '../../../src/s3/buckets/index.ts'
import { s3Client } from '../../../src/s3/client.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { answer, failure, script, xmlError } from '../scripted-fetch.ts'

const NONE = answer(404, xmlError('NoSuchLifecycleConfiguration'))
const rulesOf = (...rules: string[]): string =>
  `<LifecycleConfiguration>${rules.map((rule) => `<Rule>${rule}</Rule>`).join('')}</LifecycleConfiguration>`
const PLAIN =
  '<ID>p</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration>'
const READ = { id: 'p', prefix: 'a/', enabled: true, expireAfterDays: 3 }

/** Whoever sleeps on it wakes up at once, and it is later. */
function hurriedClock(): Clock {
  const time = virtualClock()
  return { ...time, sleep: async (ms) => time.setNow(time.now() + ms) }
}

/** As whoever has no types may write them: by AWS's names, too. */
const NO_RULES_OF_CORS: readonly unknown[] = [
  'https://app.example',
  { allowedOrigins: ['*'], allowedMethods: ['GET'] },
  [null],
  ['*'],
  [{}],
  [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }],
  [{ allowedOrigins: '*', allowedMethods: ['GET'] }],
  [{ allowedOrigins: [5], allowedMethods: ['GET'] }],
  [{ allowedOrigins: ['*'], allowedMethods: 'GET' }],
  [{ allowedOrigins: ['*'], allowedMethods: ['get'] }],
  [{ allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: '*' }],
  [{ allowedOrigins: ['*'], allowedMethods: ['GET'], exposeHeaders: { ETag: true } }],
  [{ allowedOrigins: ['*'], allowedMethods: ['GET'], maxAgeSeconds: 60 }],
  [{ allowedOrigins: ['*'], allowedMethods: ['GET'], maxAgeMs: '60000' }],
  [{ allowedOrigins: ['*'], allowedMethods: ['GET'], id: 5 }],
]

/** The same for lifecycle rules. */
const NO_RULES_OF_LIFECYCLE: readonly unknown[] = [
  { id: 'a', prefix: '', expireAfterDays: 3 },
  [null],
  [{}],
  [{ ID: 'a', Prefix: '', Expiration: { Days: 3 } }],
  [{ prefix: '', expireDays: 3, expireAfterDays: 3 }],
  [{ expireAfterDays: 3 }],
  [{ prefix: 5, expireAfterDays: 3 }],
  [{ prefix: '', expireAfterDays: '3' }],
  [{ prefix: '', expireAfterDays: 3, enabled: 'no' }],
  [{ prefix: '', expireAfterDays: 3, id: 5 }],
  [{ xml: 5 }],
]

test.each(NO_RULES_OF_LIFECYCLE.map((rules) => [rules]))(
  '%j are no lifecycle rules, and nothing is sent',
  async (rules) => {
    const { options, sent } = script([])
    const error = await failure(putBucketLifecycle(s3Client(options), rules as never))
    expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-options' })
    expect(sent).toEqual([])
  },
)

describe('CORS', () => {
  const rule: BucketCorsRule = { allowedOrigins: ['*'], allowedMethods: ['GET'] }

  test('a rule is written in full, under its MD5', async () => {
    const { options, sent } = script([answer(200)])
    await putBucketCors(s3Client(options), [{ ...rule, id: '<&', maxAgeMs: 60_000 }])
    const { body = '', headers } = sent[0] ?? {}
    expect(body).toContain(
      '<CORSRule><ID>&lt;&amp;</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>',
    )
    expect(headers?.get('content-md5')).toBe(createHash('md5').update(body).digest('base64'))
  })

  test.each<[string, BucketCorsRule[]]>([
    ['no rule', []],
    ['101 rules', Array(101).fill(rule)],
    ['no origin', [{ ...rule, allowedOrigins: [] }]],
    ['no method', [{ ...rule, allowedMethods: [] }]],
    ['half a second', [{ ...rule, maxAgeMs: 500 }]],
    ['a time before now', [{ ...rule, maxAgeMs: -1000 }]],
    ...NO_RULES_OF_CORS.map((wrong): [string, BucketCorsRule[]] => [
      JSON.stringify(wrong),
      wrong as never,
    ]),
  ])('%s is refused before anything is sent', async (_, rules) => {
    const { options, sent } = script([])
    const error = await failure(putBucketCors(s3Client(options), rules))
    expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-options' })
    expect(sent).toEqual([])
  })

  test('an absent bucket is not one without rules', async () => {
    const { options } = script([answer(404, xmlError('NoSuchBucket'))])
    expect(await failure(getBucketCors(s3Client(options)))).toMatchObject({ code: 'not-found' })
  })
})

describe('lifecycle', () => {
  test.each<[string, string, BucketLifecycleRule]>([
    ['a plain rule', PLAIN, READ],
    [
      'one from before there were filters',
      '<ID>p</ID><Prefix>a/</Prefix><Status>Enabled</Status><Expiration><Days>3</Days></Expiration>',
      READ,
    ],
    [
      'an empty filter, and white space',
      '\n <ID>p</ID>\n <Filter>\n </Filter> <Status>Disabled</Status><AbortIncompleteMultipartUpload>\n<DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>\n',
      { id: 'p', prefix: '', enabled: false, abortUploadsAfterDays: 7 },
    ],
  ])('%s is read', async (_, rule, expected) => {
    const { options } = script([answer(200, rulesOf(rule))])
    expect(await getBucketLifecycle(s3Client(options))).toEqual([expected])
  })

  test.each([
    ['a tag', PLAIN.replace('<Prefix>a/</Prefix>', '<Tag><Key>k</Key><Value>v</Value></Tag>')],
    [
      'a size',
      PLAIN.replace('<Prefix>a/</Prefix>', '<ObjectSizeGreaterThan>5</ObjectSizeGreaterThan>'),
    ],
    ['a date', PLAIN.replace('<Days>3</Days>', '<Date>2030-01-01T00:00:00Z</Date>')],
    [
      'a marker',
      PLAIN.replace(
        '<Days>3</Days>',
        '<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>',
      ),
    ],
    [
      'a transition',
      `${PLAIN}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>`,
    ],
    [
      'old versions',
      `${PLAIN}<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>`,
    ],
    ['two prefixes', `${PLAIN}<Prefix>b/</Prefix>`],
    ['no action', PLAIN.replace(/<Expiration>.*<\/Expiration>/, '')],
    ['another status', PLAIN.replace('Enabled', 'Paused')],
  ])('a rule with %s comes, and goes, as it is', async (_, rule) => {
    const { options, sent } = script([
      answer(200, rulesOf(rule, PLAIN)),
      answer(200, rulesOf(rule, PLAIN)),
      answer(200),
      answer(200, rulesOf(rule, PLAIN)),
    ])
    const client = s3Client(options)
    const found = await getBucketLifecycle(client)
    expect(found).toEqual([{ id: 'p', xml: `<Rule>${rule}</Rule>` }, READ])
    await putBucketLifecycle(client, found)
    expect(sent[2]?.body).toContain(`<Rule>${rule}</Rule><Rule>`)
  })

  test('a rule that cannot be said is not lost', async () => {
    const rich = PLAIN.replace('<ID>p</ID>', '<ID>rich</ID>').replace(
      '<Prefix>a/</Prefix>',
      '<ObjectSizeLessThan>5</ObjectSizeLessThan>',
    )
    const { options, sent } = script([answer(200, rulesOf(rich))])
    expect(await failure(putBucketLifecycle(s3Client(options), [READ]))).toMatchObject({
      code: 'precondition-failed',
      message: expect.stringContaining('"rich"'),
    })
    expect(sent.map(({ method }) => method)).toEqual(['GET'])
  })

  test('what the document says beside its rules is kept', async () => {
    const name = 'x-amz-transition-default-minimum-object-size'
    const headers = { [name]: 'varies_by_storage_class' }
    const { options, sent } = script([
      answer(200, rulesOf(PLAIN), headers),
      answer(200),
      answer(200, rulesOf(PLAIN)),
    ])
    await putBucketLifecycle(s3Client(options), [READ])
    expect(sent[1]?.headers.get(name)).toBe(headers[name])
  })

  test('what is read back may be old for a while', async () => {
    const clock = hurriedClock()
    const { options, sent } = script([NONE, answer(200), NONE, NONE, answer(200, rulesOf(PLAIN))], {
      clock,
    })
    await putBucketLifecycle(s3Client(options), [{ prefix: 'a/', expireAfterDays: 3 }])
    expect(sent).toHaveLength(5)
  })

  test('but not for ever', async () => {
    const clock = hurriedClock()
    const { options, sent } = script([NONE, answer(200), NONE, NONE, NONE, NONE], { clock })
    expect(await failure(putBucketLifecycle(s3Client(options), [READ]))).toMatchObject({
      code: 'not-supported',
    })
    expect(sent).toHaveLength(6)
  })

  test('half a rule is none', async () => {
    const { options } = script([NONE, answer(200), answer(200, rulesOf(PLAIN))])
    const rule = { ...READ, abortUploadsAfterDays: 1 }
    expect(await failure(putBucketLifecycle(s3Client(options), [rule]))).toMatchObject({
      code: 'not-supported',
      message: expect.stringContaining('"p"'),
    })
  })

  test.each<[string, BucketLifecycleRule[], string]>([
    ['no rule', [], 'invalid-options'],
    ['1,001 rules', Array(1001).fill(READ), 'invalid-options'],
    ['no action', [{ prefix: '' }], 'invalid-options'],
    ['no days', [{ prefix: '', expireAfterDays: 0 }], 'invalid-options'],
    ['half a day', [{ prefix: '', abortUploadsAfterDays: 0.5 }], 'invalid-options'],
    ['a long id', [{ ...READ, id: 'x'.repeat(256) }], 'invalid-options'],
    ['no document', [{ xml: 'x' }], 'invalid-options'],
    ['a document cut short', [{ xml: `<Rule>${PLAIN}` }], 'invalid-options'],
    ['another document', [{ xml: '<Error></Error>' }], 'invalid-options'],
    ['a prefix of a control character', [{ ...READ, prefix: '\u0001' }], 'invalid-key'],
  ])('%s is refused before anything is sent', async (_, rules, code) => {
    const { options, sent } = script([])
    expect(await failure(putBucketLifecycle(s3Client(options), rules))).toMatchObject({ code })
    expect(sent).toEqual([])
  })
})
