/** AssumeRole at servers that others wrote: both answer STS at their S3 endpoint. */
import { describe, expect, test } from 'vitest'
import { s3Client } from '../../../src/s3/client.ts'
import { assumeRole } from '../../../src/s3/credentials/assume-role.ts'
import { headObject, putObject } from '../../../src/s3/objects.ts'
import { realServers, startServer } from '../../servers.ts'
import { failure } from '../scripted-fetch.ts'

describe.each(realServers().filter(({ kind }) => kind === 'minio' || kind === 'rustfs'))(
  '$kind',
  ({ kind, missing }) => {
    test('gives a role, which may then write', { timeout: 90_000 }, async (context) => {
      context.skip(missing !== undefined, missing)
      const server = await startServer(kind)
      context.onTestFinished(() => server.stop())
      const { endpoint, region, bucket } = server
      const role = { roleArn: 'arn:xxx:xxx:xxx:xxxx', sessionName: 'test', endpoint, region }
      const credentials = assumeRole({ ...role, source: server })
      expect(await credentials()).toMatchObject({ expiration: expect.any(Date) })
      const client = s3Client({ bucket, endpoint, region, credentials })
      await putObject(client, 'by-a-role', new Uint8Array(3))
      expect(await headObject(client, 'by-a-role')).toMatchObject({ sizeBytes: 3 })

      const source = { ...server, secretAccessKey: 'not-the-secret' }
      expect(await failure(assumeRole({ ...role, source })())).toMatchObject({ status: 403 })
    })
  },
)
