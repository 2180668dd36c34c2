import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/core/bytes.ts'
import { createBucket, deleteBucket } from '../../src/s3/buckets/index.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { abortStaleUploads } from '../../src/s3/janitor.ts'
import { listUploads } from '../../src/s3/list-uploads.ts'
import { createUpload } from '../../src/s3/multipart.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { told } from './janitor-report.ts'

const DAY_MS = 24 * 3_600_000
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers().filter(({ kind }) => kind !== 'environment'),
]

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`the janitor of ${kind}: ${missing}`)
    continue
  }
  describe(`the janitor of ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    test('tells old from young, and aborts for good', async () => {
      const bucket = `sluice-test-${randomUUID()}`
      const options = { ...server, bucket, credentials: server }
      const client = s3Client(options)
      await createBucket(client)
      const key = 'in/a b+ü&'
      await (await createUpload(client, key)).putPart(1, utf8('1'))
      const sweep = (from: S3Client) => abortStaleUploads(from, { prefix: key })
      expect(told(await sweep(client))).toMatchObject({ kept: [`${key} young`], aborted: [] })
      // The same, were it eight days later for all but the parts.
      const active = s3Client({ ...options, fetch: aged(/Initiated/) })
      expect(told(await sweep(active))).toMatchObject({ kept: [`${key} active`], aborted: [] })
      const stale = s3Client({ ...options, fetch: aged(/Initiated|LastModified/) })
      expect(told(await sweep(stale))).toMatchObject({ aborted: [key], kept: [], failed: [] })
      for await (const open of listUploads(client, key)) expect.unreachable(open.key)
      await deleteBucket(client)
    })
  })
}

/** A way to the server on which times of these names become eight days older. */
function aged(names: RegExp): NonNullable<S3ClientOptions['fetch']> {
  const times = new RegExp(`<(${names.source})>([^<]+)<`, 'g')
  return async (url, init) => {
    const response = await fetch(url, init)
    if (!response.ok || init.method !== 'GET') return response
    const body = (await response.text()).replace(
      times,
      (_, name, at) => `<${name}>${new Date(Date.parse(at) - 8 * DAY_MS).toISOString()}<`,
    )
    return new Response(body, response)
  }
}
