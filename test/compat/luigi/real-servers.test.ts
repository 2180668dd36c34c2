/** Luigi's tests of its client and target, and copies from one bucket to another, on S3 servers that others have made. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { S3Client } from '../../../src/compat/luigi/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { s3Client } from '../../../src/s3/client.ts'
import { copyObject } from '../../../src/s3/copy.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { PROFILES, realServers, startServer, type TestServer } from '../../servers.ts'
import { clientBehaviours } from './client-behaviours.ts'
import { targetBehaviours } from './target-behaviours.ts'
import { all } from './world.ts'

const BOTH = 'an object and the folder of its name are both copied, and moved'
/** Where an object and a folder cannot both have one name: see `PROFILES`. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  minio: [BOTH],
  versitygw: [
    ...[BOTH, 'without recursive, an object and not what is below it'],
    'all of %j in one call, and no neighbour',
  ],
}

for (const { kind, missing } of realServers()) {
  if (missing) {
    test.skip(`S3Client and S3Target on ${kind}: ${missing}`)
    continue
  }
  describe(`on ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    const newBucket = async (): Promise<string> => {
      const { bucket, remove } = await server.newBucket()
      onTestFinished(remove)
      return bucket
    }
    const create = async (): Promise<Store> => {
      const { capabilities } = PROFILES[kind]
      return s3Store({ ...server, bucket: await newBucket(), credentials: server, capabilities })
    }

    describe('S3Client', () => clientBehaviours(create, 1100, EXCEPTIONS[kind]))
    describe('S3Target', () => targetBehaviours(create))

    test('a copy from one bucket to another is the server’s', async ({ skip }) => {
      skip(server.bucketsAtOnce === 1, 'it takes two buckets')
      const [first, second] = [await newBucket(), await newBucket()]
      let bodies = 0
      const client = new S3Client({
        awsAccessKeyId: server.accessKeyId,
        awsSecretAccessKey: server.secretAccessKey,
        endpointUrl: server.endpoint,
        regionName: server.region,
        fetch: (url, init) => {
          if (init.method === 'GET' && !String(url).includes('?')) bodies++
          return fetch(url, init)
        },
      })
      const headers = { contentType: 'text/csv', metadata: { who: 'me' } }
      for (const name of ['a', 'b/ü +%']) {
        await client.putString(name, `s3://${first}/x/${name}`, headers)
      }
      expect(await client.copy(`s3://${first}/x`, `s3://${second}/y`)).toMatchObject({ count: 2 })
      expect(await all(client.list(`s3://${second}/y`))).toEqual(['a', 'b/ü +%'])
      expect(await client.getKey(`s3://${second}/y/b/ü +%`)).toMatchObject(headers)
      expect(bodies).toBe(0)

      // In parts, since that takes a condition.
      const bucketClient = (bucket: string) => s3Client({ ...server, bucket, credentials: server })
      const source = bucketClient(first)
      const copied = copyObject(bucketClient(second), 'x/a', 'z', { source, ifNoneMatch: '*' })
      await expect(copied).resolves.toHaveProperty('etag')
      const again = copyObject(bucketClient(second), 'x/a', 'z', { source, ifNoneMatch: '*' })
      await expect(again).rejects.toMatchObject({ code: 'precondition-failed' })
      expect(await client.getKey(`s3://${second}/z`)).toMatchObject(headers)
    })
  })
}
