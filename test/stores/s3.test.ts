import { afterAll, beforeAll, describe, test } from 'vitest'
import { s3Store } from '../../src/stores/s3.ts'
import type { StoreUnderTest } from '../../src/testing/store-suite.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { PROFILES, realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { registerSuite } from './register.ts'

const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`s3Store over ${kind}: ${missing}`)
    continue
  }
  describe(`s3Store over ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    const { capabilities, exceptions } = PROFILES[kind]

    async function create(): Promise<StoreUnderTest> {
      const { bucket, remove } = await server.newBucket()
      const store = s3Store({ ...server, bucket, credentials: server, capabilities })
      return { store, close: remove }
    }

    registerSuite(storeSuite({ create, exceptions }))
  })
}
