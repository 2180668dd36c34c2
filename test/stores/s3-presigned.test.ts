/** The store suite over a client that holds no key: each request is signed in its query. */
import { afterAll, beforeAll } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { presign } from '../../src/s3/presign.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { s3ClientStore } from '../../src/stores/s3.ts'
import { type StoreUnderTest, storeSuite } from '../../src/testing/store-suite.ts'
import { startServer, type TestServer } from '../servers.ts'
import { registerSuite } from './register.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer('gateway')
})
afterAll(() => server?.stop())

async function create(): Promise<StoreUnderTest> {
  const { bucket, remove } = await server.newBucket()
  const holder = s3Client({ ...server, bucket, credentials: server })
  const client = presignedClient({
    bucket,
    sign: (request) => presign(holder, request),
  })
  return { store: s3ClientStore(client), close: remove }
}

registerSuite(storeSuite({ create }))
