/** The exactly-once output of objects, on S3 servers that others have made. */
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest'
import { s3Store } from '../../../src/stores/s3.ts'
import { PROFILES, realServers, startServer, type TestServer } from '../../servers.ts'
import { storeSinkCases } from './on-stores.ts'

for (const { kind, missing } of realServers()) {
  if (missing) {
    test.skip(`StoreSink on ${kind}: ${missing}`)
    continue
  }
  describe(`StoreSink on ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    storeSinkCases(async () => {
      const { bucket, remove } = await server.newBucket()
      onTestFinished(remove)
      const { capabilities } = PROFILES[kind]
      return s3Store({ ...server, bucket, credentials: server, capabilities })
    })
  })
}
