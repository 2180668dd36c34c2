import { expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { listObjects } from '../../src/s3/list.ts'
import { answer, failure, type Script, type Step, script } from './scripted-fetch.ts'

function page(names: readonly string[], more = '<IsTruncated>false</IsTruncated>'): Step {
  const items = names.map((name) =>
    name.endsWith('/')
      ? `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${name}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified><ETag>&quot;t&quot;</ETag><Size>1</Size></Contents>`,
  )
  return answer(200, `<ListBucketResult>${more}${items.join('')}</ListBucketResult>`)
}

async function names(plan: Script, options = {}): Promise<string[]> {
  const found: string[] = []
  for await (const entry of listObjects(s3Client(plan.options), options)) {
    found.push(entry.kind === 'object' ? entry.key : entry.prefix)
  }
  return found
}

const URL_ENCODED = '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>'

test('names are decoded when the server says that it has encoded them', async () => {
  const plan = script([page(['a+b%2B%C3%BC%25', 'c+d/'], URL_ENCODED)])
  expect(await names(plan)).toEqual(['a b+ü%', 'c d/'])
  expect(plan.sent[0]?.url.searchParams.get('encoding-type')).toBe('url')
})

test('names are left alone when it does not', async () => {
  expect(await names(script([page([' a+b%2B&amp;&#13; '])]))).toEqual([' a+b%2B&\r '])
})

test('prefixes come in their place, by the bytes of UTF-8', async () => {
  const plan = script([page(['a!', 'a0', '😀', '\ue000', 'a/', 'b/'])])
  expect(await names(plan, { delimiter: '/' })).toEqual(['a!', 'a/', 'a0', 'b/', '\ue000', '😀'])
})

test('goes on with the token and without start-after', async () => {
  const more =
    '<IsTruncated>true</IsTruncated><NextContinuationToken>t &amp;+/=</NextContinuationToken>'
  const plan = script([page(['b'], more), page(['c'])])
  expect(await names(plan, { prefix: 'p /', startAfter: 'a', delimiter: '/' })).toEqual(['b', 'c'])
  const queries = plan.sent.map((request) => Object.fromEntries(request.url.searchParams))
  const same = { 'list-type': '2', 'encoding-type': 'url', prefix: 'p /', delimiter: '/' }
  expect(queries).toEqual([
    { ...same, 'start-after': 'a' },
    { ...same, 'continuation-token': 't &+/=' },
  ])
})

test('a listing that lost its end is asked for again', async () => {
  const whole = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
  const plan = script([answer(200, whole.slice(0, -1)), answer(200), page(['a'])])
  expect(await names(plan)).toEqual(['a'])
  expect(plan.sent).toHaveLength(3)
})

test.each([
  ['more without a token', page(['a'], '<IsTruncated>true</IsTruncated>')],
  [
    'an object without a name',
    answer(
      200,
      '<ListBucketResult><Contents><Size>1</Size><LastModified>2026-11-21T10:00:00Z</LastModified></Contents></ListBucketResult>',
    ),
  ],
  [
    'an object without a size',
    answer(
      200,
      '<ListBucketResult><Contents><Key>a</Key><LastModified>2026-11-21T10:00:00Z</LastModified></Contents></ListBucketResult>',
    ),
  ],
  ['a name that is not encoded', page(['%zz'], URL_ENCODED)],
  ['a web page', answer(200, '<html></html>')],
])('%s is no listing', async (_, step) => {
  expect(await failure(names(script([step])))).toMatchObject({ code: 'protocol', retryable: false })
})

test('a token that leads back to itself ends in an error, not in a loop', async () => {
  const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'
  const plan = script([page(['a'], more), page(['a'], more), page(['a'], more)])
  expect(await failure(names(plan))).toMatchObject({ code: 'protocol' })
  expect(plan.sent).toHaveLength(2)
})
