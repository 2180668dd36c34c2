import { createUpload, getObject, headObject, listObjects, putObject, s3Client } from 'sluice/s3'
import { s3ClientStore } from 'sluice/stores/s3'
import { type ClientCase, check, checkEqual, checkRejects, noFetch, pattern } from './tools.ts'

/** Who may not, and input that no server should see. */
export const refusalCases: readonly ClientCase[] = [
  {
    name: 'refusals: a wrong secret, an unknown key and no key at all',
    async run({ client, options }) {
      await putObject(client(), 'key', pattern(3))
      const { accessKeyId } = options.credentials as { accessKeyId: string }
      const secretAccessKey = 'a-secret-that-nobody-may-read'
      const wrong = client({ credentials: { accessKeyId, secretAccessKey } })
      const unknown = client({ credentials: { accessKeyId: 'nobody', secretAccessKey } })
      for (const [who, to] of Object.entries({ wrong, unknown })) {
        const error = await checkRejects(getObject(to, 'key'), 'unauthenticated', `get by ${who}`)
        check(!`${error.message}${error.stack}`.includes(secretAccessKey), 'the error tells it')
        await checkRejects(putObject(to, 'key', pattern(4)), 'unauthenticated', `put by ${who}`)
      }
      const anonymous = client({ credentials: 'anonymous' })
      await checkRejects(getObject(anonymous, 'key'), 'permission-denied', 'get by nobody')
      checkEqual((await headObject(client(), 'key'))?.sizeBytes, 3, 'the object')
    },
  },
  {
    name: 'refusals: bucket names that S3 does not take',
    async run({ options }) {
      const names = [
        '',
        'ab',
        'Upper',
        'under_score',
        'a..b',
        '-a-b',
        'a/b',
        '10.0.0.1',
        'x'.repeat(64),
      ]
      for (const bucket of names) {
        const making = (async () => s3Client({ ...options, bucket, fetch: noFetch }))()
        await checkRejects(making, 'invalid-options', `the bucket ${JSON.stringify(bucket)}`)
      }
    },
  },
  {
    name: 'refusals: endpoints that are none, and plain http to another machine',
    async run({ options }) {
      const endpoints = [
        '',
        'host',
        'ftp://host',
        'http://user:hidden@127.0.0.1',
        'http://10.0.0.1',
      ]
      for (const endpoint of endpoints) {
        const making = (async () => s3Client({ ...options, endpoint, fetch: noFetch }))()
        await checkRejects(making, 'invalid-options', `the endpoint ${JSON.stringify(endpoint)}`)
      }
    },
  },
  {
    name: 'refusals: parts, headers and ranges out of bounds reach no server',
    async run({ client }) {
      const upload = await createUpload(client(), 'key')
      const store = s3ClientStore(client({ fetch: noFetch }))
      const parts = store.resumeMultipart?.(upload.toJSON())
      for (const number of [0, -1, 1.5, 10_001, Number.NaN]) {
        const putting = parts?.putPart(number, pattern(1)) ?? Promise.resolve()
        await checkRejects(putting, 'invalid-options', `part ${number}`, 'key')
      }
      const injected = { metadata: { a: 'b\r\nx-injected: 1' } }
      const putting = store.put('key', pattern(1), injected)
      await checkRejects(putting, 'invalid-options', 'a line break in metadata', 'key')
      const backwards = store.get('key', { range: { start: 5, end: 5 } })
      await checkRejects(backwards, 'invalid-options', 'an empty range', 'key')
      await upload.abort()
    },
  },
  {
    name: 'refusals: a server that is not there is network, after all attempts',
    async run({ client }) {
      // A port that no browser asks and nobody listens at: the discard service.
      const to = client({ endpoint: 'http://127.0.0.1:9', retry: { baseMs: 1, attempts: 2 } })
      const error = await checkRejects(headObject(to, 'key'), 'network', 'head', 'key')
      checkEqual(error.attempts, 2, 'the attempts')
      const first = listObjects(to).next()
      await checkRejects(first, 'network', 'a listing')
    },
  },
]
